// kubectl payment status: one screen about one platform; with -w again after every change.
#include <memory>

#include <nlohmann/json.hpp>

#include "operator/cli/platforms.hpp"
#include "operator/cli/status_view.hpp"
#include "operator/cli/verbs.hpp"
#include "operator/kube/watcher.hpp"

namespace cli {
namespace {

using controllers::Object;

struct StatusOptions {
  std::string name;
  bool watch = false;
  Format format = Format::Text;
};

constexpr std::chrono::hours kWatchedMax{24 * 365};      // until somebody interrupts it

void show(Session& session, const StatusOptions& options, const Object& platform) {
  const StatusView view = status_view(platform, session.flags.context);
  if (options.format == Format::Text) return session.console.print(status_text(view, session.clock.now(), session.console));
  session.console.print_value(to_object(view), options.format);
}

/// Shows the platform again whenever its object says something new; ends when it is gone.
base::Result<int> follow(Session& session, const StatusOptions& options, Cluster& cluster, const kube::PlatformKey& key) {
  std::optional<base::Error> refused;
  bool gone = false;
  std::string shown;
  std::unique_ptr<kube::Cache> cache;
  const auto look = [&] {
    if (cache == nullptr || !cache->synced()) return;
    const auto platform = cache->platform(key);
    gone = !platform;
    if (gone) return;
    const std::string text = to_object(status_view(*platform, session.flags.context)).dump();
    if (text == shown) return;
    if (!shown.empty()) session.console.print(options.format == Format::Yaml ? "---\n" : "\n");
    shown = text;
    show(session, options, *platform);
  };
  cache = std::make_unique<kube::Cache>([&](const kube::Cache::Change&) { look(); }, look);
  const kube::WatchTarget target{&kube::platform_kind(), key.name_space};
  kube::WatchSink& sink = cache->source(target, [&](const base::Error& error) {
    if (error.code == base::Code::PermissionDenied || error.code == base::Code::Unauthenticated) refused = error;
  });
  kube::Watcher watcher(target, cluster.loop(), cluster.transport(), session.rng, sink);
  watcher.start();
  (void)cluster.wait([&] { return gone || refused.has_value(); }, kWatchedMax);
  if (refused) return base::fail(cluster.told(*refused, "watch PaymentPlatforms in namespace " + key.name_space));
  session.console.note("PaymentPlatform " + key.name_space + "/" + key.name + " is gone");
  return kExitDone;
}

base::Result<int> run_status(Session& session, const StatusOptions& options) {
  auto cluster = session.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto platform = find_platform(session, **cluster, options.name);
  if (!platform) return base::fail(platform.error());
  if (options.watch) return follow(session, options, **cluster, key_of(*platform));
  show(session, options, *platform);
  return kExitDone;
}

}  // namespace

void add_status(Verbs& verbs) {
  const auto options = std::make_shared<StatusOptions>();
  verbs
      .add("status", "One screen: components, endpoints, pending changes, the oldest problem and what to do about it",
           [options](Session& session) { return run_status(session, *options); })
      .platform(options->name)
      .flag("-w,--watch", options->watch, "Show it again after every change, until interrupted")
      .output(options->format);
}

}  // namespace cli
