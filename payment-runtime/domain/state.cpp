#include "payment-runtime/domain/state.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pay::domain {

namespace {

using enum State;

constexpr Edge kEdges[] = {
    {PendingChannel, AwaitingPayer, By::Channel, "the channel accepted our order, or says that it waits for the payer"},
    {PendingChannel, Unknown, By::System, "the channel may or may not have our order"},
    {PendingChannel, Succeeded, By::Channel, "paid before we heard that it was accepted; amount, currency and account equal"},
    {PendingChannel, Failed, By::Channel, "declined, or the channel has no such order and its time is over"},
    {PendingChannel, Closed, By::Channel, "the channel says closed"},
    {PendingChannel, Conflicted, By::Channel, "paid with another amount or currency"},

    {Unknown, AwaitingPayer, By::Channel, "asked: the channel has our order"},
    {Unknown, Succeeded, By::Channel, "asked or told: paid; amount, currency and account equal"},
    {Unknown, Failed, By::Channel, "asked: declined, or no such order and its time is over"},
    {Unknown, Closed, By::Channel, "asked: closed"},
    {Unknown, Conflicted, By::Channel, "paid with another amount or currency"},

    {AwaitingPayer, Succeeded, By::Channel, "verified callback or query; amount, currency and account equal"},
    {AwaitingPayer, Failed, By::Channel, "the channel says that the payment failed for good"},
    {AwaitingPayer, Closed, By::Channel, "nobody paid in time, and the channel says that it is closed"},
    {AwaitingPayer, Conflicted, By::Channel, "paid with another amount or currency"},

    {Closed, SucceededLate, By::Channel, "paid after it was closed: book the money, tell somebody"},
    {Failed, SucceededLate, By::Channel, "paid after it had failed: book the money, tell somebody"},
    {Closed, Conflicted, By::Channel, "paid late, with another amount or currency"},
    {Failed, Conflicted, By::Channel, "paid late, with another amount or currency"},
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
