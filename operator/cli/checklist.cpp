#include "operator/cli/checklist.hpp"

#include "operator/cli/judges.hpp"

namespace cli {
namespace {

// Why a line is nothing for this program.
constexpr const char* kPeople = "a matter for people, nothing in the cluster shows it";
constexpr const char* kOutside = "seen only from outside the cluster";
constexpr const char* kNoMonitoring = "this release makes no monitoring objects";
constexpr const char* kNoCoordinator = "this release has no coordinator (Seata)";
constexpr const char* kNoNacos = "this release does not register with Nacos";
constexpr const char* kNoBackup = "this release makes no backups";
constexpr const char* kLoad = "a load test: the figures are in docs/benchmarks.md, for your machines make bench";
constexpr const char* kBreaks = "would break something on purpose: the end-to-end tests do (make e2e)";

struct Line {
  const char* section;
  const char* text;
  Judgement (*judge)(const Facts&);      // null: skipped for this reason
  const char* reason;
  std::string_view looks_at = {};      // kinds of objects without which nothing can be judged
};

// Source: seed document 002, CHECKLIST.md, every line in its order.
constexpr Line kLines[] = {
    {"Before deployment: infrastructure", "Kubernetes is new enough (1.30 for this operator)", judges::kubernetes_version, ""},
    {"Before deployment: infrastructure", "kubectl reaches the cluster", judges::connected, ""},
    {"Before deployment: infrastructure", "images can be pulled from the registry", judges::images_pulled, "", "Pod"},
    {"Before deployment: infrastructure", "the storage class exists", judges::storage_class, "", "PersistentVolumeClaim"},
    {"Before deployment: infrastructure", "an ingress controller is installed", judges::ingress_controller, ""},
    {"Before deployment: infrastructure", "the Prometheus operator is installed", nullptr, kNoMonitoring},
    {"Before deployment: infrastructure", "Nacos is available", nullptr, kNoNacos},
    {"Before deployment: configuration", "image names are real ones", judges::image_names, "", "Deployment StatefulSet"},
    {"Before deployment: configuration", "the payment keys are there", judges::payment_keys, ""},
    {"Before deployment: configuration", "the database password is no default", judges::database_password, "", "PersistentVolumeClaim"},
    {"Before deployment: configuration", "the ingress has your host name", judges::ingress_host, ""},
    {"Before deployment: configuration", "the ingress has a certificate", judges::ingress_certificate, ""},
    {"Before deployment: database", "MySQL is deployed and ready", judges::database, ""},
    {"Before deployment: database", "database payment exists", judges::schema, ""},
    {"Before deployment: database", "table payment_records exists", judges::schema, ""},
    {"Before deployment: database", "the coordinator's tables exist", nullptr, kNoCoordinator},
    {"Before deployment: database", "the services reach the database", judges::database_reached, ""},
    {"Before deployment: monitoring", "ServiceMonitors are deployed", nullptr, kNoMonitoring},
    {"Before deployment: monitoring", "alert rules are deployed", nullptr, kNoMonitoring},
    {"Before deployment: monitoring", "the Grafana dashboard is imported", nullptr, kNoMonitoring},
    {"Before deployment: monitoring", "alerts reach somebody", nullptr, kPeople},
    {"Deployment: infrastructure", "the namespace exists", judges::name_space, ""},
    {"Deployment: infrastructure", "MySQL is ready", judges::database, ""},
    {"Deployment: infrastructure", "Redis is ready", judges::cache, ""},
    {"Deployment: infrastructure", "Seata is ready", nullptr, kNoCoordinator},
    {"Deployment: services", "the payment service is ready", judges::payment_service, ""},
    {"Deployment: services", "the callback service is ready", judges::callback_service, ""},
    {"Deployment: services", "the reconciliation service is ready", judges::reconciliation_service, ""},
    {"Deployment: services", "the autoscalers exist", judges::autoscalers_exist, "", "HorizontalPodAutoscaler"},
    {"Deployment: ingress", "the ingress exists", judges::ingress_exists, "", "Ingress"},
    {"Deployment: ingress", "DNS knows the host", nullptr, kOutside},
    {"Deployment: ingress", "the certificate is valid", nullptr, kOutside},
    {"Deployment: monitoring", "ServiceMonitors exist", nullptr, kNoMonitoring},
    {"Deployment: monitoring", "alert rules exist", nullptr, kNoMonitoring},
    {"Deployment: monitoring", "Prometheus scrapes", nullptr, kNoMonitoring},
    {"Deployment: monitoring", "the Grafana dashboard is there", nullptr, kNoMonitoring},
    {"After deployment: pods", "all pods are Running or Completed", judges::pods_run, "", "Pod"},
    {"After deployment: pods", "no pod is in CrashLoopBackOff or Error", judges::no_pod_crashes, "", "Pod"},
    {"After deployment: pods", "there are as many replicas as the spec says", judges::replicas, "", "Deployment"},
    {"After deployment: Services", "every Service has a cluster address", judges::cluster_addresses, "", "Service"},
    {"After deployment: Services", "every Service has its endpoints", judges::endpoints, "", "Service"},
    {"After deployment: autoscalers", "the autoscalers work", judges::autoscalers_work, "", "HorizontalPodAutoscaler"},
    {"After deployment: autoscalers", "replicas are as many as the autoscalers want", judges::autoscalers_reached, "",
     "HorizontalPodAutoscaler"},
    {"After deployment: health", "the payment service is healthy", judges::payment_health, ""},
    {"After deployment: health", "the callback service is healthy", judges::callback_health, ""},
    {"After deployment: health", "the reconciliation service is healthy", judges::reconciliation_health, ""},
    {"After deployment: idempotency", "a first request succeeds", judges::payment_created, ""},
    {"After deployment: idempotency", "the same request again is refused", judges::payment_refused_twice, ""},
    {"After deployment: payments", "a payment can be created", judges::payment_created, ""},
    {"After deployment: payments", "a payment can be queried", judges::payment_queried, ""},
    {"After deployment: reconciliation", "the reconciliation job succeeds", judges::reconciliation_ran, "", "Job"},
    {"After deployment: reconciliation", "it makes a report", judges::reconciliation_ran, "", "Job"},
    {"After deployment: monitoring", "all services are scraped", nullptr, kNoMonitoring},
    {"After deployment: monitoring", "the Grafana dashboard opens", nullptr, kNoMonitoring},
    {"After deployment: monitoring", "the success rate is shown", nullptr, kNoMonitoring},
    {"After deployment: monitoring", "requests per second are shown", nullptr, kNoMonitoring},
    {"After deployment: monitoring", "response times are shown", nullptr, kNoMonitoring},
    {"After deployment: alerts", "something is broken on purpose", nullptr, kBreaks},
    {"After deployment: alerts", "the alert fires", nullptr, kNoMonitoring},
    {"After deployment: alerts", "the notification arrives", nullptr, kPeople},
    {"Performance", "99 % of payments succeed", nullptr, kLoad},
    {"Performance", "99 % are answered within 3 s", nullptr, kLoad},
    {"Performance", "the autoscaler scales up", nullptr, kLoad},
    {"Performance", "no pod was killed for lack of memory", judges::no_pod_out_of_memory, "", "Pod"},
    {"Performance", "more than 1000 requests per second", nullptr, kLoad},
    {"Performance", "CPU below 80 %", nullptr, kLoad},
    {"Performance", "memory below 80 %", nullptr, kLoad},
    {"Performance", "pauses for garbage collection below 100 ms", nullptr, "the services are C++ and collect no garbage"},
    {"Security: keys", "payment keys are in Secrets", judges::keys_are_files, "", "Deployment StatefulSet"},
    {"Security: keys", "no Secret is in a Git repository", nullptr, kPeople},
    {"Security: keys", "keys are changed from time to time", nullptr, kPeople},
    {"Security: network", "payments are taken over HTTPS only", judges::ingress_https, "", "Ingress"},
    {"Security: network", "the ingress limits rates", judges::ingress_rate_limit, "", "Ingress"},
    {"Security: network", "signatures of callbacks are checked", nullptr, "always: the callback service has no way to switch it off"},
    {"Security: data", "only the services reach the database", nullptr, "this release makes no NetworkPolicies"},
    {"Security: data", "sensitive fields are encrypted", nullptr, "this release stores no card or account numbers, and encrypts no field"},
    {"Security: data", "there is a plan for backups", nullptr, kNoBackup},
    {"Failures: pod", "a deleted pod comes back", nullptr, kBreaks},
    {"Failures: pod", "nobody notices", nullptr, kBreaks},
    {"Failures: node", "pods move to another node", nullptr, kBreaks},
    {"Failures: node", "nobody notices", nullptr, kBreaks},
    {"Failures: Redis", "the database's unique key stands in", nullptr, kBreaks},
    {"Failures: Redis", "no payment is made twice", nullptr, kBreaks},
    {"Failures: Seata", "transactions are rolled back", nullptr, kNoCoordinator},
    {"Failures: Seata", "data stays consistent", nullptr, kNoCoordinator},
    {"Production: capacity", "replicas come from a load test", nullptr, kPeople},
    {"Production: capacity", "CPU and memory are asked for, memory is limited", judges::resource_limits, "", "Deployment StatefulSet"},
    {"Production: capacity", "the volume is there", judges::claim_bound, "", "PersistentVolumeClaim"},
    {"Production: backup", "the database is backed up on a schedule", nullptr, kNoBackup},
    {"Production: backup", "Redis writes an append-only file", judges::append_only, ""},
    {"Production: backup", "configuration is under version control", nullptr, kPeople},
    {"Production: emergencies", "what to do about failing payments is written down", nullptr, kPeople},
    {"Production: emergencies", "what to do about differences is written down", nullptr, kPeople},
    {"Production: emergencies", "how to check the data is written down", nullptr, kPeople},
    {"Production: emergencies", "how to go back is written down", nullptr, kPeople},
    {"Production: monitoring", "alerts have the right recipients", nullptr, kPeople},
    {"Production: monitoring", "thresholds are sensible", nullptr, kPeople},
    {"Production: monitoring", "notifications get through", nullptr, kPeople},
    {"Production: monitoring", "somebody is on duty", nullptr, kPeople},
    {"Before going live", "every line is checked", nullptr, kPeople},
    {"Before going live", "the test environment passed", nullptr, kPeople},
    {"Before going live", "performance is as wanted", nullptr, kLoad},
    {"Before going live", "security has no findings", nullptr, kPeople},
    {"Before going live", "monitoring is configured", nullptr, kNoMonitoring},
    {"Before going live", "emergency plans exist", nullptr, kPeople},
    {"Before going live", "the team is trained", nullptr, kPeople},
    {"Before going live", "the roll-out is reviewed", nullptr, kPeople},
    {"Before going live", "the way back is prepared", nullptr, kPeople},
    {"Before going live", "the business has agreed", nullptr, kPeople},
};

Judgement judged(const Line& line, const Facts& facts) {
  if (line.judge == nullptr) return judges::skipped(line.reason);
  for (const auto& [kind, error] : facts.refused) {
    if (line.looks_at.find(kind) != std::string_view::npos) return judges::skipped(error.message);
  }
  return line.judge(facts);
}

}  // namespace

std::vector<Finding> judge(const Facts& facts) {
  std::vector<Finding> findings;
  for (const Line& line : kLines) findings.push_back({line.section, line.text, judged(line, facts)});
  return findings;
}

}  // namespace cli
