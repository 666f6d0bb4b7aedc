// The payment state machine as a table that a product manager could check; docs/payment-states.md draws it.
// The clock alone never ends a payment: every edge into a state that decides about money is taken on the channel's evidence.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pay::domain {

enum class State : std::uint8_t {
  PendingChannel,   // stored with its order number; the channel may be being asked right now
  AwaitingPayer,    // the channel knows the order
  Unknown,          // the channel may or may not know the order: ask, never guess
  Succeeded,
  SucceededLate,    // paid after it had been closed or had failed: the money is booked, somebody must look
  Failed,
  Closed,
  Conflicted,       // the channel took another amount or currency than we asked for: money is in suspense, only a person ends this
};

/// Who may take an edge: the channel's verified word, or the system (a step of ours, never about money).
enum class By : std::uint8_t { Channel, System };

/// What an edge writes into the ledger; ledger.hpp has the entries.
enum class Booking : std::uint8_t {
  None,
  Payment,    // the payer's money is the merchant's
  Suspense,   // money that does not match what we asked for: nobody's yet
};

struct Edge {
  State from;
  State to;
  By by;
  Booking books;
  std::string_view why;
};

/// Every legal edge; what is not here cannot happen.
[[nodiscard]] std::span<const Edge> edges();
[[nodiscard]] const Edge* find_edge(State from, State to);

/// No channel evidence is awaited any more (late success is still accepted where an edge says so).
[[nodiscard]] bool is_final(State state);
/// SUCCEEDED or SUCCEEDED_LATE: the payer's money is booked for the merchant.
[[nodiscard]] bool is_paid(State state);

/// "PENDING_CHANNEL" and so on: the name in the API, the database and in events.
[[nodiscard]] std::string_view name(State state);
[[nodiscard]] std::optional<State> parse_state(std::string_view text);

/// The `status` of source documents A: 1 succeeded, 2 failed or closed, 0 everything that may still become either.
[[nodiscard]] int status_code(State state);

}  // namespace pay::domain
