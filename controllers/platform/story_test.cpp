// The life of a platform as its status tells it: one file that people read, one section for each step. GOLDEN=1 rewrites it.
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controllers/platform/example.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"

namespace controllers {
namespace {

using object::text_at;
using test::FakeCluster;

/// Source: cli-utils, "kstatus": the rules for resources that it has no special knowledge of.
std::string kstatus(const Object& platform) {
  if (object::is_deleting(platform)) return "Terminating";
  const Object& status = platform["status"];
  if (status.contains("observedGeneration") && status["observedGeneration"] != platform["metadata"]["generation"]) return "InProgress";
  if (object::condition_is_true(platform, "Reconciling")) return "InProgress";
  if (object::condition_is_true(platform, "Stalled")) return "Failed";
  const Object* ready = object::condition_of(platform, "Ready");
  if (ready == nullptr) return "Current";
  return text_at(*ready, {"status"}) == "True" ? "Current" : "InProgress";
}

/// kubectl wait --for=condition=Ready: a condition of an older generation does not count.
bool wait_ends(const Object& platform) {
  const Object* ready = object::condition_of(platform, "Ready");
  return ready != nullptr && text_at(*ready, {"status"}) == "True" &&
         object::number_at(*ready, {"observedGeneration"}) >= object::number_at(platform, {"metadata", "generation"});
}

class Story {
 public:
  FakeCluster cluster{test::quickstart_spec()};

