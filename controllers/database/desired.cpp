// Source: seed documents "MySQL 优化" (max_connections 500, buffer pool 1G, sync_binlog 1). flush_log_at_trx_commit is 1 here, not the
// documents' 2: with 2 a crash of the node forgets payments that were answered.
#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/component/pod.hpp"
#include "controllers/database/database.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/object/quantity.hpp"
#include "controllers/secrets/sources.hpp"

namespace controllers::database {
namespace {

const Part kPart{kName, "database"};
constexpr const char* kConfigKey = "payment.cnf";

std::string server_config(const crds::ManagedMysql& mysql) {
  std::string text = fmt::format(R"([mysqld]
character_set_server = utf8mb4
default_time_zone = '+00:00'
skip_name_resolve = ON
max_connect_errors = 1000000
max_connections = {}
innodb_buffer_pool_size = {}
innodb_flush_log_at_trx_commit = {}
sync_binlog = {}
)",
                                 mysql.max_connections, mysql.innodb_buffer_pool_size, mysql.flush_log_at_trx_commit, mysql.sync_binlog);
  for (const auto& [name, value] : mysql.config) text += fmt::format("{} = {}\n", name, value);
  return text;
}

Object stateful_set(const Context& ctx, const std::string& config) {
  const crds::ManagedMysql mysql = ctx.platform.mysql();
  Container server{
      .name = kName,
      .image = ctx.images.mysql,
      .env = {{{"name", "MYSQL_ROOT_PASSWORD_FILE"}, {"value", std::string(kSecretsFolder) + "/mysql-password"}},
              {{"name", "MYSQL_DATABASE"}, {"value", "payment"}}},
      .ports = {{"mysql", kPort, ""}},
      .resources = resources_of(mysql.resources, {{"requests", {{"cpu", "500m"}, {"memory", "2Gi"}}}}),
      // Images of MySQL and of MariaDB both read /etc/mysql/conf.d.
      .mounts = Object::array({mount("config", "/etc/mysql/conf.d"), mount("secrets", kSecretsFolder),
                               mount("data", "/var/lib/mysql", false), mount("run", "/run/mysqld", false), mount("tmp", "/tmp", false)}),
      .startup = tcp_probe("mysql", 2, 300),       // a first start creates the system tables, a later one may recover a large log
      .liveness = tcp_probe("mysql", 10, 6),
      .readiness = tcp_probe("mysql", 3, 2),
  };
  for (Object& m : server.mounts) {
    if (m["name"] == "data") m["subPath"] = "mysql";      // a file system's lost+found is no database
  }

  Pod pod{.part = kPart, .image = ctx.images.mysql, .user = kDataUser, .main = server, .config_hash = short_hash(config)};
  pod.volumes = Object::array({config_volume(ctx, kName, kConfigKey),
                               secrets_volume(ctx, secrets::mysql_keys()),
                               {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", ctx.name(kClaim)}}}},
                               empty_dir("run"),
                               empty_dir("tmp")});
  pod.grace_seconds = 120;      // a clean stop writes the buffer pool's dirty pages

  Object set = object_of(ctx, "apps/v1", "StatefulSet", kName, kPart, ctx.images.mysql);
  set["spec"] = {{"replicas", 1},
                 {"serviceName", ctx.name(kName)},
                 // Parallel: with the ordered policy a pod that never became ready would not be replaced by a corrected one.
                 {"podManagementPolicy", "Parallel"},
                 {"selector", {{"matchLabels", selector(ctx, kPart)}}},
                 {"template", pod_template(ctx, pod)}};
  return set;
}

/// The class that we once asked for, or "" when the cluster's default was taken.
std::string asked_class(const Object& live) {
  return object::owns(live, kManagedBy, {"f:spec", "f:storageClassName"}) ? object::text_at(live, {"spec", "storageClassName"})
                                                                          : std::string();
}

}  // namespace

Objects desired(const Context& ctx) {
  const std::string config = server_config(ctx.platform.mysql());
  return {service_account(ctx, kPart), config_map(ctx, kPart, kConfigKey, config), service(ctx, kName, kPart, {{"mysql", kPort, "mysql"}}),
          stateful_set(ctx, config)};
}

bool is_bound(const Object& claim) {
  return !object::text_at(claim, {"spec", "volumeName"}).empty() || object::text_at(claim, {"status", "phase"}) == "Bound";
}

std::string ran_with(const Object& claim) {
  const bool ours = object::owns(claim, kManagedBy, {"f:metadata", "f:annotations", fmt::format("f:{}", kRanWith)});
  return ours ? object::text_at(claim, {"metadata", "annotations", kRanWith}) : std::string();
}

Object desired_claim(const Context& ctx, bool root_generated) {
  const crds::ClaimStorage storage = ctx.platform.mysql().storage;
  Object claim = object_of(ctx, "v1", "PersistentVolumeClaim", kClaim, kPart, {}, Owned::Outlives);
  Object& notes = claim["metadata"]["annotations"];  // for a platform that finds the volume and nothing else
  notes = {{secrets::kRootPasswordFrom, root_generated ? "generated" : "user"}};
  if (const std::string keys = secrets::passwords_from_user(ctx); !keys.empty()) notes[secrets::kPasswordsFromUser] = keys;
  const std::string runs = health(ctx).image;
  if (!runs.empty()) notes[kRanWith] = runs;
  claim["spec"] = {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", storage.size}}}}}};
  if (!storage.storage_class_name.empty()) claim["spec"]["storageClassName"] = storage.storage_class_name;

  const Object* live = find(ctx, "v1", "PersistentVolumeClaim", kClaim);
  if (live == nullptr) return claim;
  const std::string from = object::text_at(*live, {"metadata", "annotations", secrets::kRootPasswordFrom});
  if (!from.empty()) notes[secrets::kRootPasswordFrom] = from;
  if (const std::string ran = ran_with(*live); runs.empty() && !ran.empty()) notes[kRanWith] = ran;
  if (!is_bound(*live)) return claim;
  // A bound claim keeps its class and never shrinks; asking for either would only be refused.
  const std::string live_class = object::text_at(*live, {"spec", "storageClassName"});
  if (!storage.storage_class_name.empty() || !asked_class(*live).empty()) claim["spec"]["storageClassName"] = live_class;
  if (const Object* size = object::dig(*live, {"spec", "resources", "requests", "storage"});
      size != nullptr && object::less_quantity(storage.size, *size)) {
    claim["spec"]["resources"]["requests"]["storage"] = *size;
  }
  return claim;
}

std::optional<std::string> claim_to_replace(const Context& ctx, const Object& live) {
  if (is_bound(live) || object::is_deleting(live)) return std::nullopt;
  const crds::ClaimStorage storage = ctx.platform.mysql().storage;
  const std::string asked = asked_class(live);
  if (storage.storage_class_name != asked && object::text_at(live, {"spec", "storageClassName"}) != storage.storage_class_name) {
    return fmt::format("the claim is unbound and its storage class changed from \"{}\" to \"{}\"", asked, storage.storage_class_name);
  }
  const Object* size = object::dig(live, {"spec", "resources", "requests", "storage"});
  if (size != nullptr && !object::same_quantity(*size, storage.size)) {
    return fmt::format("the claim is unbound and its size changed to {}", storage.size);
  }
  return std::nullopt;
}

std::optional<crds::Problem> without_effect(const Context& ctx, const Object& live) {
  if (!is_bound(live)) return std::nullopt;
  const crds::ClaimStorage storage = ctx.platform.mysql().storage;
  const std::string live_class = object::text_at(live, {"spec", "storageClassName"});
  if (!storage.storage_class_name.empty() && storage.storage_class_name != live_class) {
    return crds::Problem{
        "spec.database.managed.storage.storageClassName",
        fmt::format("\"{}\" has no effect: PersistentVolumeClaim {} is bound with storage class \"{}\" until its data is moved",
                    storage.storage_class_name, ctx.name(kClaim), live_class)};
  }
  const Object* size = object::dig(live, {"spec", "resources", "requests", "storage"});
  if (size == nullptr || !object::less_quantity(storage.size, *size)) return std::nullopt;
  return crds::Problem{"spec.database.managed.storage.size",
                       fmt::format("{} has no effect: PersistentVolumeClaim {} has {}, and a volume cannot shrink", storage.size,
                                   ctx.name(kClaim), size->is_string() ? size->get<std::string>() : size->dump())};
}

}  // namespace controllers::database
