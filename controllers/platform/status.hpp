// The status of a platform: kstatus-complete from the first write on, times move only on transitions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/component/part.hpp"

namespace controllers {

/// Something that only the user can put right; nothing is changed until then.
struct Refusal {
  Reason reason;
  std::string message;
};

inline constexpr const char* kDatabaseReady = "DatabaseReady";
inline constexpr const char* kSchemaReady = "SchemaReady";
inline constexpr const char* kCacheReady = "CacheReady";
inline constexpr const char* kServicesReady = "ServicesReady";

/// How the parts are doing, in the order in which `Ready` names the first that is not well.
struct Health {
  struct Part {
    std::string condition;                    // that it counts for
    ComponentStatus status;
  };
  std::vector<Part> parts;
  [[nodiscard]] bool good() const;
  [[nodiscard]] std::vector<ComponentStatus> of(const std::string& condition) const;
};

struct Summary {
  std::optional<Refusal> refusal;
  std::optional<Health> health;               // absent: the spec could not be read
  bool pending = false;                       // this plan writes something
  bool paused = false;
  std::string runtime_image;                  // that the services are to run
  std::string payment_endpoint;
  std::string callback_endpoint;
  std::vector<std::string> without_effect;    // fields of the spec whose wish cannot be had
  std::vector<std::string> warnings;          // of a platform that works, and should not be trusted with money as it is
};

/// The image that a component was last seen to run well, in our own words; empty before the first time.
[[nodiscard]] std::string proven_image(const Object& platform, const std::string& component);

[[nodiscard]] bool is_ready_for(const Object& platform, std::int64_t generation);

/// Whether its status tells of a change that waits for this reason.
[[nodiscard]] bool is_pending(const Object& platform, Reason reason);

/// Fills plan.status (when it differs from the live one) and plan.events (on transitions).
void report(const Object& platform, const crds::Platform& decoded, const Snapshot& live, Summary summary, base::TimePoint now, Plan& plan);

}  // namespace controllers
