#include "payment-runtime/domain/state.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pay::domain {

namespace {

using enum State;
using enum By;
using enum Booking;

constexpr Edge kEdges[] = {
    {PendingChannel, AwaitingPayer, Channel, None, "the channel accepted our order, or says that it waits for the payer"},
    {PendingChannel, Unknown, System, None, "the channel may or may not have our order"},
    {PendingChannel, Succeeded, Channel, Payment, "paid before we heard that it was accepted; amount, currency and account equal"},
    {PendingChannel, Failed, Channel, None, "declined, or the channel has no such order and its time is over"},
    {PendingChannel, Closed, Channel, None, "the channel says closed"},
    {PendingChannel, Conflicted, Channel, Suspense, "paid with another amount or currency"},

    {Unknown, AwaitingPayer, Channel, None, "asked: the channel has our order"},
    {Unknown, Succeeded, Channel, Payment, "asked or told: paid; amount, currency and account equal"},
    {Unknown, Failed, Channel, None, "asked: declined, or no such order and its time is over"},
    {Unknown, Closed, Channel, None, "asked: closed"},
    {Unknown, Conflicted, Channel, Suspense, "paid with another amount or currency"},

    {AwaitingPayer, Succeeded, Channel, Payment, "verified callback or query; amount, currency and account equal"},
    {AwaitingPayer, Failed, Channel, None, "the channel says that the payment failed for good"},
    {AwaitingPayer, Closed, Channel, None, "nobody paid in time, and the channel says that it is closed"},
    {AwaitingPayer, Conflicted, Channel, Suspense, "paid with another amount or currency"},

    {Closed, SucceededLate, Channel, Payment, "paid after it was closed: book the money, tell somebody"},
    {Failed, SucceededLate, Channel, Payment, "paid after it had failed: book the money, tell somebody"},
    {Closed, Conflicted, Channel, Suspense, "paid late, with another amount or currency"},
    {Failed, Conflicted, Channel, Suspense, "paid late, with another amount or currency"},
};

constexpr std::array<std::pair<State, std::string_view>, 8> kNames{{
    {PendingChannel, "PENDING_CHANNEL"},
    {AwaitingPayer, "AWAITING_PAYER"},
    {Unknown, "UNKNOWN"},
    {Succeeded, "SUCCEEDED"},
    {SucceededLate, "SUCCEEDED_LATE"},
    {Failed, "FAILED"},
    {Closed, "CLOSED"},
    {Conflicted, "CONFLICTED"},
}};

}  // namespace

std::span<const Edge> edges() { return kEdges; }

const Edge* find_edge(State from, State to) {
  const auto* const found = std::ranges::find_if(kEdges, [from, to](const Edge& edge) { return edge.from == from && edge.to == to; });
  return found == std::end(kEdges) ? nullptr : found;
}

bool is_final(State state) { return state != PendingChannel && state != AwaitingPayer && state != Unknown; }

bool is_paid(State state) { return state == Succeeded || state == SucceededLate; }

std::string_view name(State state) {
  const auto* const found = std::ranges::find(kNames, state, &std::pair<State, std::string_view>::first);
  return found->second;
}

std::optional<State> parse_state(std::string_view text) {
  const auto* const found = std::ranges::find(kNames, text, &std::pair<State, std::string_view>::second);
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

int status_code(State state) {
  if (is_paid(state)) return 1;
  return state == Failed || state == Closed ? 2 : 0;
}

}  // namespace pay::domain
