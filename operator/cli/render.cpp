// kubectl payment render: the objects of a platform as YAML, without a cluster.
#include <memory>

#include <nlohmann/json.hpp>

#include "controllers/component/live.hpp"
#include "crds/types/yaml_text.hpp"
#include "operator/cli/foresee.hpp"
#include "operator/cli/manifest.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/settings.hpp"
#include "operator/cli/verbs.hpp"
#include "operator/program/options.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::object::text_at;

struct RenderOptions {
  std::string file;
  controllers::Settings settings = program::default_settings();
};

/// Why nothing, or not everything, can be rendered.
std::optional<base::Error> refusal(const std::vector<controllers::Plan>& plans) {
  if (plans.empty() || !plans.front().status) return std::nullopt;
  const Object holder = {{"status", *plans.front().status}};
  const Object* stalled = controllers::object::condition_of(holder, "Stalled");
  if (stalled == nullptr || text_at(*stalled, {"status"}) != "True") return std::nullopt;
  std::string message = text_at(*stalled, {"reason"}) + ": " + text_at(*stalled, {"message"});
  if (text_at(*stalled, {"reason"}) == "SecretIncomplete") {
    message += " (as a document of the same file; only the names of its keys matter here, not their values)";
  }
  return base::Error{Code::InvalidArgument, std::move(message), {}, std::nullopt};
}

void print(Session& session, const std::vector<controllers::Plan>& plans) {
  std::map<Ref, Object> replicas;      // set by a manager of its own; one object for those who read
  for (const controllers::Plan& plan : plans) {
    for (const controllers::Apply& scale : plan.scale) replicas[controllers::ref_of(scale.object)] = scale.object["spec"]["replicas"];
  }
  for (const controllers::Plan& plan : plans) {
    for (const controllers::Generate& one : plan.generate) {
      session.console.print("---\n# Passwords and keys are generated once and never change.\n" + crds::to_yaml(one.object));
    }
    for (const controllers::Apply& one : plan.apply) {
      Object object = one.object;
      if (const auto found = replicas.find(controllers::ref_of(object)); found != replicas.end())
        object["spec"]["replicas"] = found->second;
      object["metadata"].erase("ownerReferences");      // its uid is not known before there is a platform
      session.console.print("---\n" + crds::to_yaml(object));
    }
  }
}

base::Result<int> run_render(Session& session, const RenderOptions& options) {
  auto objects = read_manifest(options.file, session.in);
  if (!objects) return base::fail(objects.error());
  auto platform = only_platform(*objects, options.file);
  if (!platform) return base::fail(platform.error());
  Object& metadata = (*platform)["metadata"];
  if (text_at(metadata, {"namespace"}).empty())
    metadata["namespace"] = session.flags.name_space.empty() ? "default" : session.flags.name_space;
  const std::string name_space = text_at(metadata, {"namespace"});
  for (Object& object : *objects) {
    if (text_at(object, {"metadata", "namespace"}).empty()) object["metadata"]["namespace"] = name_space;
    if (object.contains("stringData") && object["stringData"].is_object()) {
      for (const auto& [key, value] : object["stringData"].items()) object["data"][key] = "eA==";  // as stored; only the names matter
    }
  }
  const std::unique_ptr<Live> live = live_objects(std::move(*objects));
  const auto admitted = live->admit(*platform, std::nullopt);
  if (!admitted)
    return base::fail(Code::InvalidArgument, name_of_file(options.file) + " is refused: " + admitted.error().message,
                      admitted.error().field);
  controllers::Snapshot nothing;
  const auto plans = foresee(*live, *admitted, nothing, with_prefix_of(*admitted, options.settings), session.clock.now());
  if (!plans) return base::fail(plans.error());
  if (const auto refused = refusal(*plans)) return base::fail(*refused);
  print(session, *plans);
  return kExitDone;
}

}  // namespace

void add_render(Verbs& verbs) {
  const auto options = std::make_shared<RenderOptions>();
  verbs
      .add("render", "The objects that an operator would make of a platform, as YAML, without a cluster",
           [options](Session& session) { return run_render(session, *options); })
      .required("-f,--filename", options->file, "The platform, and if it needs one its Secret (- reads standard input)")
      .option("--runtime-image", options->settings.runtime_image, "Image of the services where the spec names none")
      .option("--mysql-image", options->settings.mysql_image, "Image of databases where the spec names none")
      .option("--redis-image", options->settings.redis_image, "Image of Redis where the spec names none");
}

}  // namespace cli
