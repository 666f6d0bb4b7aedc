#include "controllers/platform/explain.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "controllers/platform/example.hpp"
#include "controllers/platform/forecast.hpp"
#include "controllers/platform/testing/fake_cluster.hpp"
#include "crds/types/yaml_text.hpp"

namespace controllers {
namespace {

using test::FakeCluster;
using Verb = ObjectChange::Verb;

/// What the operator is going to do, asked as `kubectl payment plan` asks.
std::vector<Plan> foresee(FakeCluster& cluster) {
  for (int round = 0; round < 5; ++round) {
    Forecast forecast = controllers::forecast(cluster.platform, cluster.snapshot, cluster.options, cluster.now);
    if (forecast.reads.empty()) return std::move(forecast.plans);
    for (const Ref& ref : forecast.reads) {
      const auto stranger = cluster.strangers.find(ref);
      const auto child = cluster.snapshot.children.find(ref);
      cluster.snapshot.reads[ref] = stranger != cluster.strangers.end()        ? std::optional<Object>(stranger->second)
                                    : child != cluster.snapshot.children.end() ? std::optional<Object>(child->second)
                                                                               : std::nullopt;
    }
  }
  ADD_FAILURE() << "a forecast that never stops reading";
  return {};
}

PlanReport report_of(FakeCluster& cluster) {
  const std::vector<Plan> plans = foresee(cluster);
  return explain(cluster.platform, cluster.snapshot, plans);
}

const ObjectChange* find(const PlanReport& report, const std::string& kind, const std::string& name) {
  for (const ObjectChange& change : report.objects) {
    if (change.ref.kind == kind && change.ref.name == name) return &change;
  }
  return nullptr;
}

FakeCluster settled(Object spec = test::quickstart_spec()) {
  FakeCluster cluster(std::move(spec));
  cluster.settle();
  for (const char* app : {"mysql", "redis", "payment-service", "callback-service", "channel-simulator"}) {
    cluster.add_pod(std::string(app) + "-a", app, {{"phase", "Running"}});
  }
  cluster.add_pod("payment-service-b", "payment-service", {{"phase", "Running"}});
  return cluster;
}

/// Compares with controllers/testdata/plan/<name>.yaml; GOLDEN=1 rewrites it.
void expect_golden(const PlanReport& report, const std::string& name) {
  const std::string path = "controllers/testdata/plan/" + name + ".yaml";
  const std::string made = "# Made by controllers_platform_test; GOLDEN=1 rewrites it.\n" + crds::to_yaml(to_object(report));
  if (std::getenv("GOLDEN") != nullptr) std::ofstream(std::string(SOURCE_DIR) + "/" + path) << made;      // NOLINT: a test's own switch
  EXPECT_EQ(made, test::file_text(path)) << "run with GOLDEN=1 and look at the difference of " << path;
}

TEST(Explain, AnInstallListsEveryObjectThoughSomeWaitForAnother) {
  FakeCluster cluster(test::quickstart_spec());
  expect_golden(report_of(cluster), "install");
}

TEST(Explain, AChangedLogLevelShowsTheLineAndThePodsThatRestart) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"services", {{"payment", {{"logLevel", "debug"}}}}}});
  expect_golden(report_of(cluster), "log-level");
}

TEST(Explain, ANewRuntimeImageNamesItAsTheReason) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  expect_golden(report_of(cluster), "runtime-image");
}

TEST(Explain, AnotherDatabaseImageSaysWhatPayersNotice) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"database", {{"managed", {{"image", "localhost/mariadb:11.4"}}}}}});
  const PlanReport report = report_of(cluster);
  const ObjectChange* set = find(report, "StatefulSet", "mysql");
  ASSERT_NE(set, nullptr);
  ASSERT_TRUE(set->restarts);
  EXPECT_EQ(set->restarts->pods, 1U);
  EXPECT_EQ(set->restarts->why, "image localhost/mariadb:10.11 -> localhost/mariadb:11.4");
  EXPECT_NE(set->restarts->which.find("503"), std::string::npos);
  EXPECT_EQ(report.restarted_pods(), 1U);
}

