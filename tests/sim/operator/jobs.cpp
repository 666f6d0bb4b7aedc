// Jobs and CronJobs.
#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/operator/cluster.hpp"

namespace sim {

using controllers::object::condition_is_true;
using controllers::object::is_deleting;
using controllers::object::number_at;
using controllers::object::text_at;

namespace {

constexpr minutes kCronEvery{30};      // whatever the schedule says: what matters is that Jobs come and go
constexpr std::size_t kHistory = 3;

bool has_ended(const Object& job) { return condition_is_true(job, "Complete") || condition_is_true(job, "Failed"); }

Object ended(const char* type, const std::string& now, const std::string& message) {
  return Object::array({{{"type", type}, {"status", "True"}, {"lastTransitionTime", now}, {"message", message}}});
}

}  // namespace

void look_at_job(Cluster& cluster, const Place& place, const Object& job) {
  if (has_ended(job)) return;
  std::int64_t failed = 0;
  std::int64_t active = 0;
  bool done = false;
  for (const Stored& pod : cluster.pods_of(job)) {
    const std::string phase = text_at(*pod, {"status", "phase"});
    done = done || phase == "Succeeded";
    if (phase == "Failed") {
      ++failed;
    } else if (phase != "Succeeded") {
      ++active;
    }
  }
  if (done) {
    cluster.set_status(place, {{"conditions", ended("Complete", cluster.now_text(), "")},
                               {"succeeded", 1},
                               {"active", 0},
                               {"completionTime", cluster.now_text()}});
    return cluster.wake_pods(place.name_space);
  }
  if (failed > number_at(job, {"spec", "backoffLimit"}, 6)) {
    cluster.set_status(place, {{"conditions", ended("Failed", cluster.now_text(), "Job has reached the specified backoff limit")},
                               {"failed", failed},
                               {"active", 0}});
    return;
  }
  if (active == 0) cluster.create_pod(job, fmt::format("{}-{}", place.name, failed), job["spec"]["template"], Object::object());
  cluster.set_status(place, {{"active", 1}, {"failed", failed}});
}

void look_at_cron_job(Cluster& cluster, const Place& place, const Object& cron_job) {
  const auto turn = cluster.schedule().wall().time_since_epoch() / kCronEvery;
  const std::string name = fmt::format("{}-{}", place.name, turn);
  const auto next = (turn + 1) * std::chrono::duration_cast<microseconds>(kCronEvery) - cluster.schedule().wall().time_since_epoch();

  std::vector<Stored> finished;
  bool running = false;
  for (const Stored& job : cluster.server().store().list(kind_named("Job"), place.name_space)) {
    if (controllers::object::controller_uid(*job) != text_at(cron_job, {"metadata", "uid"}) || is_deleting(*job)) continue;
    running = running || !has_ended(*job);
    if (has_ended(*job)) finished.push_back(job);
  }
  std::sort(finished.begin(), finished.end(), [](const Stored& a, const Stored& b) {
    return text_at(*a, {"metadata", "creationTimestamp"}) < text_at(*b, {"metadata", "creationTimestamp"});
  });
  for (std::size_t i = 0; i + kHistory < finished.size(); ++i) cluster.server().remove(place_of(*finished[i]));

  const bool missed = text_at(cron_job, {"status", "lastTurn"}).empty();      // the turn in which it was made is not for it
  if (!missed && text_at(cron_job, {"status", "lastTurn"}) != std::to_string(turn) && !running && cron_job["spec"]["suspend"] == false) {
    Object job = {{"apiVersion", "batch/v1"},
                  {"kind", "Job"},
                  {"metadata", cron_job["spec"]["jobTemplate"].value("metadata", Object())},
                  {"spec", cron_job["spec"]["jobTemplate"]["spec"]}};
    job["metadata"]["name"] = name;
    job["metadata"]["namespace"] = place.name_space;
    job["metadata"]["ownerReferences"] = Object::array({owner_reference(cron_job)});
    cluster.server().create(std::move(job), kControllerManager);
  }
  cluster.set_status(place, {{"lastTurn", std::to_string(turn)}});
  cluster.look_in(place, next);
}

}  // namespace sim
