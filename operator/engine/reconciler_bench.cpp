// What a look at a settled platform costs that finds nothing to do: the function alone, and with what the engine does around it.
#include <benchmark/benchmark.h>

#include "controllers/platform/testing/fake_cluster.hpp"
#include "operator/engine/reconciler.hpp"
#include "operator/engine/testing.hpp"

namespace engine {
namespace {

using controllers::Object;

/// A settled quickstart in the cache, and a reconciler that would write to nobody.
class Settled {
 public:
  Settled() {
    feed(kube::platform_kind(), cluster.platform);
    for (const auto& [ref, object] : cluster.snapshot.children) {
      const kube::Kind* kind = kube::find_kind(ref.api_version, ref.kind);
      if (kind != nullptr) feed(*kind, object);
    }
  }
  /// An event of a Deployment, as when one of its pods becomes ready or no longer is.
  void event() {
    for (const auto& [ref, object] : cluster.snapshot.children) {
      if (ref.kind != "Deployment") continue;
      Object changed = object;
      changed["metadata"]["namespace"] = "payment";
      changed["metadata"]["resourceVersion"] = std::to_string(++version);
      changed["status"]["observedGeneration"] = version;      // different in what nothing depends on
      return deployments->apply(std::move(changed));
    }
  }
  [[nodiscard]] Key key() const { return {"payment", cluster.platform["metadata"]["name"].get<std::string>()}; }

  controllers::test::FakeCluster cluster = controllers::test::settled();
  kube::testing::ManualLoop loop;
  kube::testing::ScriptedTransport transport{loop};
  base::SeededRng rng{1};
  testing::FakeKeyMaker keys{loop};
  obs::Metrics metrics;
  Instruments instruments{metrics};
  kube::Cache cache{[](const kube::Cache::Change&) {}, [] {}};
  kube::Api api{transport};
  Expectations expectations{loop, cache};
  Executor executor{loop, api, rng, keys, [] { return true; }, "bench"};
  Reconciler reconciler{{loop, rng, cache, expectations, executor, instruments, [] { return true; }},
                        cluster.options,
                        [this](const Object& platform, const controllers::Snapshot& live, const controllers::Settings& settings,
                               base::TimePoint) { return controllers::reconcile(platform, live, settings, cluster.now); }};

 private:
  void feed(const kube::Kind& kind, Object object) {
    object["metadata"]["resourceVersion"] = "7";
    object["metadata"]["namespace"] = "payment";
    kube::WatchSink& sink = cache.source({&kind, ""}, [](const base::Error&) {});
    if (kind.kind == "Deployment") deployments = &sink;
    sink.begin_replace();
    sink.apply(std::move(object));
  }

  kube::WatchSink* deployments = nullptr;
  std::uint64_t version = 7;
};

void reconcile_alone(benchmark::State& state) {
  const Settled settled;
  const auto& cluster = settled.cluster;
  for (auto _ : state) {
    const auto plan = controllers::reconcile(cluster.platform, cluster.snapshot, cluster.options, cluster.now);
    if (!plan.empty()) state.SkipWithError("the platform is not at rest");
  }
}
BENCHMARK(reconcile_alone)->Unit(benchmark::kMicrosecond);

/// A child has changed, as the readiness of a pod does: cache, snapshot, reconcile, and nothing to write.
void look_after_an_event(benchmark::State& state) {
  Settled settled;
  for (auto _ : state) {
    settled.event();
    settled.reconciler.touched(settled.key());
    bool at_rest = false;
    settled.reconciler.run(settled.key(), [&at_rest](const Verdict& verdict) { at_rest = verdict.settled; });
    if (!at_rest) state.SkipWithError("the platform is not at rest");
  }
}
BENCHMARK(look_after_an_event)->Unit(benchmark::kMicrosecond);

/// Nothing has changed since the last look.
void look_without_news(benchmark::State& state) {
  Settled settled;
  settled.reconciler.run(settled.key(), [](const Verdict&) {});
  for (auto _ : state) {
    bool at_rest = false;
    settled.reconciler.run(settled.key(), [&at_rest](const Verdict& verdict) { at_rest = verdict.settled; });
    if (!at_rest) state.SkipWithError("the platform is not at rest");
  }
}
BENCHMARK(look_without_news)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace engine
