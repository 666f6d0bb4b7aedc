// From what we want and what there is to what has to be written, with the rules of safe writes: an object is read by name before its
// first apply, strangers are never taken over, and nothing that is already right is sent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/component/part.hpp"

namespace controllers {

struct Changes {
  std::vector<Ref> reads;
  std::vector<Apply> apply;
  std::vector<Remove> remove;
  std::vector<std::string> conflicts;     // objects that stand under our names and are not ours
  bool waiting = false;                   // for objects that are being deleted
};

/// An object with our labels, or controlled by this platform.
[[nodiscard]] bool is_ours(const crds::Platform& platform, const Object& object);

/// What has to be applied for the live object to say what we want; nullopt when it does.
[[nodiscard]] std::optional<Apply> update(const Object& wanted, const Object& live);

[[nodiscard]] Changes changes(const Context& ctx, const Objects& wanted);

/// Whether a child outlives a spec that no longer names it: schema Jobs that are still at work do.
[[nodiscard]] bool may_go(const Context& ctx, const Object& child, const Objects& wanted);

}  // namespace controllers
