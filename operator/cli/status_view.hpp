// What a person wants to know of a platform first, taken from the object alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "controllers/object/path.hpp"
#include "crds/types/status.hpp"
#include "operator/cli/console.hpp"

namespace cli {

struct StatusView {
  struct Condition {
    std::string type;
    std::string status;
    std::string reason;
    std::string message;
    std::string since;      // RFC 3339
  };
  std::string name_space = {};
  std::string name = {};
  std::optional<Condition> ready = {};
  bool paused = false;
  bool deleting = false;
  std::int64_t generation = 0;
  std::int64_t observed = -1;
  std::string version = {};
  std::string services = {};
  std::vector<crds::Component> components = {};
  std::vector<std::pair<std::string, std::string>> endpoints = {};      // those that there are
  std::vector<crds::PendingChange> pending = {};
  std::optional<Condition> problem = {};      // the one that has been there longest
  std::string next_step = {};                 // about the problem, or about the pause
};

/// `context` as --context gave it: commands in the messages name it.
[[nodiscard]] StatusView status_view(const controllers::Object& platform, const std::string& context);

/// One screen.
[[nodiscard]] std::string status_text(const StatusView& view, base::TimePoint now, const Console& console);
[[nodiscard]] controllers::Object to_object(const StatusView& view);

/// "12 min": as long ago as people say it; "" when the time cannot be read.
[[nodiscard]] std::string ago(const std::string& since, base::TimePoint now);

}  // namespace cli
