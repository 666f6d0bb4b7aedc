#include <algorithm>

#include <nlohmann/json.hpp>

#include "controllers/component/live.hpp"
#include "crds/types/platform.hpp"
#include "operator/cli/live.hpp"
#include "operator/cli/manifest.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/snapshot.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::ref_of;
using controllers::object::label_of;
using controllers::object::text_at;

/// What the operator's list of this target would hold.
bool is_listed(const Object& object, const kube::WatchTarget& target) {
  const kube::Kind& kind = *target.kind;
  if (text_at(object, {"apiVersion"}) != kind.api_version || text_at(object, {"kind"}) != kind.kind) return false;
  if (&kind == &kube::platform_kind()) return true;
  return label_of(object, kube::kManagedByLabel) == kube::kManagedByValue &&
         (target.name.empty() || target.name == text_at(object, {"metadata", "name"}));
}

class LiveObjects final : public Live {
 public:
  explicit LiveObjects(std::vector<Object> objects) : objects_(std::move(objects)) {}

  base::Result<std::optional<Object>> platform(const kube::PlatformKey& key) override {
    return find(key.name_space, {crds::kApiVersion, crds::kKind, key.name});
  }

  base::Result<controllers::Snapshot> children(const Object& platform) override {
    const kube::PlatformKey key = key_of(platform);
    if (auto fit = fit_for(key); !fit) return base::fail(fit.error());
    kube::Cache cache([](const kube::Cache::Change&) {}, [] {});
    for (const kube::WatchTarget& target : targets_of(platform)) {
      kube::WatchSink& sink = cache.source(target, [](const base::Error&) {});
      for (const Object& object : objects_) {
        if (is_listed(object, target)) sink.apply(object);
      }
    }
    return snapshot_of(cache, key);
  }

  base::Result<std::map<Ref, std::optional<Object>>> read(const std::string& name_space, const std::vector<Ref>& refs) override {
    std::map<Ref, std::optional<Object>> found;
    for (const Ref& ref : refs) found.emplace(ref, find(name_space, ref));
    return found;
  }

  base::Result<Object> admit(const Object& wanted, const std::optional<Object>& live) override {
    Object after = live.value_or(Object::object());
    after.merge_patch(live ? three_way_patch(last_applied(*live), wanted, *live) : wanted);
    Object& metadata = after["metadata"];
    if (!live) {
      metadata["uid"] = "to-come";
      metadata["generation"] = 1;
      metadata["creationTimestamp"] = "9999-12-31T23:59:59Z";      // younger than all that are there
    } else if (after.value("spec", Object()) != live->value("spec", Object())) {
      metadata["generation"] = controllers::object::number_at(*live, {"metadata", "generation"}) + 1;
    }
    crds::Problems problems;
    (void)crds::decode_platform(after, problems);
    if (problems.empty()) return after;
    const crds::Problem& first = problems.front();
    return base::fail(Code::InvalidArgument, first.path + " " + first.message, first.path);
  }

 private:
  /// Objects of another namespace would all look as if they were missing, those without managed fields as if all their fields were new.
  [[nodiscard]] base::Status fit_for(const kube::PlatformKey& key) const {
    std::string elsewhere;
    bool here = objects_.empty();
    for (const Object& object : objects_) {
      const std::string name_space = text_at(object, {"metadata", "namespace"});
      if (name_space != key.name_space) {
        elsewhere = name_space;
        continue;
      }
      here = true;
      const std::string kind = text_at(object, {"kind"});
      const bool compared = label_of(object, kube::kManagedByLabel) == kube::kManagedByValue && kind != "Pod" && kind != "Secret";
      if (compared && controllers::object::list_at(object, {"metadata", "managedFields"}).empty()) {
        return base::fail(Code::InvalidArgument, "the saved " + kind + " " + text_at(object, {"metadata", "name"}) +
                                                     " has no managed fields; save the objects with --show-managed-fields");
      }
    }
    if (here) return {};
    return base::fail(Code::InvalidArgument, "the saved objects are of namespace " + elsewhere + ", the platform of " + key.name_space +
                                                 "; -n or metadata.namespace says which one is meant");
  }

  [[nodiscard]] std::optional<Object> find(const std::string& name_space, const Ref& ref) const {
    for (const Object& object : objects_) {
      if (ref_of(object) == ref && text_at(object, {"metadata", "namespace"}) == name_space) return object;
    }
    return std::nullopt;
  }

  std::vector<Object> objects_;
};

}  // namespace

std::unique_ptr<Live> live_objects(std::vector<Object> objects) { return std::make_unique<LiveObjects>(std::move(objects)); }

}  // namespace cli
