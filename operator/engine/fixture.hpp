// The real engine on an API server in memory, with a small stand-in for reconcile(): a platform wants the ConfigMaps that spec.objects
// names, one generated Secret, and a status that counts them.
#pragma once

#include <algorithm>

#include <gtest/gtest.h>

#include "operator/engine/manager.hpp"
#include "operator/engine/testing.hpp"

namespace engine::testing {

using controllers::Generate;
using controllers::Object;
using controllers::Plan;
using controllers::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline std::string path_of_map(const std::string& name) { return "/api/v1/namespaces/pay/configmaps/" + name; }
inline const std::string kPlatformPath = "/apis/paymentplatform.io/v1alpha1/namespaces/pay/paymentplatforms/shop";
inline const std::string kSecretPath = "/api/v1/namespaces/pay/secrets/payment-generated";

inline json labelled(const std::string& kind, const std::string& name, const std::string& instance) {
  return {{"apiVersion", "v1"},
          {"kind", kind},
          {"metadata",
           {{"name", name}, {"labels", {{"app.kubernetes.io/managed-by", "payment-operator"}, {"app.kubernetes.io/instance", instance}}}}}};
}

inline Plan small_reconcile(const Object& platform, const Snapshot& live, const controllers::Settings&, base::TimePoint) {
  Plan plan;
  const std::string instance = platform["metadata"]["name"];
  const json& wanted = platform["spec"]["objects"];
  if (!live.children.contains({"v1", "Secret", "payment-generated"})) {
    plan.generate.push_back({labelled("Secret", "payment-generated", instance),
                             {Generate::Password{"password", 16}, Generate::RsaKeyPair{"private", "public"}}});
  }
  for (const json& name : wanted) {
    json object = labelled("ConfigMap", name, instance);
    object["data"] = {{"value", platform["spec"]["value"]}};
    const auto it = live.children.find({"v1", "ConfigMap", name});
    if (it == live.children.end()) {
      // A stranger under our name is found by reading, as in the real one.
      const auto read = live.reads.find({"v1", "ConfigMap", name});
      if (read == live.reads.end()) {
        plan.reads.push_back({"v1", "ConfigMap", name});
      } else if (!read->second) {
        plan.apply.push_back({object, "", "missing"});
      }
    } else if (it->second["data"] != object["data"]) {
      plan.apply.push_back(
          {object, it->second["metadata"]["uid"], "differs", {{"data.value", object["data"]["value"], it->second["data"]["value"]}}});
    }
  }
  for (const auto& [ref, object] : live.children) {
    if (ref.kind != "ConfigMap" || std::find(wanted.begin(), wanted.end(), ref.name) != wanted.end()) continue;
    plan.remove.push_back({ref, object["metadata"]["uid"], "not wanted"});
  }
  const json status = {{"observedGeneration", platform["metadata"]["generation"]}, {"objects", live.children.size()}};
  if (platform.value("status", json()) != status) {
    plan.status = status;
    plan.events.push_back({false, "Counted", "objects: " + std::to_string(live.children.size())});
  }
  return plan;
}

class EngineTest : public ::testing::Test {
 protected:
  void TearDown() override { manager.reset(); }

  void start() {
    manager = std::make_unique<Manager>(Ports{loop, server, rng, keys, instruments}, ManagerOptions{{}, {}, "test"}, reconcile);
    manager->set_leading(true);
    manager->start();
  }
  void create_platform(const json& names, const std::string& value = "1") {
    server.put(kPlatformPath, {{"apiVersion", "paymentplatform.io/v1alpha1"},
                               {"kind", "PaymentPlatform"},
                               {"metadata", {{"name", "shop"}, {"namespace", "pay"}, {"generation", ++generation}}},
                               {"spec", {{"objects", names}, {"value", value}}}});
  }
  static json many() {
    json names = json::array();
    for (int i = 0; i < 20; ++i) names.push_back("m" + std::to_string(i));
    return names;
  }
  /// Without what differs from run to run.
  json objects() const {
    json out;
    for (const auto& [path, object] : server.objects) {
      out[path] = object;
      out[path]["metadata"].erase("resourceVersion");
      out[path]["metadata"].erase("uid");
      out[path].erase("data");
      if (object.contains("data")) out[path]["keys"] = object["data"].size();
    }
    return out;
  }
  std::size_t count(const std::string& method, const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(server.writes.begin(), server.writes.end(), [&](const kube::Request& request) {
      return request.method == method && request.path.find(part) != std::string::npos;
    }));
  }
  double metric(const std::string& name) const {
    const std::string text = "\n" + metrics.expose();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  kube::testing::ManualLoop loop;
  FakeApiServer server{loop};
  base::SeededRng rng{5};
  FakeKeyMaker keys{loop};
  obs::Metrics metrics;
  Instruments instruments{metrics};
  Reconcile reconcile = small_reconcile;
  std::unique_ptr<Manager> manager;
  int generation = 0;
};

}  // namespace engine::testing
