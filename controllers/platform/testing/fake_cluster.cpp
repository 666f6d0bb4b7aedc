#include "controllers/platform/testing/fake_cluster.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "controllers/object/merge_keys.hpp"
#include "controllers/platform/testing/explained.hpp"

namespace controllers::test {

namespace {

/// fieldsV1 of an applied object, as the API server would record it.
Object fields_of(const Object& value, const std::string& name, const std::string& parent) {
  Object fields = Object::object();
  if (value.is_object() && name != "selector" && name != "matchLabels") {
    for (const auto& [key, member] : value.items()) {
      const bool identity = name == "metadata" && parent.empty() && (key == "name" || key == "namespace");
      if (!identity) fields["f:" + key] = fields_of(member, key, name);
    }
  }
  if (value.is_array()) {
    auto keys = object::merge_keys(name, parent);
    if (name == "components") keys = {"name"};      // of our own status
    for (const Object& item : keys.empty() ? Object::array() : value) {
      Object key = Object::object();
      for (const std::string_view k : keys) key[std::string(k)] = object::key_value(item, k);
      fields["k:" + key.dump()] = fields_of(item, name, parent);
      fields["k:" + key.dump()]["."] = Object::object();
    }
  }
  return fields;
}

void bump(Object& object) { object["metadata"]["generation"] = object["metadata"].value("generation", 0) + 1; }

void fill_pod(Object& spec) {
  spec["dnsPolicy"] = "ClusterFirst";
  spec["schedulerName"] = "default-scheduler";
  spec["serviceAccount"] = spec["serviceAccountName"];
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list)) continue;
    for (Object& container : spec[list]) {
      container["terminationMessagePath"] = "/dev/termination-log";
      for (const char* probe : {"startupProbe", "livenessProbe", "readinessProbe"}) {
        if (container.contains(probe)) container[probe]["successThreshold"] = 1;
      }
    }
  }
  for (Object& volume : spec["volumes"]) {
    if (volume.contains("configMap")) volume["configMap"]["defaultMode"] = 420;
  }
}

void fill_defaults(Object& object) {
  if (object.contains("/spec/template/spec"_json_pointer)) fill_pod(object["spec"]["template"]["spec"]);
  if (object.contains("/spec/jobTemplate/spec/template/spec"_json_pointer))
    fill_pod(object["spec"]["jobTemplate"]["spec"]["template"]["spec"]);
  if (object["kind"] == "Service") {
    object["spec"]["clusterIP"] = "10.0.0.7";
    object["spec"]["sessionAffinity"] = "None";
  }
}

}  // namespace

FakeCluster::FakeCluster(Object spec) {
  platform = {{"apiVersion", "paymentplatform.io/v1alpha1"},
              {"kind", "PaymentPlatform"},
              {"metadata", {{"name", "quickstart"}, {"namespace", "payment"}, {"uid", "platform-uid"}, {"generation", 1}}},
              {"spec", std::move(spec)},
              {"status", {{"observedGeneration", -1}}}};
}

void FakeCluster::edit_spec(const Object& patch) {
  platform["spec"].merge_patch(patch);
  platform["metadata"]["generation"] = platform["metadata"]["generation"].get<int>() + 1;
}