  /// Reconciles until nothing more happens and tells every status that was written on the way.
  void tell(const std::string& step) {
    text_ += fmt::format("## {}\n", step);
    show();
    for (int round = 0; round < 20; ++round) {
      const Plan plan = cluster.decide();
      if (plan.empty() && !cluster.play()) {
        text_ += "\n";
        return;
      }
      cluster.execute(plan);
      if (plan.status) {
        expect_complete();
        show();
      }
      for (const Event& event : plan.events) text_ += fmt::format("  event {} {}\n", event.warning ? "Warning" : "Normal", event.reason);
      cluster.play();
    }
    ADD_FAILURE() << step << " does not come to rest";
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void show() {
    text_ += fmt::format("generation {}, kstatus {}, kubectl wait {}\n", cluster.platform["metadata"]["generation"].dump(),
                         kstatus(cluster.platform), wait_ends(cluster.platform) ? "ends" : "waits");
    for (const Object& condition : object::list_at(cluster.platform, {"status", "conditions"})) {
      const std::string line = fmt::format("  {} {} {}: {}\n", text_at(condition, {"type"}), text_at(condition, {"status"}),
                                           text_at(condition, {"reason"}), text_at(condition, {"message"}));
      const auto told = last_.find(text_at(condition, {"type"}));
      if (told == last_.end() || told->second != line) text_ += line;      // what is as before is not told again
      last_[text_at(condition, {"type"})] = line;
    }
    for (const Object& pending : object::list_at(cluster.platform, {"status", "pendingChanges"})) {
      text_ += fmt::format("  pending {}: {} (restarts {}) waits for {}\n", text_at(pending, {"component"}), text_at(pending, {"change"}),
                           text_at(pending, {"restarts"}), text_at(pending, {"waitsFor"}));
    }
  }

  /// kstatus-complete, in the same write.
  void expect_complete() const {
    for (const char* type : {"Ready", "Reconciling", "Stalled"}) {
      const Object* condition = object::condition_of(cluster.platform, type);
      ASSERT_NE(condition, nullptr) << type;
      EXPECT_EQ((*condition)["observedGeneration"], cluster.platform["metadata"]["generation"]) << type;
    }
    EXPECT_EQ(cluster.platform["status"]["observedGeneration"], cluster.platform["metadata"]["generation"]);
    EXPECT_FALSE(object::condition_is_true(cluster.platform, "Reconciling") && object::condition_is_true(cluster.platform, "Stalled"));
  }

  std::string text_;
  std::map<std::string, std::string> last_;
};

void pod_waits(FakeCluster& cluster, const std::string& app, const std::string& image, const std::string& reason) {
  const Object waiting = {{"waiting", {{"reason", reason}, {"message", "manifest unknown"}}}};
  cluster.add_pod(app + "-0", app,
                  {{"containerStatuses", Object::array({{{"name", app}, {"image", image}, {"ready", false}, {"state", waiting}}})}});
}

void pod_has_no_node(FakeCluster& cluster, const std::string& app) {
  const Object scheduled = {{"type", "PodScheduled"},
                            {"status", "False"},
                            {"reason", "Unschedulable"},
                            {"message", "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable"},
                            {"lastTransitionTime", base::to_rfc3339(cluster.now)}};
  cluster.add_pod(app + "-0", app, {{"conditions", Object::array({scheduled})}});
}

void gone(FakeCluster& cluster, const std::string& pod) { cluster.snapshot.children.erase({"v1", "Pod", pod}); }

TEST(Story, IsToldByTheStatus) {
  Story story;
  FakeCluster& cluster = story.cluster;

  cluster.break_workload("mysql");
  story.tell("a new platform; its database takes a while");
  cluster.mend_workload("mysql");
  story.tell("the database answers");

  cluster.edit_spec({{"services", {{"payment", {{"autoscaling", {{"enabled", false}}}, {"replicas", 5}}}}}});
  story.tell("scaled from autoscaling to 5");

  const auto before_the_drain = test::essence(cluster);
  cluster.evict("payment-service");
  pod_has_no_node(cluster, "payment-service");
  story.tell("a node is drained: one pod is evicted and finds no other node, and its budget holds up the rest of the drain");
  cluster.now += std::chrono::minutes(1);
  story.tell("a minute later");
  cluster.uncordon("payment-service");
  gone(cluster, "payment-service-0");
  story.tell("the node is back");
  EXPECT_EQ(test::essence(cluster), before_the_drain) << "a drain is nothing to write about to any object";

  cluster.edit_spec({{"redis", {{"managed", {{"image", "localhost/redis:typo"}}}}}});
  cluster.break_workload("redis");
  pod_waits(cluster, "redis", "localhost/redis:typo", "ErrImagePull");
  story.tell("an image that does not exist");
  cluster.edit_spec({{"redis", {{"managed", {{"image", nullptr}}}}}});
  cluster.mend_workload("redis");
  gone(cluster, "redis-0");
  story.tell("the image is put right");

  cluster.edit_spec({{"services", {{"payment", {{"replicas", 9}}}}}});
  cluster.snapshot.refused[{"apps/v1", "Deployment", "payment-service"}] = "exceeded quota: pods=20";
  cluster.platform["status"] = *cluster.decide().status;
  story.tell("a quota is exceeded, and raised");
  cluster.snapshot.refused.clear();

  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  cluster.execute(cluster.decide());
  for (auto& [ref, object] : cluster.snapshot.children) {
    if (ref.kind == "Job") cluster.break_workload(ref.name);
    if (ref.kind == "Job") {
      object["status"]["conditions"] = Object::array(
          {{{"type", "Failed"}, {"status", "True"}, {"message", "no space left"}, {"lastTransitionTime", base::to_rfc3339(cluster.now)}}});
    }
  }
  story.tell("an upgrade whose migration fails");
  for (auto& [ref, object] : cluster.snapshot.children) cluster.mend_workload(ref.name);
  cluster.now += std::chrono::minutes(1);
  story.tell("the migration succeeds, and the release rolls");

  cluster.child("apps/v1", "StatefulSet", "mysql")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 7;
  story.tell("a restart of the database that nobody asked for");
  cluster.platform["metadata"]["annotations"][kApprove] = cluster.decide().hash;
  story.tell("it is approved");

  cluster.edit_spec({{"paused", true}, {"services", {{"payment", {{"logLevel", "debug"}}}}}});
  story.tell("paused, and edited");
  cluster.edit_spec({{"paused", false}});
  story.tell("resumed");

  cluster.edit_spec({{"services", {{"payment", {{"replicas", -1}}}}}});
  story.tell("a spec that is wrong");
  cluster.edit_spec({{"deletionPolicy", "Delete"}, {"services", {{"payment", {{"replicas", 3}}}}}});
  story.tell("put right, and to be deleted with its data");
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  story.tell("deleted");
  EXPECT_FALSE(cluster.has("PersistentVolumeClaim", "data-mysql-0"));

  const std::string path = "controllers/testdata/status/story.md";
  if (std::getenv("GOLDEN") != nullptr) std::ofstream(std::string(SOURCE_DIR) + "/" + path) << story.text();  // NOLINT: a test's own switch
  EXPECT_EQ(story.text(), test::file_text(path)) << "run with GOLDEN=1 and read the difference of " << path;
}

TEST(Story, OfAMissingStorageClass) {
  Story story;
  Object& spec = story.cluster.platform["spec"];
  spec["database"]["managed"]["storage"]["storageClassName"] = "typo";
  story.cluster.break_workload("data-mysql-0");
  story.cluster.break_workload("mysql");
  story.tell("no such storage class");
  story.cluster.now += std::chrono::minutes(1);
  story.tell("a minute later");
  story.cluster.edit_spec({{"database", {{"managed", {{"storage", {{"storageClassName", "standard"}}}}}}}});
  story.cluster.mend_workload("data-mysql-0");
  story.cluster.mend_workload("mysql");
  story.tell("the class is put right");

  const std::string path = "controllers/testdata/status/storage.md";
  if (std::getenv("GOLDEN") != nullptr) std::ofstream(std::string(SOURCE_DIR) + "/" + path) << story.text();  // NOLINT: a test's own switch
  EXPECT_EQ(story.text(), test::file_text(path)) << "run with GOLDEN=1 and read the difference of " << path;
}

}  // namespace
}  // namespace controllers
