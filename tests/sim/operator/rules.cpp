#include "tests/sim/operator/rules.hpp"

#include <algorithm>
#include <array>

#include "controllers/object/quantity.hpp"
#include "crds/types/platform.hpp"
#include "crds/types/status.hpp"

namespace sim {
namespace {

using controllers::object::dig;
using controllers::object::text_at;

const Object& at(const Object& object, std::initializer_list<std::string_view> path) {
  static const Object kNothing;
  const Object* found = dig(object, path);
  return found == nullptr ? kNothing : *found;
}

/// What was wrong already and stays as it was is let through, or a status could no longer be written.
std::optional<Refusal> refuse_platform(const Object* live, const Object& next) {
  crds::Problems problems;
  crds::Spec spec;
  crds::Status status;
  const auto changed = [&](const char* part) { return live == nullptr || (*live)[part] != next[part]; };
  if (changed("spec")) (void)crds::decode_value(spec, next["spec"], crds::Bounds{}, "spec", problems);
  if (changed("status")) (void)crds::decode_value(status, next["status"], crds::Bounds{}, "status", problems);
  if (problems.empty()) return std::nullopt;
  return Refusal{problems.front().path, problems.front().message};
}

std::optional<Refusal> refuse_claim(const Object& live, const Object& next) {
  Object before = live["spec"];
  Object now = next["spec"];
  const std::string old_size = text_at(before, {"resources", "requests", "storage"});
  const std::string size = text_at(now, {"resources", "requests", "storage"});
  before.erase("resources");
  now.erase("resources");
  if (!before.contains("volumeName")) now.erase("volumeName");      // the binder's to set, once
  if (before != now) return Refusal{"spec", "spec is immutable after creation except resources.requests"};
  if (old_size == size) return std::nullopt;
  if (text_at(live, {"status", "phase"}) != "Bound") return Refusal{"spec", "spec is immutable until the claim is bound"};
  if (controllers::object::less_quantity(size, old_size)) {
    return Refusal{"spec.resources.requests.storage", "field can not be less than previous value"};
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_stateful_set(const Object& live, const Object& next) {
  constexpr std::array<const char*, 6> kMay = {
      "replicas", "template", "updateStrategy", "revisionHistoryLimit", "ordinals", "persistentVolumeClaimRetentionPolicy"};
  Object before = live["spec"];
  Object now = next["spec"];
  for (const char* field : kMay) {
    before.erase(field);
    now.erase(field);
  }
  if (before == now) return std::nullopt;
  return Refusal{"spec", "updates to statefulset spec for fields other than 'replicas', 'template' and a few more are forbidden"};
}

}  // namespace

std::optional<Refusal> refuse(const Object* live, const Object& next) {
  const std::string kind = text_at(next, {"kind"});
  if (kind == "PaymentPlatform") return refuse_platform(live, next);
  if (kind == "Deployment" || kind == "StatefulSet") {
    if (at(next, {"spec", "selector"}).is_null()) return Refusal{"spec.selector", "Required value"};
    if (at(next, {"spec", "template", "spec", "containers"}).empty()) return Refusal{"spec.template.spec.containers", "Required value"};
  }
  if (live == nullptr) return std::nullopt;
  const auto fixed = [&](std::initializer_list<std::string_view> path) { return at(*live, path) == at(next, path); };
  if (kind == "Deployment" && !fixed({"spec", "selector"})) return Refusal{"spec.selector", "field is immutable"};
  if (kind == "Job" && !fixed({"spec", "template"})) return Refusal{"spec.template", "field is immutable"};
  if (kind == "Job" && !fixed({"spec", "selector"})) return Refusal{"spec.selector", "field is immutable"};
  if (kind == "Secret" && !fixed({"type"})) return Refusal{"type", "field is immutable"};
  if (kind == "Service" && !fixed({"spec", "clusterIP"})) return Refusal{"spec.clusterIP", "field is immutable"};
  if (kind == "StatefulSet") return refuse_stateful_set(*live, next);
  if (kind == "PersistentVolumeClaim") return refuse_claim(*live, next);
  return std::nullopt;
}

}  // namespace sim