TEST(Explain, WhatIsSwitchedOffIsDeletedWithTheReason) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"services", {{"callback", {{"autoscaling", {{"enabled", false}}}, {"replicas", 2}}}}}});
  const PlanReport report = report_of(cluster);
  const ObjectChange* gone = find(report, "HorizontalPodAutoscaler", "callback-service");
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(gone->verb, Verb::Delete);
  EXPECT_EQ(gone->why, "the spec no longer asks for it");
  EXPECT_EQ(gone->data_at_risk, "");
  const ObjectChange* scaled = find(report, "Deployment", "callback-service");
  ASSERT_NE(scaled, nullptr);
  EXPECT_EQ(scaled->fields.back().path, "spec.replicas");
  EXPECT_EQ(scaled->fields.back().before, "3");
  EXPECT_EQ(scaled->fields.back().after, "2");
  EXPECT_FALSE(scaled->restarts);
}

TEST(Explain, DeletionUnderDeleteNamesTheDataThatGoes) {
  Object spec = test::quickstart_spec();
  spec["deletionPolicy"] = "Delete";
  FakeCluster cluster = settled(spec);
  cluster.platform["metadata"]["deletionTimestamp"] = base::to_rfc3339(cluster.now);
  expect_golden(report_of(cluster), "deletion");
}

/// The status of the platform tells the same of them: there is one decision, and two places to read it.
TEST(Explain, WhatWaitsIsWhatTheStatusCallsPending) {
  FakeCluster roll = settled();
  roll.edit_spec({{"image", "localhost/payment-runtime:0.2.0"}});
  FakeCluster unasked = settled();
  unasked.child("apps/v1", "StatefulSet", "mysql")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 7;
  for (FakeCluster* cluster : {&roll, &unasked}) {
    const Plan plan = cluster->decide();
    ASSERT_FALSE(plan.pending.empty());
    const PlanReport report = report_of(*cluster);
    EXPECT_EQ(report.approval, plan.hash);
    std::vector<ObjectChange> waiting;
    std::copy_if(report.objects.begin(), report.objects.end(), std::back_inserter(waiting),
                 [](const ObjectChange& change) { return !change.waits_for.empty(); });
    const Object& told = (*plan.status)["pendingChanges"];
    ASSERT_EQ(waiting.size(), plan.pending.size());
    ASSERT_EQ(told.size(), plan.pending.size());
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      EXPECT_EQ(waiting[i].ref, plan.pending[i].ref);
      EXPECT_EQ(waiting[i].needs_approval, plan.pending[i].needs_approval);
      EXPECT_EQ(waiting[i].waits_for, told[i]["waitsFor"]);
      ASSERT_EQ(waiting[i].restarts.has_value(), waiting[i].ref.kind != "CronJob") << waiting[i].ref.name;
      EXPECT_EQ(waiting[i].restarts ? waiting[i].restarts->which : "none; runs that start later have it", told[i]["restarts"]);
    }
  }
  EXPECT_NE(report_of(unasked).approval, "");
}

TEST(Explain, APausedPlatformShowsWhatWaitsForItsResume) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"paused", true}, {"services", {{"payment", {{"logLevel", "debug"}}}}}});
  const PlanReport report = report_of(cluster);
  ASSERT_EQ(report.objects.size(), 2U);
  for (const ObjectChange& change : report.objects) {
    EXPECT_EQ(change.waits_for, "the platform is paused: kubectl payment resume quickstart -n payment") << change.ref.name;
  }
}

TEST(Explain, ASpecThatIsRefusedChangesNothingAndSaysWhy) {
  FakeCluster cluster = settled();
  cluster.edit_spec({{"reconciliation", {{"schedule", "0 0 31 2 *"}}}});
  const PlanReport report = report_of(cluster);
  EXPECT_TRUE(report.objects.empty());
  ASSERT_TRUE(report.stalled);
  EXPECT_EQ(report.stalled->reason, "InvalidSpec");
  EXPECT_NE(report.stalled->message.find("spec.reconciliation.schedule"), std::string::npos);
}

TEST(Explain, ASettledPlatformHasNothingToReport) {
  FakeCluster cluster = settled();
  EXPECT_TRUE(report_of(cluster).objects.empty());
}

