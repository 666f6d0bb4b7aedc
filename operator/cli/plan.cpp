// kubectl payment plan: what the operator would do, before it does it.
#include <memory>

#include <nlohmann/json.hpp>

#include "controllers/platform/explain.hpp"
#include "operator/cli/foresee.hpp"
#include "operator/cli/manifest.hpp"
#include "operator/cli/plan_text.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/settings.hpp"
#include "operator/cli/verbs.hpp"
#include "operator/kube/projection.hpp"
#include "operator/program/options.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::object::text_at;

struct PlanOptions {
  std::string name;
  std::string file;
  std::string live_file;
  controllers::Settings images;      // those that the command line names
  Format format = Format::Text;
};

/// What the command line names wins over `otherwise`.
controllers::Settings with_images(controllers::Settings otherwise, const controllers::Settings& named) {
  for (const auto& [from, into] :
       {std::pair{&named.runtime_image, &otherwise.runtime_image}, std::pair{&named.mysql_image, &otherwise.mysql_image},
        std::pair{&named.redis_image, &otherwise.redis_image}}) {
    if (!from->empty()) *into = *from;
  }
  return otherwise;
}

base::Result<controllers::Settings> settings_from(Session& session, const PlanOptions& options, const Object& platform) {
  const std::string name_space = key_of(platform).name_space;
  const controllers::Settings defaults = with_prefix_of(platform, program::default_settings());
  if (!options.live_file.empty()) return with_images(defaults, options.images);
  auto cluster = session.cluster();
  if (!cluster) return base::fail(cluster.error());
  auto found = find_operator(**cluster, name_space);
  if (!found) {
    const bool all_named =
        !options.images.runtime_image.empty() && !options.images.mysql_image.empty() && !options.images.redis_image.empty();
    if (all_named) return with_images(defaults, options.images);
    return base::fail(
        found.error().code,
        found.error().message + "; or say by --runtime-image, --mysql-image and --redis-image what it runs where the spec names no image");
  }
  if (found->settings.operator_version != defaults.operator_version) {
    session.console.note("note: the operator " + found->name + " is of version " + found->settings.operator_version +
                         ", this program of version " + defaults.operator_version + "; it may decide otherwise");
  }
  return with_images(std::move(found->settings), options.images);
}

/// The platform that the plan is about: as the file wants it, or as it is.
base::Result<Object> wanted_platform(Session& session, const PlanOptions& options, Live& live) {
  if (options.file.empty()) {
    auto cluster = session.cluster();
    if (!cluster) return base::fail(cluster.error());
    return find_platform(session, **cluster, options.name);
  }
  auto wanted = read_platform(options.file, session.in);
  if (!wanted) return base::fail(wanted.error());
  Object& metadata = (*wanted)["metadata"];
  const std::string stated = text_at(metadata, {"namespace"});
  if (!stated.empty() && !session.flags.name_space.empty() && stated != session.flags.name_space) {
    return base::fail(Code::InvalidArgument,
                      name_of_file(options.file) + " says namespace " + stated + ", -n says " + session.flags.name_space);
  }
  if (stated.empty()) {
    std::string name_space = session.flags.name_space;
    if (name_space.empty() && options.live_file.empty()) {
      auto cluster = session.cluster();
      if (!cluster) return base::fail(cluster.error());
      name_space = (*cluster)->name_space();
    }
    metadata["namespace"] = name_space.empty() ? "default" : name_space;
  }
  auto now = live.platform(key_of(*wanted));
  if (!now) return base::fail(now.error());
  auto admitted = live.admit(*wanted, *now);
  if (!admitted && admitted.error().code == Code::InvalidArgument) {
    return base::fail(Code::InvalidArgument, name_of_file(options.file) + " is refused: " + admitted.error().message,
                      admitted.error().field);
  }
  return admitted;
}

base::Result<controllers::PlanReport> plan(Session& session, const PlanOptions& options, Live& live) {
  auto platform = wanted_platform(session, options, live);
  if (!platform) return base::fail(platform.error());
  kube::project(*platform);      // as the operator's cache does
  const auto settings = settings_from(session, options, *platform);
  if (!settings) return base::fail(settings.error());
  auto snapshot = live.children(*platform);
  if (!snapshot) return base::fail(snapshot.error());
  const auto plans = foresee(live, *platform, *snapshot, *settings, session.clock.now());
  if (!plans) return base::fail(plans.error());
  controllers::PlanReport report = controllers::explain(*platform, *snapshot, *plans);
  for (controllers::ObjectChange& change : report.objects)
    change.waits_for = runnable(change.waits_for, place_of(session, key_of(*platform)));
  return report;
}

base::Result<std::unique_ptr<Live>> open_live(Session& session, const PlanOptions& options) {
  if (options.live_file.empty()) {
    auto cluster = session.cluster();
    if (!cluster) return base::fail(cluster.error());
    return live_cluster(**cluster);
  }
  auto objects = read_manifest(options.live_file, session.in, kSavedBytesMax);
  if (!objects) return base::fail(objects.error());
  return live_objects(std::move(*objects));
}

base::Result<int> run_plan(Session& session, const PlanOptions& options) {
  if (options.file.empty() && !options.live_file.empty()) {
    return base::fail(Code::InvalidArgument, "--live-objects needs -f: the platform that is wanted");
  }
  auto live = open_live(session, options);
  if (!live) return base::fail(live.error());
  const auto report = plan(session, options, **live);
  if (!report) return base::fail(report.error());
  if (options.format == Format::Text) {
    session.console.print(plan_text(*report, session.console));
  } else {
    session.console.print_value(controllers::to_object(*report), options.format);
  }
  if (report->stalled && report->objects.empty()) return kExitError;
  return report->objects.empty() ? kExitDone : kExitDifferent;
}

}  // namespace

void add_plan(Verbs& verbs) {
  const auto options = std::make_shared<PlanOptions>();
  verbs
      .add("plan", "What the operator would change: objects, fields, restarts, data at risk. Nothing is stored",
           [options](Session& session) { return run_plan(session, *options); })
      .positional("NAME", options->name, "The platform, when no file is given; may be left out where there is only one")
      .option("-f,--filename", options->file, "The platform as it should be (- reads standard input); without it, as it is now")
      .option("--live-objects", options->live_file,
              "Objects saved by kubectl get -o yaml --show-managed-fields, instead of a cluster; images then come from the flags below")
      .option("--runtime-image", options->images.runtime_image, "The operator's default image of the services")
      .option("--mysql-image", options->images.mysql_image, "The operator's default image of databases")
      .option("--redis-image", options->images.redis_image, "The operator's default image of Redis")
      .output(options->format)
      .footer("Exit code: 0 nothing would change, 1 something would, 2 it could not be planned or would be refused.");
}

}  // namespace cli
