#include "controllers/component/pod.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/secrets/sources.hpp"
#include "controllers/services/runtime_config.hpp"
#include "controllers/services/services.hpp"

namespace controllers::jobs {
namespace {

const Part kSchemaPart{kSchema, "schema"};
const Part kCronPart{kCronJob, "reconciliation"};

constexpr std::int32_t kSchemaRetries = 2;             // then the Job has failed, is reported, and is made anew
constexpr std::int32_t kStartingDeadlineSeconds = 300; // a run that could not start by then waits for its next turn
constexpr std::int32_t kHistory = 3;
// The run itself ends within timeoutSeconds. The Job's deadline also counts what comes before it: finding a node, pulling the image, and
// the wait for the schema, which alone may take 10 minutes. It only clears away a pod that never got to run, or hangs.
constexpr std::int32_t kStartSlackSeconds = 900;

Object cron_job(const Context& ctx) {
  const crds::Reconciliation& spec = ctx.platform.spec.reconciliation;
  // The same file as the service's: a run sees the same channels and the same days.
  const services::Role& role = services::kRoles[2];
  const std::string config = services::service_config(ctx, {role.port, role.management}, services::spec_of(ctx, role).log_level);
  Container run{
      .name = kRunContainer,
      .image = ctx.images.runtime,
      .args = {"reconcile", "--config", kConfigFile},
      .resources = {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}}, {"limits", {{"cpu", "1"}, {"memory", "512Mi"}}}},
      .mounts = services::runtime_mounts(),
  };
  Pod pod{.part = kCronPart,
          .image = ctx.images.runtime,
          .init = {services::wait_for_schema(ctx)},
          .main = run,
          .config_hash = short_hash(config)};
  pod.volumes = services::runtime_volumes(ctx, role.name, secrets::service_keys(ctx.platform));
  pod.restart = "Never";

  Object object = object_of(ctx, "batch/v1", "CronJob", kCronJob, kCronPart, ctx.images.runtime);
  object["spec"] = {{"schedule", spec.schedule},
                    {"timeZone", spec.time_zone},
                    {"concurrencyPolicy", "Forbid"},
                    {"startingDeadlineSeconds", kStartingDeadlineSeconds},
                    {"successfulJobsHistoryLimit", kHistory},
                    {"failedJobsHistoryLimit", kHistory},
                    {"jobTemplate",
                     {{"metadata", {{"labels", labels(ctx, kCronPart)}}},
                      {"spec",
                       {{"activeDeadlineSeconds", spec.timeout_seconds + kStartSlackSeconds},
                        {"backoffLimit", 1},
                        {"template", pod_template(ctx, pod)}}}}}};
  return object;
}

}  // namespace

Object schema_job(const Context& ctx) {
  const std::string config = services::migrate_config(ctx);
  Container migrate{
      .name = "migrate",
      .image = ctx.images.runtime,
      .args = {"migrate", "--config", kConfigFile},
      .resources = {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}}, {"limits", {{"memory", "256Mi"}}}},
      .mounts = services::runtime_mounts(),
  };
  Pod pod{.part = kSchemaPart, .image = ctx.images.runtime, .main = migrate, .config_hash = short_hash(config)};
  pod.volumes = services::runtime_volumes(ctx, kSchema, secrets::migrate_keys());
  pod.restart = "Never";

  const Object spec = {{"backoffLimit", kSchemaRetries}, {"template", pod_template(ctx, pod)}};
  const Object& patch = ctx.platform.spec.database.schema.pod_template.patch;      // laid over the template later
  const std::string made_from = spec.dump() + (patch.empty() ? "" : patch.dump()) + ctx.passwords;
  const std::string name = std::string(kSchema) + "-" + short_hash(made_from).substr(0, 10);
  Object object = object_of(ctx, "batch/v1", "Job", name, kSchemaPart, ctx.images.runtime);
  if (!ctx.passwords.empty()) object["metadata"]["annotations"][secrets::kPasswords] = ctx.passwords;
  object["spec"] = spec;
  return object;
}

Objects desired(const Context& ctx) {
  return {service_account(ctx, kSchemaPart), config_map(ctx, kSchemaPart, services::kConfigKey, services::migrate_config(ctx)),
          schema_job(ctx), service_account(ctx, kCronPart), cron_job(ctx)};
}

}  // namespace controllers::jobs
