#include "crds/types/platform.hpp"

#include <algorithm>

#include "crds/types/cron.hpp"
#include "crds/types/formats.hpp"
#include "crds/types/server_settings.hpp"

namespace crds {

namespace {
constexpr const char* kPatchOfPods =
    "Changes to the pods: a strategic merge patch of their template, {metadata: {labels, annotations}, spec: {...}}; see pod-templates.md.";
}

template <>
Description<LocalRef> describe() {
  return Description<LocalRef>().field("name", &LocalRef::name, "Name of an object in the platform's namespace.", {.format = kObjectName});
}

template <>
Description<Resources> describe() {
  return Description<Resources>()
      .field("requests", &Resources::requests, "What the scheduler sets aside, by resource name.",
             {.length_max = 32, .items_max = 8, .format = kQuantity})
      .field("limits", &Resources::limits, "What the container may not exceed, by resource name.",
             {.length_max = 32, .items_max = 8, .format = kQuantity});
}

template <>
Description<ClaimStorage> describe() {
  return Description<ClaimStorage>()
      .field("size", &ClaimStorage::size, "Size of the volume claim; may grow later. Default 20Gi.",
             {.length_max = 32, .format = kQuantity, .schema_default = false})
      .field("storageClassName", &ClaimStorage::storage_class_name,
             "Storage class of the claim; empty means the cluster's default. While the claim is unbound, a changed class replaces it.",
             {.format = kObjectName});
}

// Members of the unions database and redis have no schema defaults; their texts name what the operator fills in.
template <>
Description<ManagedMysql> describe() {
  return Description<ManagedMysql>()
      .field("image", &ManagedMysql::image, "Image of MySQL 8 or MariaDB 10.11 and later; empty means the operator's default.",
             {.length_max = 512, .format = kImage})
      .field("storage", &ManagedMysql::storage, "The volume of the data.", {.schema_default = false})
      .field("resources", &ManagedMysql::resources, "Requests and limits of the container. Default: requests 500m CPU and 2Gi memory.")
      .field("maxConnections", &ManagedMysql::max_connections, "Server setting max_connections. Default 500.",
             {.min = 50, .max = 100000, .schema_default = false})
      .field("innodbBufferPoolSize", &ManagedMysql::innodb_buffer_pool_size, "Server setting innodb_buffer_pool_size. Default 1G.",
             {.length_max = 16, .format = kMysqlSize, .schema_default = false})
      .field(
          "flushLogAtTrxCommit", &ManagedMysql::flush_log_at_trx_commit,
          "Server setting innodb_flush_log_at_trx_commit. Default 1. With 0 or 2 a crash of the node may lose the last second of payments.",
          {.min = 0, .max = 2, .schema_default = false})
      .field("syncBinlog", &ManagedMysql::sync_binlog, "Server setting sync_binlog. Default 1.",
             {.min = 0, .max = 1000, .schema_default = false})
      .field("config", &ManagedMysql::config, "Further server settings by name, as in a my.cnf file.",
             {.length_max = 256, .items_max = 64, .format = kOneLine})
      .field("podTemplate", &ManagedMysql::pod_template, kPatchOfPods)
      .rule(reserved_settings_rule(), reserved_settings_message(), "config", [](const ManagedMysql& mysql) {
        return std::none_of(mysql.config.begin(), mysql.config.end(),
                            [](const auto& setting) { return names_reserved_setting(setting.first); });
      });
}

template <>
Description<SchemaJob> describe() {
  return Description<SchemaJob>().field("podTemplate", &SchemaJob::pod_template, kPatchOfPods);
}

template <>
Description<Database> describe() {
  return Description<Database>()
      .field("engine", &Database::engine, "Database engine.", {.one_of = {"mysql"}})
      .field("schema", &Database::schema, "The Job that brings the database to the schema of the release.")
      .field("managed", &Database::managed, "A database that the operator runs in the namespace. Also what an absent mode means.");
}

template <>
Description<ScratchStorage> describe() {
  return Description<ScratchStorage>().field("size", &ScratchStorage::size,
                                             "Size limit of the pod's own volume, lost with the pod. Default 2Gi.",
                                             {.length_max = 32, .format = kQuantity, .schema_default = false});
}

template <>
Description<ManagedRedis> describe() {
  return Description<ManagedRedis>()
      .field("image", &ManagedRedis::image, "Image of Redis 7 or later; empty means the operator's default.",
             {.length_max = 512, .format = kImage})
      .field("maxMemory", &ManagedRedis::max_memory, "Setting maxmemory. Default 1gb.",
             {.length_max = 16, .format = kRedisSize, .schema_default = false})
      .field("maxMemoryPolicy", &ManagedRedis::max_memory_policy, "Setting maxmemory-policy. Default allkeys-lru.",
             {.one_of = {"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
                         "noeviction"},
              .schema_default = false})
      .field("appendOnly", &ManagedRedis::append_only,
             "How often the append-only file is flushed; no turns the file off. Default everysec.",
             {.one_of = {"everysec", "always", "no"}, .schema_default = false})
      .field("storage", &ManagedRedis::storage, "The volume of the append-only file.", {.schema_default = false})
      .field("podTemplate", &ManagedRedis::pod_template, kPatchOfPods);
}

template <>
Description<Redis> describe() {
  return Description<Redis>().field("managed", &Redis::managed,
                                    "A Redis that the operator runs in the namespace. Also what an absent mode means.");
}

template <>
Description<WechatPay> describe() {
  return Description<WechatPay>()
      .field("enabled", &WechatPay::enabled, "Whether payments may use WeChat Pay.")
      .field("apiVersion", &WechatPay::api_version, "Version of WeChat Pay's interface.", {.one_of = {"v3"}})
      .field("baseUrl", &WechatPay::base_url,
             "Address of WeChat Pay. Empty means the simulator where it is enabled, else https://api.mch.weixin.qq.com.", {.format = kUrl})
      .field("secretRef", &WechatPay::secret_ref, "Secret with the keys wechat-*; empty means the platform's secretRef.");
}

template <>
Description<Simulator> describe() {
  return Description<Simulator>()
      .field("enabled", &Simulator::enabled,
             "Runs a channel simulator; every enabled channel without a baseUrl uses it, and no real money moves.")
      .field("podTemplate", &Simulator::pod_template, kPatchOfPods);
}

template <>
Description<Channels> describe() {
  return Description<Channels>()
      .field("wechatPay", &Channels::wechat_pay, "WeChat Pay.")
      .field("simulator", &Channels::simulator, "A simulator of payment channels, for tests and demonstrations.");
}

template <>
Description<Autoscaling> describe() {
  return Description<Autoscaling>()
      .field("enabled", &Autoscaling::enabled, "Whether a HorizontalPodAutoscaler decides the number of replicas.")
      .field("minReplicas", &Autoscaling::min_replicas, "Fewest replicas.", {.min = 1, .max = kReplicasMax})
      .field("maxReplicas", &Autoscaling::max_replicas, "Most replicas.", {.min = 1, .max = kReplicasMax})
      .field("targetCPUUtilizationPercentage", &Autoscaling::target_cpu, "Average CPU use to aim at, in percent of the request.",
             {.min = 1, .max = 100})
      .field("targetMemoryUtilizationPercentage", &Autoscaling::target_memory, "Average memory use to aim at, in percent of the request.",
             {.min = 1, .max = 100})
      .rule("self.minReplicas <= self.maxReplicas", "minReplicas must not exceed maxReplicas", "minReplicas",
            [](const Autoscaling& a) { return a.min_replicas <= a.max_replicas; });
}

template <>
Description<EnvVar> describe() {
  return Description<EnvVar>()
      .field("name", &EnvVar::name, "Name of the variable.", {.length_max = 128, .format = kEnvName, .required = true})
      .field("value", &EnvVar::value, "Its value.", {.length_max = 4096});
}

template <>
Description<Service> describe() {
  return Description<Service>()
      .field("replicas", &Service::replicas, "Number of replicas where autoscaling is off.", {.max = kReplicasMax})
      .field("autoscaling", &Service::autoscaling, "Scaling by load.")
      .field("resources", &Service::resources, "Requests and limits of the container. Default: 500m and 512Mi, at most 2 CPUs and 1Gi.")
      .field("env", &Service::env, "Further environment variables.", {.list_key = {"name"}})
      .field("logLevel", &Service::log_level, "Least severity that is logged.", {.one_of = {"debug", "info", "warn", "error"}})
      .field("podTemplate", &Service::pod_template, kPatchOfPods);
}

template <>
Description<Services> describe() {
  return Description<Services>()
      .field("payment", &Services::payment, "Creates and queries payments.")
      .field("callback", &Services::callback, "Receives the channels' notifications.")
      .field("reconciliation", &Services::reconciliation, "Compares our books with the channels'.");
}

template <>
Description<Reconciliation> describe() {
  return Description<Reconciliation>()
      .field("schedule", &Reconciliation::schedule,
             "When to reconcile: five numeric cron fields, or @hourly, @daily, @weekly, @monthly, @yearly.",
             {.length_max = 100,
              .format = {cron_pattern(), "five numeric cron fields such as 0/30 * * * *, or @hourly to @yearly", false, true}})
      // Days are the channels' own, whatever this is.
      .field("timeZone", &Reconciliation::time_zone, "Time zone of the schedule.",
             {.one_of = {"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Asia/Seoul", "UTC", "Etc/UTC"}})
      .field("lookbackDays", &Reconciliation::lookback_days, "How many days back a run looks.", {.min = 1, .max = 31})
      .field("timeoutSeconds", &Reconciliation::timeout_seconds, "When a run is given up.", {.min = 10, .max = 3600})
      .field("podTemplate", &Reconciliation::pod_template, kPatchOfPods);
}

template <>
Description<IngressTls> describe() {
  return Description<IngressTls>().field("secretName", &IngressTls::secret_name,
                                         "Secret with tls.crt and tls.key; empty means no TLS at the ingress.", {.format = kObjectName});
}

template <>
Description<RateLimit> describe() {
  return Description<RateLimit>().field(
      "requestsPerSecond", &RateLimit::requests_per_second,
      "Requests a second that one client address may make (annotation of ingress-nginx); 0 means no limit.", {.max = 1000000});
}

template <>
Description<Ingress> describe() {
  return Description<Ingress>()
      .field("enabled", &Ingress::enabled, "Whether the ingress exists.")
      .field("className", &Ingress::class_name, "Ingress class.", {.format = kObjectName})
      .field("host", &Ingress::host, "Host name under which the platform is reached; also what channels call back.",
             {.length_max = kIngressHostMax, .format = kHostName})
      .field("tls", &Ingress::tls, "TLS at the ingress.")
      .field("rateLimit", &Ingress::rate_limit, "Limit for one client.")
      .field("annotations", &Ingress::annotations, "Further annotations of the ingress.", {.length_max = 4096})
      .rule("!self.enabled || (has(self.host) && self.host != '')", "host is required where the ingress is enabled", "host",
            [](const Ingress& i) { return !i.enabled || !i.host.empty(); });
}

template <>
Description<Security> describe() {
  return Description<Security>().field(
      "apiAuthentication", &Security::api_authentication,
      "Required: every request is signed. Development: the documented test key and unsigned requests are accepted.",
      {.one_of = {"Required", "Development"}});
}

template <>
Description<MaintenanceWindow> describe() {
  return Description<MaintenanceWindow>()
      .field("start", &MaintenanceWindow::start,
             "When a window opens, in UTC: five numeric cron fields, or @hourly, @daily, @weekly, @monthly, @yearly.",
             {.length_max = 100,
              .format = {cron_pattern(), "five numeric cron fields such as 0 2 * * 0, or @hourly to @yearly", false, true},
              .required = true})
      .field("duration", &MaintenanceWindow::duration, "How long it stays open: 1m to 24h, such as 2h or 1h30m.",
             {.length_max = 8, .format = kDuration, .required = true});
}

template <>
Description<Spec> describe() {
  return Description<Spec>()
      .field("namePrefix", &Spec::name_prefix,
             "Put before the name of every child, for a second platform in a namespace; the operator must be told of it (chart value "
             "namePrefixes). "
             "It cannot be changed after creation.",
             {.length_max = kNamePrefixMax, .format = kNamePrefix, .immutable = true})
      .field("version", &Spec::version,
             "Release of payment-runtime: a tag in the repository of the operator's default image. Empty: the operator's default at the "
             "first reconcile, and from then on what runs.",
             {.length_max = kNameMax, .format = kImageTag})
      .field("image", &Spec::image, "Whole image reference of payment-runtime; wins over version.", {.length_max = 512, .format = kImage})
      .field("imagePullSecrets", &Spec::image_pull_secrets, "Secrets to pull images with.", {.items_max = 8})
      .field("paused", &Spec::paused, "Stops all changes; the status still moves. Also annotation paymentplatform.io/paused: \"true\".")
      .field("deletionPolicy", &Spec::deletion_policy, "What happens to volumes and generated Secrets when the platform is deleted.",
             {.one_of = {"Retain", "Delete"}})
      .field("secretRef", &Spec::secret_ref,
             "The user's Secret. Never written; keys that are missing and can be generated come from payment-generated.")
      .field("database", &Spec::database, "The database.")
      .field("redis", &Spec::redis, "The cache for idempotency checks. Losing it costs latency, never an outcome.")
      .field("channels", &Spec::channels, "Payment channels.")
      .field("services", &Spec::services, "The services of the platform.")
      .field("reconciliation", &Spec::reconciliation, "The scheduled comparison with the channels' bills.")
      .field("ingress", &Spec::ingress, "The way in from outside.")
      .field("security", &Spec::security, "Who may call.")
      .field(
          "maintenanceWindows", &Spec::maintenance_windows,
          "When restarts may happen that no edit of the spec asked for. Without one those of the database wait for an approval, and those "
          "of the other parts happen at once.",
          {.items_max = 16});
}

namespace {

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

constexpr std::chrono::hours kWindowMax{24};

/// Rules that need more than the schema can say.
void check_meaning(const Spec& spec, Problems& problems) {
  if (!Cron::parse(spec.reconciliation.schedule)) {
    problems.push_back({"spec.reconciliation.schedule", "never fires: \"" + spec.reconciliation.schedule +
                                                            "\" names a day that no month has, or a range that runs backwards"});
  }
  for (std::size_t i = 0; i < spec.maintenance_windows.size(); ++i) {
    const MaintenanceWindow& window = spec.maintenance_windows[i];
    const std::string here = "spec.maintenanceWindows[" + std::to_string(i) + "]";
    if (!Cron::parse(window.start))
      problems.push_back({here + ".start", "never opens: \"" + window.start + "\" names a day that no month has"});
    const auto open = duration_of(window.duration);
    if (open <= std::chrono::minutes(0) || open > kWindowMax)
      problems.push_back({here + ".duration", "must be 1m to 24h, is \"" + window.duration + "\""});
  }
  if (!spec.database.managed) return;
  for (const auto& [name, value] : spec.database.managed->config) {
    const bool plain = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
    if (!plain) problems.push_back({"spec.database.managed.config", "\"" + name + "\" is no name of a server setting"});
    if (plain && is_reserved_setting(name)) {
      problems.push_back(
          {"spec.database.managed.config." + name, "is another way to write a setting that the operator manages; remove it"});
    }
  }
}

}  // namespace

std::chrono::minutes duration_of(const std::string& text) {
  std::chrono::minutes total{0};
  int number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9' && number < 1000) {
      number = number * 10 + (c - '0');
    } else if (c == 'h' || c == 'm') {
      total += c == 'h' ? std::chrono::minutes(60 * number) : std::chrono::minutes(number);
      number = 0;
    } else {
      return {};
    }
  }
  return number == 0 ? total : std::chrono::minutes(0);
}

Platform decode_platform(const nlohmann::json& object, Problems& problems) {
  Platform platform;
  if (!object.is_object()) {
    problems.push_back({"", "is no object"});
    return platform;
  }
  const nlohmann::json metadata = object.value("metadata", nlohmann::json::object());
  platform.name = text_at(metadata, "name");
  platform.name_space = text_at(metadata, "namespace");
  platform.uid = text_at(metadata, "uid");
  if (metadata.contains("generation") && metadata["generation"].is_number_integer())
    platform.generation = metadata["generation"].get<std::int64_t>();
  if (platform.name.size() > kNameMax)
    problems.push_back({"metadata.name", "must have at most 63 characters: it becomes a label of every child"});

  const auto spec = object.find("spec");
  if (spec != object.end() && !spec->is_null() && decode_value(platform.spec, *spec, Bounds{}, "spec", problems))
    check_meaning(platform.spec, problems);

  platform.paused = platform.spec.paused;
  const auto annotations = metadata.find("annotations");
  if (annotations != metadata.end() && annotations->is_object()) {
    platform.paused = platform.paused || text_at(*annotations, kPausedAnnotation) == "true";
  }
  return platform;
}

}  // namespace crds
