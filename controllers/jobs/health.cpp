#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/database/database.hpp"
#include "controllers/jobs/jobs.hpp"

namespace controllers::jobs {
namespace {

/// The newest pod of a Job.
const Object* newest_pod(const Context& ctx, const std::string& job) {
  const Object* newest = nullptr;
  for (const Object* pod : pods_of(ctx, kSchema)) {
    if (object::label_of(*pod, "batch.kubernetes.io/job-name") != job && object::label_of(*pod, "job-name") != job) continue;
    const auto age = [](const Object& p) { return object::text_at(p, {"metadata", "creationTimestamp"}); };
    if (newest == nullptr || age(*pod) > age(*newest)) newest = pod;
  }
  return newest;
}

}  // namespace

bool is_finished(const Object& job) { return object::condition_is_true(job, "Complete") || object::condition_is_true(job, "Failed"); }

std::optional<base::TimePoint> failed_at(const Object& job) {
  if (!object::condition_is_true(job, "Failed")) return std::nullopt;
  const auto when = base::parse_rfc3339(object::text_at(*object::condition_of(job, "Failed"), {"lastTransitionTime"}));
  return when ? *when : base::TimePoint{};
}

const Object* live_schema_job(const Context& ctx) { return find(ctx.live, "batch/v1", "Job", object::name_of(schema_job(ctx))); }

ComponentStatus health(const Context& ctx) {
  const std::string name = object::name_of(schema_job(ctx));
  ComponentStatus status{.name = name, .kind = "Job", .desired = 1};
  const Object* job = find(ctx.live, "batch/v1", "Job", name);
  if (job == nullptr) {
    status.reason = Reason::SchemaCreating;
    status.message = fmt::format("Job {} is being created", name);
    return status;
  }
  if (object::condition_is_true(*job, "Complete")) {
    status.good = true;
    status.image = ctx.images.runtime;
    status.ready = 1;
    status.reason = Reason::SchemaReady;
    status.message = fmt::format("Job {} has brought the schema up to date", name);
    return status;
  }
  const ComponentStatus database = database::health(ctx);
  const Object* pod = newest_pod(ctx, name);
  const auto problem = pod == nullptr ? std::nullopt : pod_problem(*pod, ctx.now);
  if (!database.good && (!problem || problem->reason == Reason::ContainerFailing)) {
    status.reason = Reason::WaitingForDatabase;
    status.message = fmt::format("Job {} waits for the database: {}", name, database.message);
  } else if (object::condition_is_true(*job, "Failed") || (problem && problem->reason == Reason::ContainerFailing)) {
    status.reason = Reason::SchemaFailed;
    const Object* failed = object::condition_of(*job, "Failed");
    const std::string why = problem ? problem->message : failed == nullptr ? "" : object::text_at(*failed, {"message"});
    status.message = fmt::format("Job {} failed: {}; it is tried again until it succeeds, so put its cause right", name, why);
  } else if (problem) {
    status.reason = problem->reason;
    status.message = problem->message;
  } else {
    status.reason = Reason::SchemaMigrating;
    status.message = fmt::format("Job {} is running", name);
  }
  return status;
}

}  // namespace controllers::jobs
