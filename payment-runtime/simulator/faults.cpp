#include "payment-runtime/simulator/faults.hpp"

#include <array>

namespace pay::simulator {
namespace {

constexpr std::array<std::pair<std::string_view, Operation>, 5> kOperations{{{"create", Operation::Create},
                                                                             {"query", Operation::Query},
                                                                             {"close", Operation::Close},
                                                                             {"callback", Operation::Callback},
                                                                             {"bill", Operation::Bill}}};
constexpr std::array<std::pair<std::string_view, FaultKind>, 8> kKinds{{{"delay", FaultKind::Delay},
                                                                        {"lost_reply_after_effect", FaultKind::LostReplyAfterEffect},
                                                                        {"error_500", FaultKind::Error500},
                                                                        {"error_500_after_effect", FaultKind::Error500AfterEffect},
                                                                        {"rate_limit", FaultKind::RateLimit},
                                                                        {"duplicate", FaultKind::Duplicate},
                                                                        {"drop", FaultKind::Drop},
                                                                        {"bad_signature", FaultKind::BadSignature}}};

}  // namespace

std::optional<Operation> parse_operation(std::string_view text) {
  for (const auto& [word, operation] : kOperations) {
    if (word == text) return operation;
  }
  return std::nullopt;
}

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
  for (const auto& [word, kind] : kKinds) {
    if (word == text) return kind;
  }
  return std::nullopt;
}

std::string_view name(FaultKind kind) {
  for (const auto& [word, known] : kKinds) {
    if (known == kind) return word;
  }
  return "unknown";
}

bool makes_sense(Operation operation, FaultKind kind) {
  if (operation != Operation::Callback) return kind != FaultKind::Duplicate;
  return kind == FaultKind::Delay || kind == FaultKind::Duplicate || kind == FaultKind::Drop || kind == FaultKind::BadSignature;
}

base::Status Faults::add(Fault fault) {
  const std::lock_guard lock{mutex_};
  if (faults_.size() >= kFaultsMax)
    return base::fail(base::Code::ResourceExhausted, "64 faults are set already; DELETE /_control/faults clears them");
  faults_.push_back(fault);
  return {};
}

void Faults::clear() {
  const std::lock_guard lock{mutex_};
  faults_.clear();
}

std::optional<Fault> Faults::roll(Operation operation) {
  const std::lock_guard lock{mutex_};
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (fault->operation != operation) continue;
    constexpr std::uint64_t kWhole = 1'000'000;
    if (rng_.below(kWhole) >= static_cast<std::uint64_t>(fault->probability * static_cast<double>(kWhole))) continue;
    const Fault happened = *fault;
    if (fault->count && --*fault->count == 0) faults_.erase(fault);
    return happened;
  }
  return std::nullopt;
}

}  // namespace pay::simulator