/// Which objects a run of the operator really writes, by what became of them.
std::map<Ref, Verb> written(const Snapshot& before, const Snapshot& after) {
  const auto essence = [](Object object) {
    object.erase("status");
    object["metadata"].erase("managedFields");
    object["metadata"].erase("generation");
    return object;
  };
  std::map<Ref, Verb> out;
  for (const auto& [ref, object] : after.children) {
    const auto old = before.children.find(ref);
    if (old == before.children.end()) {
      out[ref] = Verb::Create;
    } else if (object::uid_of(old->second) != object::uid_of(object)) {
      out[ref] = Verb::Replace;
    } else if (essence(old->second) != essence(object)) {
      out[ref] = Verb::Change;
    }
  }
  for (const auto& [ref, object] : before.children) {
    if (after.children.count(ref) == 0) out[ref] = Verb::Delete;
  }
  return out;
}

std::map<Ref, Verb> told(const PlanReport& report) {
  std::map<Ref, Verb> out;
  for (const ObjectChange& change : report.objects) {
    if (!change.waits_for.empty()) continue;
    EXPECT_TRUE(out.emplace(change.ref, change.verb).second) << change.ref.kind << " " << change.ref.name << " is told twice";
  }
  return out;
}

std::string text_of(const std::map<Ref, Verb>& changes) {
  std::string text;
  for (const auto& [ref, verb] : changes) text += std::string(name_of(verb)) + " " + ref.kind + " " + ref.name + "\n";
  return text;
}

/// Every edit of the spec, from a fresh cluster and from every other edit: the plan says what the operator then writes, no less and no
/// more.
TEST(Explain, WhatThePlanSaysIsWhatTheOperatorThenWrites) {
  const std::vector<std::pair<std::string, Object>> edits = {
      {"quickstart", Object::object()},
      {"image", {{"image", "localhost/payment-runtime:0.2.0"}}},
      {"log level", {{"services", {{"payment", {{"logLevel", "debug"}}}}}}},
      {"no autoscaling", {{"services", {{"payment", {{"autoscaling", {{"enabled", false}}}, {"replicas", 2}}}}}}},
      {"more replicas", {{"services", {{"payment", {{"autoscaling", {{"minReplicas", 5}}}}}}}}},
      {"mysql settings", {{"database", {{"managed", {{"maxConnections", 900}, {"config", {{"wait_timeout", "60"}}}}}}}}},
      {"redis memory", {{"redis", {{"managed", {{"maxMemory", "2gb"}}}}}}},
      {"ingress", {{"ingress", {{"enabled", true}, {"host", "pay.example.com"}}}}},
      {"schedule", {{"reconciliation", {{"schedule", "0 * * * *"}, {"lookbackDays", 3}}}}},
      {"authentication", {{"security", {{"apiAuthentication", "Required"}}}}},
      {"no channels", {{"channels", {{"wechatPay", {{"enabled", false}}}, {"simulator", {{"enabled", false}}}}}}},
      {"real WeChat Pay", {{"channels", {{"simulator", {{"enabled", false}}}}}}},
      {"invalid", {{"reconciliation", {{"schedule", "0 0 31 2 *"}}}}},
      {"environment", {{"services", {{"callback", {{"env", Object::array({{{"name", "A"}, {"value", "b"}}})}}}}}}},
  };
  const auto spec_of = [](const Object& edit) {
    Object spec = test::quickstart_spec();
    spec.merge_patch(edit);
    return spec;
  };
  const auto compare = [](FakeCluster cluster, const std::string& title) {
    const std::map<Ref, Verb> expected = told(report_of(cluster));
    const Snapshot before = cluster.snapshot;
    Plan plan = cluster.decide();
    for (int round = 0; round < 10 && !plan.empty(); ++round, plan = cluster.decide()) cluster.execute(plan);      // no pod ever moves
    EXPECT_TRUE(plan.empty()) << title;
    EXPECT_EQ(text_of(written(before, cluster.snapshot)), text_of(expected)) << title;
  };
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const auto& [from, first] = edits[i];
    const auto& [to, second] = edits[(i + 1) % edits.size()];
    FakeCluster cluster(spec_of(first));
    if (i == 0) compare(cluster, "install");
    cluster.settle();
    cluster.platform["spec"] = spec_of(second);
    cluster.platform["metadata"]["generation"] = 2;
    compare(cluster, from + " -> " + to);
  }
}

}  // namespace
}  // namespace controllers