void FakeCluster::user_secret(const std::string& name, const std::vector<std::string>& keys, const std::string& value) {
  Object secret = {
      {"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}, {"namespace", "payment"}, {"uid", "secret-" + name}}}};
  for (const std::string& key : keys) secret["data"][key] = value;
  strangers[{"v1", "Secret", name}] = secret;
}

Plan FakeCluster::decide() {
  snapshot.reads.clear();
  for (int round = 0; round < 5; ++round) {
    Plan plan = reconcile(platform, snapshot, options, now);
    if (plan.reads.empty()) return plan;
    for (const Ref& ref : plan.reads) {
      EXPECT_FALSE(snapshot.reads.count(ref)) << "asked twice for " << ref.kind << " " << ref.name;
      ++reads;
      const auto stranger = strangers.find(ref);
      const auto child = snapshot.children.find(ref);
      snapshot.reads[ref] = stranger != strangers.end()        ? std::optional<Object>(stranger->second)
                            : child != snapshot.children.end() ? std::optional<Object>(child->second)
                                                               : std::nullopt;
    }
  }
  ADD_FAILURE() << "a reconcile that never stops reading";
  return {};
}

void FakeCluster::execute(const Plan& plan, std::size_t stop_after) {
  std::size_t left = stop_after;
  const auto write = [&](const std::function<void()>& action) {
    if (left == 0) return;
    --left;
    ++writes;
    action();
  };
  for (const Generate& g : plan.generate) write([&] { generate(g); });
  for (const Apply& a : plan.apply) write([&] { apply(a); });
  for (const Apply& a : plan.scale) {
    write([&] {
      Object& live = snapshot.children.at(ref_of(a.object));
      live["spec"]["replicas"] = a.object["spec"]["replicas"];
      bump(live);
    });
  }
  for (const Replace& r : plan.replace) write([&] { remove(r.ref, r.uid); });
  for (const Remove& r : plan.remove) write([&] { remove(r.ref, r.uid); });
  if (plan.finalizers) write([&] { platform["metadata"]["finalizers"] = *plan.finalizers; });
  if (plan.status) {
    write([&] {
      for (const Object& one : object::list_at(*plan.status, {"conditions"}))
        hear(object::text_at(one, {"reason"}), object::text_at(one, {"type"}));
      for (const Object& one : object::list_at(*plan.status, {"pendingChanges"})) hear(object::text_at(one, {"reason"}), "pendingChanges");
      platform["status"] = *plan.status;
      platform["metadata"]["managedFields"] = Object::array({{{"manager", kStatusManagedBy},
                                                              {"operation", "Apply"},
                                                              {"fieldsType", "FieldsV1"},
                                                              {"fieldsV1", {{"f:status", fields_of(*plan.status, "status", "")}}}}});
    });
  }
}

void FakeCluster::settle(int rounds_max) {
  for (int round = 0; round < rounds_max; ++round) {
    const Plan plan = decide();
    if (plan.empty() && !play()) return;
    execute(plan);
    play();
  }
  ADD_FAILURE() << "did not settle";
}

bool FakeCluster::play() {
  bool changed = false;
  for (auto& [ref, object] : snapshot.children) {
    const Object before = object.value("status", Object());
    const bool broken = broken_.count(ref.name) > 0;
    if (ref.kind == "Deployment") {
      const auto replicas = object["spec"].value("replicas", 1);
      object["status"] = {{"observedGeneration", object["metadata"]["generation"]}, {"replicas", replicas}, {"updatedReplicas", replicas}};
      object["status"]["availableReplicas"] = broken ? 0 : replicas - (evicted_.count(ref.name) > 0 ? 1 : 0);
      if (stuck_.count(ref.name) > 0) {      // one pod of the newest template that never becomes ready, beside the old ones
        object["status"]["replicas"] = replicas + 1;
        object["status"]["updatedReplicas"] = 1;
      }
    } else if (ref.kind == "StatefulSet") {
      object["status"] = {{"observedGeneration", object["metadata"]["generation"]}, {"currentRevision", "a"}, {"updateRevision", "a"}};
      object["status"]["readyReplicas"] = broken ? 0 : 1;
    } else if (ref.kind == "Job" && !broken) {
      object["status"]["conditions"] = Object::array({{{"type", "Complete"}, {"status", "True"}}});
    } else if (ref.kind == "PersistentVolumeClaim" && !broken) {
      object["status"] = {{"phase", "Bound"}};
      object["spec"]["volumeName"] = "volume-1";
    }
    changed = changed || before != object.value("status", Object());
  }
  return changed;
}

bool FakeCluster::has(const char* kind, const std::string& name) const {
  for (const auto& [ref, object] : snapshot.children) {
    if (ref.kind == kind && ref.name == name) return true;
  }
  return false;
}

Object FakeCluster::condition(const std::string& type) const {
  const Object* found = object::condition_of(platform, type);
  return found == nullptr ? Object::object() : *found;
}

void FakeCluster::add_pod(const std::string& name, const std::string& app, Object status, Object labels) {
  labels["app"] = app;
  labels[std::string(kInstanceLabel)] = "quickstart";
  labels[std::string(kManagedByLabel)] = std::string(kManagedBy);
  snapshot.children[{"v1", "Pod", name}] = {{"apiVersion", "v1"},
                                            {"kind", "Pod"},
                                            {"metadata", {{"name", name}, {"namespace", "payment"}, {"uid", name}, {"labels", labels}}},
                                            {"status", status}};
}

void FakeCluster::generate(const Generate& g) {
  const Ref ref = ref_of(g.object);
  ASSERT_EQ(snapshot.children.count(ref), 0U) << "the generated Secret is made once";
  Object secret = g.object;
  secret["metadata"]["uid"] = "uid-" + std::to_string(++uids_);
  secret["metadata"]["creationTimestamp"] = base::to_rfc3339(now);
  secret.erase("stringData");
  for (const auto& [key, value] : g.object["stringData"].items()) secret["data"][key] = value;
  for (const Generate::Recipe& recipe : g.recipes) {
    if (const auto* password = std::get_if<Generate::Password>(&recipe)) secret["data"][password->key] = "Z2VuZXJhdGVk";
  }
  snapshot.children[ref] = secret;
}

void FakeCluster::apply(const Apply& a) {
  const Ref ref = ref_of(a.object);
  ASSERT_EQ(strangers.count(ref), 0U) << "wrote over a stranger: " << ref.name;
  Object next = a.object;
  const auto live = snapshot.children.find(ref);
  if (live == snapshot.children.end()) {
    ASSERT_EQ(a.uid, "") << ref.name;
    next["metadata"]["uid"] = "uid-" + std::to_string(++uids_);
    next["metadata"]["generation"] = 1;
    next["metadata"]["creationTimestamp"] = base::to_rfc3339(now);
    if (ref.kind == "Deployment" && !next["spec"].contains("replicas")) next["spec"]["replicas"] = 1;
  } else {
    ASSERT_EQ(a.uid, object::uid_of(live->second)) << ref.name;
    const Object& old = live->second;
    next["metadata"]["uid"] = a.uid;
    next["metadata"]["generation"] = old["metadata"]["generation"];
    next["metadata"]["creationTimestamp"] = old["metadata"]["creationTimestamp"];
    if (old["metadata"].contains("annotations")) {
      for (const auto& [key, value] : old["metadata"]["annotations"].items()) {
        const bool ours = object::owns(old, kManagedBy, {"f:metadata", "f:annotations", "f:" + key});  // and goes when no longer sent
        if (!ours) next["metadata"]["annotations"].emplace(key, value);
      }
    }
    for (const auto& [key, value] : old["metadata"]["labels"].items()) next["metadata"]["labels"].emplace(key, value);
    if (old.contains("status")) next["status"] = old["status"];
    for (const char* kept : {"replicas", "volumeName"}) {
      if (old.contains("spec") && old["spec"].contains(kept) && !next["spec"].contains(kept)) next["spec"][kept] = old["spec"][kept];
    }
    bump(next);
  }
  next["metadata"]["managedFields"] = Object::array(
      {{{"manager", "payment-operator"}, {"operation", "Apply"}, {"fieldsType", "FieldsV1"}, {"fieldsV1", fields_of(a.object, "", "")}}});
  next["metadata"]["managedFields"][0]["fieldsV1"].erase("f:apiVersion");
  next["metadata"]["managedFields"][0]["fieldsV1"].erase("f:kind");
  fill_defaults(next);
  snapshot.children[ref] = next;
}

void FakeCluster::remove(const Ref& ref, const std::string& uid) {
  const auto live = snapshot.children.find(ref);
  ASSERT_NE(live, snapshot.children.end());
  ASSERT_EQ(uid, object::uid_of(live->second));
  snapshot.children.erase(live);
}

void FakeCluster::hear(const std::string& reason, const std::string& place) {
  const auto explained = explained_reasons().find(reason);
  ASSERT_TRUE(explained != explained_reasons().end()) << "docs/reference/conditions.md knows no reason " << reason;
  const bool is_known_place =
      std::any_of(explained_reasons().begin(), explained_reasons().end(), [&place](const auto& one) { return one.second.contains(place); });
  EXPECT_TRUE(explained->second.contains(place) || !is_known_place) << "the page knows no reason " << reason << " on " << place;
  reasons.insert(reason);
}

Settings settings() { return {"0.1.0", "localhost/payment-runtime:0.1.0", "localhost/mariadb:10.11", "localhost/redis:7.0"}; }

Object quickstart_spec() {
  return {{"channels", {{"wechatPay", {{"enabled", true}}}, {"simulator", {{"enabled", true}}}}},
          {"security", {{"apiAuthentication", "Development"}}}};
}

FakeCluster settled(Object spec) {
  FakeCluster cluster(std::move(spec));
  cluster.settle();
  EXPECT_EQ(cluster.condition("Ready")["status"], "True") << cluster.platform["status"].dump(2);
  cluster.writes = cluster.reads = 0;
  return cluster;
}

std::map<Ref, Object> essence(const FakeCluster& cluster) {
  std::map<Ref, Object> children = cluster.snapshot.children;
  for (auto& [ref, object] : children) {
    for (const char* key : {"uid", "generation", "managedFields", "creationTimestamp"}) object["metadata"].erase(key);
    object.erase("status");
  }
  return children;
}

}  // namespace controllers::test
