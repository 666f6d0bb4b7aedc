// kubectl payment pause and resume: an annotation, so that the manifest of the platform stays as it is.
#include <memory>

#include <nlohmann/json.hpp>

#include "crds/types/platform.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/verbs.hpp"

namespace cli {
namespace {

using controllers::Object;
using controllers::object::text_at;
using controllers::object::truth_at;

bool is_annotated(const Object& platform) { return text_at(platform, {"metadata", "annotations", crds::kPausedAnnotation}) == "true"; }

base::Result<int> annotate(Session& session, Cluster& cluster, const Object& platform, const Object& value, const std::string& done) {
  const kube::PlatformKey key = key_of(platform);
  const kube::ObjectId id{key.name_space, &kube::platform_kind(), key.name};
  const Object patch = {{"metadata", {{"annotations", {{crds::kPausedAnnotation, value}}}}}};
  const auto changed = cluster.merge_patch(id, patch, "change " + words(id));
  if (!changed) return base::fail(changed.error());
  session.console.print(words(id) + " " + runnable(done, place_of(session, key)) + "\n");
  return kExitDone;
}

base::Result<int> pause(Session& session, const std::string& name) {
  auto cluster = session.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto platform = find_platform(session, **cluster, name);
  if (!platform) return base::fail(platform.error());
  if (is_annotated(*platform) || truth_at(*platform, {"spec", "paused"})) {
    session.console.print("PaymentPlatform " + text_at(*platform, {"metadata", "name"}) + " is paused already\n");
    return kExitDone;
  }
  return annotate(session, **cluster, *platform, "true",
                  "is paused: the operator changes nothing until kubectl payment resume " + key_of(*platform).name);
}

base::Result<int> resume(Session& session, const std::string& name) {
  auto cluster = session.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto platform = find_platform(session, **cluster, name);
  if (!platform) return base::fail(platform.error());
  const bool by_spec = truth_at(*platform, {"spec", "paused"});
  if (is_annotated(*platform)) {
    const auto done = annotate(session, **cluster, *platform, nullptr, by_spec ? "has lost its annotation" : "goes on");
    if (!done || !by_spec) return done;
  }
  if (by_spec) {
    return base::fail(base::Code::FailedPrecondition,
                      "spec.paused of " + text_at(*platform, {"metadata", "name"}) + " is true; take it out where the spec comes from");
  }
  session.console.print("PaymentPlatform " + text_at(*platform, {"metadata", "name"}) + " is not paused\n");
  return kExitDone;
}

void add(Verbs& verbs, const char* name, const char* help, base::Result<int> (*run)(Session&, const std::string&)) {
  const auto platform = std::make_shared<std::string>();
  verbs.add(name, help, [platform, run](Session& session) { return run(session, *platform); }).platform(*platform);
}

}  // namespace

void add_pause(Verbs& verbs) { add(verbs, "pause", "Let the operator change nothing of a platform; its status still moves", pause); }

void add_resume(Verbs& verbs) { add(verbs, "resume", "Let the operator go on with a platform", resume); }

}  // namespace cli
