// A plan in words for people, and as a value for tools: which objects change and how, which pods restart and why, what data is at risk,
// and what waits. `kubectl payment plan` prints it; nothing here decides anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/platform/plan.hpp"
#include "controllers/platform/status.hpp"

namespace controllers {

struct FieldChange {
  std::string path;          // "spec.template.spec.containers[name=redis].image", "data.redis.conf line 4"
  std::string before;        // "" when it is new
  std::string after;         // "" when it goes
};

struct Restart {
  std::size_t pods = 0;
  std::string which;         // restarts_of()
  std::string why;
};

struct ObjectChange {
  enum class Verb { Create, Change, Replace, Delete };
  Verb verb = Verb::Change;
  Ref ref = {};
  std::string why = {};                          // of a replacement or a deletion
  std::vector<FieldChange> fields = {};          // of a change
  bool more_fields = false;                      // than are listed
  std::optional<Restart> restarts = {};
  std::string data_at_risk = {};
  std::string waits_for = {};                    // "": the operator does it at once
  bool needs_approval = false;                   // Pending::needs_approval: PlanReport::approval lets it through
};

/// A condition Stalled that is True.
struct Standstill {
  std::string reason;
  std::string message;
};

struct PlanReport {
  std::string name_space;
  std::string name;
  std::vector<ObjectChange> objects;       // in the order in which they are written; then those that are held back
  std::string approval;                    // value of the annotation that lets through what waits for an approval; "" when nothing does
  std::optional<Standstill> stalled;        // what the operator would wait for a person to put right

  [[nodiscard]] std::size_t count(ObjectChange::Verb verb) const;
  [[nodiscard]] std::size_t restarted_pods() const;
};

[[nodiscard]] const char* name_of(ObjectChange::Verb verb);      // "create"

/// `plans` as forecast() gives them, for this platform over this snapshot.
[[nodiscard]] PlanReport explain(const Object& platform, const Snapshot& live, const std::vector<Plan>& plans);

/// For `-o json` and `-o yaml`: {platform, summary, objects, approval, stalled}. What is empty is absent.
[[nodiscard]] Object to_object(const PlanReport& report);

}  // namespace controllers
