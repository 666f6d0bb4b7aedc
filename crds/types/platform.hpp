// PaymentPlatform v1alpha1: what a user may ask for. Initial values are the defaults. Fields are described in platform.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/types/describe.hpp"
#include "crds/types/pod_template.hpp"

namespace crds {

inline constexpr const char* kGroup = "paymentplatform.io";
inline constexpr const char* kVersion = "v1alpha1";
inline constexpr const char* kApiVersion = "paymentplatform.io/v1alpha1";
inline constexpr const char* kKind = "PaymentPlatform";
inline constexpr const char* kPausedAnnotation = "paymentplatform.io/paused";    // "true": as spec.paused
inline constexpr std::uint32_t kNameMax = 63;    // characters of a label value: the name is one on every child

using Texts = std::map<std::string, std::string>;

struct LocalRef {
  std::string name;
};

struct Resources {
  Texts requests;
  Texts limits;
  [[nodiscard]] bool empty() const { return requests.empty() && limits.empty(); }
};

struct ClaimStorage {
  std::string size = "20Gi";
  std::string storage_class_name;    // empty: the cluster's default class
};

struct ManagedMysql {
  std::string image;                 // empty: the operator's default
  ClaimStorage storage;
  Resources resources;
  std::int32_t max_connections = 500;
  std::string innodb_buffer_pool_size = "1G";
  std::int32_t flush_log_at_trx_commit = 1;
  std::int32_t sync_binlog = 1;
  Texts config;
  PodTemplate pod_template;
};

/// The Job that brings the database to the schema of the release.
struct SchemaJob {
  PodTemplate pod_template;
};

struct Database {
  std::string engine = "mysql";
  SchemaJob schema;
  std::optional<ManagedMysql> managed;
};

struct ScratchStorage {
  std::string size = "2Gi";
};

struct ManagedRedis {
  std::string image;
  std::string max_memory = "1gb";
  std::string max_memory_policy = "allkeys-lru";
  std::string append_only = "everysec";
  ScratchStorage storage;
  PodTemplate pod_template;
};

struct Redis {
  std::optional<ManagedRedis> managed;
};

struct WechatPay {
  bool enabled = false;
  std::string api_version = "v3";
  std::string base_url;              // empty: the simulator when it is enabled, else WeChat Pay itself
  LocalRef secret_ref;               // empty: the platform's secretRef
};

struct Simulator {
  bool enabled = false;
  PodTemplate pod_template;
};

struct Channels {
  WechatPay wechat_pay;
  Simulator simulator;
};

struct Autoscaling {
  bool enabled = true;
  std::int32_t min_replicas = 3;
  std::int32_t max_replicas = 10;
  std::int32_t target_cpu = 70;
  std::int32_t target_memory = 80;
};

struct EnvVar {
  std::string name;
  std::string value;
};

struct Service {
  std::int32_t replicas = 3;         // used only without autoscaling
  Autoscaling autoscaling;
  Resources resources;
  std::vector<EnvVar> env;
  std::string log_level = "info";
  PodTemplate pod_template;
};

struct Services {
  Service payment;
  Service callback;
  Service reconciliation{.replicas = 1,
                         .autoscaling = {.enabled = false, .min_replicas = 1, .max_replicas = 3},
                         .resources = {},
                         .env = {},
                         .pod_template = {}};
};

struct Reconciliation {
  std::string schedule = "0/30 * * * *";
  std::string time_zone = "Asia/Shanghai";
  std::int32_t lookback_days = 7;
  std::int32_t timeout_seconds = 600;
  PodTemplate pod_template;          // of the CronJob
};

struct IngressTls {
  std::string secret_name;
};

struct RateLimit {
  std::int32_t requests_per_second = 100;
};

struct Ingress {
  bool enabled = false;
  std::string class_name = "nginx";
  std::string host;
  IngressTls tls;
  RateLimit rate_limit;
  Texts annotations;
};

struct Security {
  std::string api_authentication = "Required";
};

/// When restarts that nobody asked for may happen. Times are UTC.
struct MaintenanceWindow {
  std::string start;                 // cron
  std::string duration;              // "2h", "1h30m"
};

struct Spec {
  std::string name_prefix;           // of every child's name
  std::string version;               // empty: what runs, or the operator's default
  std::string image;                 // wins over version
  std::vector<LocalRef> image_pull_secrets;
  bool paused = false;
  std::string deletion_policy = "Retain";
  LocalRef secret_ref{"payment-service-secret"};
  Database database;
  Redis redis;
  Channels channels;
  Services services;
  Reconciliation reconciliation;
  Ingress ingress;
  Security security;
  std::vector<MaintenanceWindow> maintenance_windows;
};

template <>
Description<Spec> describe();

/// The parts of metadata that decisions need.
struct Platform {
  std::string name;
  std::string name_space;
  std::string uid;
  std::int64_t generation = 0;
  bool paused = false;               // by spec or by annotation paymentplatform.io/paused
  Spec spec;

  /// What a child is called: "mysql", or "shop-mysql".
  [[nodiscard]] std::string child_name(std::string_view plain) const { return spec.name_prefix + std::string(plain); }
  [[nodiscard]] ManagedMysql mysql() const { return spec.database.managed.value_or(ManagedMysql{}); }
  [[nodiscard]] ManagedRedis redis() const { return spec.redis.managed.value_or(ManagedRedis{}); }
};

/// Of "2h", "90m" or "1h30m"; zero of anything else.
[[nodiscard]] std::chrono::minutes duration_of(const std::string& text);

/// Reads an object of ours; everything that is wrong with it goes to `problems` with its field path. What decoded is kept even then.
[[nodiscard]] Platform decode_platform(const nlohmann::json& object, Problems& problems);

}  // namespace crds
