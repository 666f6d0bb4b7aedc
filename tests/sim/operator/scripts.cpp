#include "tests/sim/operator/scripts.hpp"

namespace sim {
namespace {

constexpr const char* kUserSecret = "payment-service-secret";

/// Small, with the channel simulator, and a service under an autoscaler.
Object small() {
  return {{"channels", {{"wechatPay", {{"enabled", true}}}, {"simulator", {{"enabled", true}}}}},
          {"security", {{"apiAuthentication", "Development"}}},
          {"services",
           {{"payment", {{"autoscaling", {{"minReplicas", 2}, {"maxReplicas", 4}}}}},
            {"callback", {{"replicas", 1}, {"autoscaling", {{"enabled", false}}}}}}}};
}

/// With the user's own keys, an ingress, and a storage class.
Object large() {
  return {{"channels", {{"wechatPay", {{"enabled", true}}}}},
          {"database", {{"managed", {{"storage", {{"size", "10Gi"}, {"storageClassName", "fast-ssd"}}}}}}},
          {"ingress", {{"enabled", true}, {"host", "pay.example.com"}}},
          {"services", {{"payment", {{"autoscaling", {{"minReplicas", 2}}}}}, {"callback", {{"autoscaling", {{"minReplicas", 1}}}}}}}};
}

Object user_secret(bool password) {
  Object data = Object::object();
  for (const char* key : {"wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no", "wechat-api-v3-key",
                          "wechat-public-key", "wechat-public-key-id"}) {
    data[key] = "dXNlcg==";
  }
  if (password) data["mysql-password"] = "c2VjcmV0";
  return data;
}

Deed edit(const char* name, Object patch) {
  return {name, [patch = std::move(patch)](World& world) { world.edit_spec(patch); }};
}

Deed write_secret() {
  return {"write Secret", [](World& world) { world.put_user_secret(kUserSecret, user_secret(false)); }};
}

/// In place of a generated one.
Deed write_password() {
  return {"write Secret", [](World& world) { world.put_user_secret(kUserSecret, {{"mysql-application-password", "dXNlcg=="}}); }};
}

Deed remove_platform(bool with_data) {
  return {"delete", [with_data](World& world) {
            if (with_data) world.properties().data_may_go();
            world.delete_platform();
          }};
}

Deed create_again(Object spec) {
  return {"create again", [spec = std::move(spec)](World& world) { world.when_gone([&world, spec] { world.create_platform(spec); }); }};
}

Object with(Object spec, const Object& patch) {
  spec.merge_patch(patch);
  return spec;
}

const Object kNewImages = {{"image", "localhost/payment-runtime:0.2.0"},
                           {"database", {{"managed", {{"image", "localhost/mariadb:11.4"}}}}},
                           {"redis", {{"managed", {{"image", "localhost/redis:7.4"}}}}}};
const Object kDelete = {{"deletionPolicy", "Delete"}};

}  // namespace

void begin(World& world, const Script& script) {
  if (script.own_secret) world.put_user_secret(kUserSecret, user_secret(true));
  world.create_platform(script.spec);
}

const std::vector<Script>& scripts() {
  static const std::vector<Script> kScripts = {
      {"install", small(), {}},
      {"upgrade", small(), {edit("images", kNewImages)}},
      {"deletion", with(small(), kDelete), {remove_platform(true)}},
      {"deletion-retain", small(), {remove_platform(false)}, true},
      {"install-large", large(), {}, false, true},
      {"upgrade-large", large(), {edit("images", kNewImages)}, false, true},
      {"come-back", small(), {remove_platform(false), create_again(small())}},
      {"come-back-empty", with(small(), kDelete), {remove_platform(true), create_again(small())}},
      {"scaling",
       small(),
       {edit("off", {{"services", {{"payment", {{"autoscaling", {{"enabled", false}}}, {"replicas", 3}}}}}}),
        edit("less", {{"services", {{"payment", {{"replicas", 1}}}, {"callback", {{"replicas", 2}}}}}}),
        edit("on", {{"services", {{"payment", {{"autoscaling", {{"enabled", true}, {"minReplicas", 3}}}}}}}})}},
      {"settings",
       small(),
       {edit("database", {{"database", {{"managed", {{"maxConnections", 300}, {"config", {{"slow_query_log", "1"}}}}}}}}),
        edit("redis", {{"redis", {{"managed", {{"maxMemory", "512mb"}, {"appendOnly", "no"}}}}}}),
        edit("env",
             {{"services",
               {{"callback",
                 {{"env", Object::array({{{"name", "A"}, {"value", "1"}}, {{"name", "B"}, {"value", ""}}})}, {"logLevel", "debug"}}}}}}),
        edit("env again", {{"services", {{"callback", {{"env", Object::array({{{"name", "B"}, {"value", "2"}}})}}}}}})}},
      {"ingress",
       small(),
       {edit("on", {{"ingress", {{"enabled", true}, {"host", "a.example.com"}, {"tls", {{"secretName", "tls"}}}}}}),
        edit("host", {{"ingress", {{"host", "b.example.com"}, {"annotations", {{"example.com/a", "b"}}}}}}),
        edit("off", {{"ingress", {{"enabled", false}}}})}},
      {"own-channel",
       small(),
       {write_secret(), edit("simulator off", {{"channels", {{"simulator", {{"enabled", false}}}}}}),
        edit("jobs", {{"reconciliation", {{"schedule", "15 * * * *"}, {"timeoutSeconds", 900}, {"lookbackDays", 3}}}})}},
      {"password", small(), {write_password(), edit("env", {{"services", {{"callback", {{"logLevel", "warn"}}}}}})}},
      {"pause",
       small(),
       {edit("pause", {{"paused", true}}), edit("env", {{"services", {{"callback", {{"logLevel", "warn"}}}}}}),
        edit("resume", {{"paused", false}})}},
      {"volume", small(), {edit("more", {{"database", {{"managed", {{"storage", {{"size", "30Gi"}}}}}}}})}},
  };
  return kScripts;
}

const Script* find_script(const std::string& name) {
  for (const Script& script : scripts()) {
    if (name == script.name) return &script;
  }
  return nullptr;
}

}  // namespace sim
