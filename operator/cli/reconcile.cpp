// kubectl payment reconcile: what the CronJob does every half hour, now, and its log until it ends.
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

#include "controllers/jobs/jobs.hpp"
#include "operator/cli/log_stream.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/verbs.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::Object;
using controllers::object::list_at;
using controllers::object::number_at;
using controllers::object::text_at;

constexpr std::chrono::milliseconds kLookAgain{1'000};
constexpr std::chrono::hours kRunMax{2};      // well over the largest timeoutSeconds and what may come before a run

base::Result<Object> find_cron_job(const Session& session, Cluster& cluster, const kube::PlatformKey& key) {
  const std::string labels = std::string(kube::kManagedByLabel) + "=" + std::string(kube::kManagedByValue) + "," +
                             std::string(kube::kInstanceLabel) + "=" + key.name;
  const auto items =
      cluster.list(kube::path_of("batch/v1", "cronjobs", key.name_space, ""), labels, "list CronJobs in namespace " + key.name_space);
  if (!items) return base::fail(items.error());
  for (const Object& item : *items) {
    if (controllers::object::label_of(item, "app") == controllers::jobs::kCronJob) return item;
  }
  return base::fail(Code::NotFound, "PaymentPlatform " + key.name_space + "/" + key.name + " has no reconciliation CronJob yet; " +
                                        runnable("kubectl payment status " + key.name + " says why", place_of(session, key)));
}

/// As `kubectl create job --from=cronjob/...` makes it.
Object job_of(const Object& cron_job, const std::string& suffix) {
  const Object& job = cron_job["spec"]["jobTemplate"];
  const std::string name = text_at(cron_job, {"metadata", "name"});
  Object metadata = job.value("metadata", Object::object());
  metadata["name"] = name + "-" + suffix;
  metadata["namespace"] = text_at(cron_job, {"metadata", "namespace"});
  metadata["annotations"]["cronjob.kubernetes.io/instantiate"] = "manual";
  metadata["ownerReferences"] = Object::array({{{"apiVersion", "batch/v1"},
                                                {"kind", "CronJob"},
                                                {"name", name},
                                                {"uid", text_at(cron_job, {"metadata", "uid"})},
                                                {"controller", true}}});
  return {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", metadata}, {"spec", job.value("spec", Object::object())}};
}

/// Five letters and digits as Kubernetes draws them: no vowels, so no words.
std::string random_suffix(base::Rng& rng) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += kLetters[rng.below(kLetters.size())];
  return suffix;
}

/// The state of our container, if it is this one.
const Object* state_of(const Object& pod, const char* state) {
  for (const Object& container : list_at(pod, {"status", "containerStatuses"})) {
    if (text_at(container, {"name"}) == controllers::jobs::kRunContainer) return controllers::object::dig(container, {"state", state});
  }
  return nullptr;
}

/// A run under way: shows the log of each of its pods, once its container has started.
class Run {
 public:
  Run(Session& session, Cluster& cluster, std::string name_space, std::string job)
      : session_(session),
        cluster_(cluster),
        name_space_(std::move(name_space)),
        job_(std::move(job)) {}

  base::Result<int> follow() {
    const base::SteadyPoint end = session_.clock.steady_now() + kRunMax;
    while (session_.clock.steady_now() < end) {
      const auto ended = look();
      if (!ended && !passes(ended.error())) return base::fail(ended.error());
      if (!ended) session_.console.note(base::describe(ended.error()) + "; the run goes on in the cluster, and is looked at again");
      if (ended && *ended) return **ended;
      (void)cluster_.wait([] { return false; }, kLookAgain);
    }
    return base::fail(Code::DeadlineExceeded, "Job " + job_ + " did not end; it goes on in the cluster");
  }

 private:
  /// Not an answer about the Job: the API server is away or busy for a moment, as in its own upgrade.
  static bool passes(const base::Error& error) {
    return error.code == Code::Unknown || error.code == Code::Unavailable || error.code == Code::DeadlineExceeded ||
           error.code == Code::ResourceExhausted;
  }

  /// The exit code, once the Job has ended.
  base::Result<std::optional<int>> look() {
    const auto job = cluster_.get(kube::path_of("batch/v1", "jobs", name_space_, job_), "read Job " + job_);
    if (!job) return base::fail(job.error());
    const auto pods =
        cluster_.list(kube::path_of("v1", "pods", name_space_, ""), "batch.kubernetes.io/job-name=" + job_, "list the pods of Job " + job_);
    if (!pods) return base::fail(pods.error());
    for (const Object& pod : *pods) {
      if (auto shown = show(pod); !shown) return base::fail(shown.error());
    }
    if (controllers::object::condition_is_true(*job, "Complete")) return std::optional<int>(kExitDone);
    if (controllers::object::condition_is_true(*job, "Failed")) return std::optional<int>(failed(*job));
    return std::optional<int>();
  }

  base::Status show(const Object& pod) {
    const std::string name = text_at(pod, {"metadata", "name"});
    const Object* ended = state_of(pod, "terminated");
    if (ended != nullptr) exit_code_ = number_at(*ended, {"exitCode"});
    if (ended == nullptr && state_of(pod, "running") == nullptr) {
      if (waiting_ != name) session_.console.note("waiting for Pod " + name + " to start");
      waiting_ = name;
      return {};
    }
    if (!shown_.insert(name).second) return {};
    return stream_log(cluster_, {name_space_, name, controllers::jobs::kRunContainer}, kRunMax,
                      [this](std::string_view piece) { session_.console.print(piece); });
  }

  int failed(const Object& job) {
    const Object* condition = controllers::object::condition_of(job, "Failed");
    session_.console.note("Job " + job_ + " failed: " + text_at(*condition, {"reason"}) + " " + text_at(*condition, {"message"}));
    return exit_code_ == 0 ? kExitDifferent : static_cast<int>(exit_code_);
  }

  Session& session_;
  Cluster& cluster_;
  std::string name_space_;
  std::string job_;
  std::set<std::string> shown_;      // pods whose log was shown
  std::string waiting_;              // the pod that was last said to be waited for
  std::int64_t exit_code_ = 0;       // of the pod that ended last
};

base::Result<int> run_reconcile(Session& session, const std::string& name) {
  auto cluster = session.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto platform = find_platform(session, **cluster, name);
  if (!platform) return base::fail(platform.error());
  const kube::PlatformKey key = key_of(*platform);
  const auto cron_job = find_cron_job(session, **cluster, key);
  if (!cron_job) return base::fail(cron_job.error());
  if (!list_at(*cron_job, {"status", "active"}).empty()) session.console.note("note: a scheduled run is under way as well");

  const Object job = job_of(*cron_job, random_suffix(session.rng));
  kube::Request request;
  request.method = "POST";
  request.path = kube::path_of("batch/v1", "jobs", key.name_space, "") + "?fieldManager=kubectl-payment";
  request.content_type = "application/json";
  request.body = job.dump(-1, ' ', false, Object::error_handler_t::replace);
  const std::string job_name = text_at(job, {"metadata", "name"});
  if (auto made = (*cluster)->ask(std::move(request), "create Job " + job_name); !made) return base::fail(made.error());
  session.console.note("Job " + job_name + " was created");
  return Run(session, **cluster, key.name_space, job_name).follow();
}

}  // namespace

void add_reconcile(Verbs& verbs) {
  const auto platform = std::make_shared<std::string>();
  verbs
      .add("reconcile", "Run the reconciliation now and show its log; the exit code is the job's",
           [platform](Session& session) { return run_reconcile(session, *platform); })
      .platform(*platform);
}

}  // namespace cli
