// What the probes ask. A check is cheap and does not wait: it reports what its component already knows.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace obs {

/// Why something is not well; nothing when it is.
using Problem = std::optional<std::string>;

enum class Group : unsigned char {
  Liveness,     // a failure means: restart this process
  Readiness,    // a failure means: this process wants no requests now (starting, draining)
  Dependency,   // a failure of somebody else (database): part of readiness, unless only this process is asked about
};

enum class Scope : unsigned char { All, Self };   // Self leaves dependencies out: an outage must answer 503, not take endpoints away

class Health {
 public:
  /// Thread-safe; `check` may be called from any thread.
  void add(std::string name, Group group, std::function<Problem()> check);

  struct Report {
    bool up = true;
    std::string
        body;   // {"status":"UP","groups":[{"name":"liveness","status":"UP"},{"name":"readiness","status":"UP"}], "components":{...}}
  };
  [[nodiscard]] Report all(Scope scope = Scope::All) const;
  /// One group alone: {"status":"UP"} and its components.
  [[nodiscard]] Report liveness() const;
  [[nodiscard]] Report readiness(Scope scope = Scope::All) const;

 private:
  struct Check {
    std::string name;
    Group group;
    std::function<Problem()> run;
  };
  [[nodiscard]] std::vector<Check> checks() const;

  mutable std::mutex mutex_;
  std::vector<Check> checks_;
};

}  // namespace obs
