// What goes wrong on purpose: set by the control side, met by requests and callbacks. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/rng.hpp"

namespace pay::simulator {

constexpr std::size_t kFaultsMax = 64;
constexpr auto kFaultDelayMax = std::chrono::milliseconds{60'000};

enum class Operation : std::uint8_t { Create, Query, Close, Callback, Bill };
enum class FaultKind : std::uint8_t {
  Delay,                  // before anything happens
  LostReplyAfterEffect,   // it happens, and the connection is closed without an answer
  Error500,               // nothing happens
  Error500AfterEffect,
  RateLimit,              // 429, nothing happens
  Duplicate,              // a callback is sent twice
  Drop,                   // nothing happens and nobody answers; a callback is never sent
  BadSignature,           // it happens, and the signature does not hold
};
[[nodiscard]] std::optional<Operation> parse_operation(std::string_view text);
[[nodiscard]] std::optional<FaultKind> parse_fault_kind(std::string_view text);
[[nodiscard]] std::string_view name(FaultKind kind);
/// Callbacks are delayed, duplicated, dropped or wrongly signed; everything but a duplicate can happen to a request.
[[nodiscard]] bool makes_sense(Operation operation, FaultKind kind);

struct Fault {
  Operation operation = Operation::Create;
  FaultKind kind = FaultKind::Delay;
  double probability = 1;
  std::optional<std::uint32_t> count;   // how often it may still happen; none: without end
  std::chrono::milliseconds delay{0};
};

class Faults {
 public:
  explicit Faults(base::Rng& rng) : rng_(rng) {}

  /// ResourceExhausted above kFaultsMax.
  base::Status add(Fault fault);
  void clear();
  /// The first fault of this operation that happens now; its count is used up by one.
  [[nodiscard]] std::optional<Fault> roll(Operation operation);

 private:
  base::Rng& rng_;
  std::mutex mutex_;
  std::vector<Fault> faults_;
};

}  // namespace pay::simulator
