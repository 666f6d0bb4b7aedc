// The schema Job, which brings the database to the schema of this release, and the CronJob that reconciles.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "controllers/component/part.hpp"

namespace controllers::jobs {

inline constexpr const char* kSchema = "schema";
inline constexpr const char* kCronJob = "reconciliation-cronjob";
inline constexpr const char* kRunContainer = "reconcile";      // of the CronJob's pods
constexpr std::chrono::seconds kRetryFailedJob{20};      // a failed Job is replaced after this time: its cause may be gone

[[nodiscard]] Objects desired(const Context& ctx);
/// Its name holds a hash of what it is made from: another image, another database or another password is another Job.
[[nodiscard]] Object schema_job(const Context& ctx);
/// The one that is there under that name; null before it is made.
[[nodiscard]] const Object* live_schema_job(const Context& ctx);
/// Of the schema; a CronJob's runs are what they report.
[[nodiscard]] ComponentStatus health(const Context& ctx);

[[nodiscard]] bool is_finished(const Object& job);
/// When the Job failed for good.
[[nodiscard]] std::optional<base::TimePoint> failed_at(const Object& job);

}  // namespace controllers::jobs
