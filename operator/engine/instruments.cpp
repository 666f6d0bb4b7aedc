#include "operator/engine/instruments.hpp"

namespace engine {
namespace {

const obs::Labels kQueue{{"name", "paymentplatform"}};
const obs::Labels kController{{"controller", "paymentplatform"}};
// From a look that finds nothing to do up to a reconcile at its deadline.
const std::vector<double> kQueueBuckets{1e-5, 1e-4, 1e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
// From a change of a label to an image that is pulled over a slow line.
const std::vector<double> kReadyBuckets{0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800};
constexpr const char* kReady = "paymentplatform_ready";
constexpr const char* kPending = "paymentplatform_pending_changes";

obs::Labels labels_of(const Key& key) { return {{"namespace", key.name_space}, {"name", key.name}}; }

}  // namespace

Instruments::Instruments(obs::Metrics& metrics)
    : queue_depth(metrics.gauge("workqueue_depth", "Platforms that wait for a reconcile.", kQueue)),
      queue_adds(metrics.counter("workqueue_adds_total", "Platforms added to the queue.", kQueue)),
      queue_retries(metrics.counter("workqueue_retries_total", "Platforms added again after a failure.", kQueue)),
      queue_duration(metrics.histogram("workqueue_queue_duration_seconds", "How long platforms wait for their reconcile to start.", kQueue,
                                       kQueueBuckets)),
      work_duration(metrics.histogram("workqueue_work_duration_seconds", "How long a reconcile takes.", kQueue, kQueueBuckets)),
      unfinished_work(metrics.gauge("workqueue_unfinished_work_seconds", "How long the reconciles under way have taken, in sum.", kQueue)),
      longest_running(
          metrics.gauge("workqueue_longest_running_processor_seconds", "How long the longest reconcile under way has taken.", kQueue)),
      active_workers(metrics.gauge("controller_runtime_active_workers", "Reconciles under way.", kController)),
      max_concurrent(metrics.gauge("controller_runtime_max_concurrent_reconciles", "Reconciles that may be under way.", kController)),
      timeouts(
          metrics.counter("controller_runtime_reconcile_timeouts_total", "Reconciles that were cut short at their deadline.", kController)),
      watch_silence(metrics.gauge("payment_operator_watch_silence_seconds", "How long the quietest watch has given no sign of life.")),
      time_to_ready(metrics.histogram("paymentplatform_time_to_ready_seconds",
                                      "From a new platform, or a change of its spec, until it is Ready with it.", {}, kReadyBuckets)),
      drift_corrected(metrics.counter("paymentplatform_drift_corrected_total",
                                      "Objects written again although the platform had settled and its spec is unchanged.")),
      errors_(metrics.counter("controller_runtime_reconcile_errors_total", "Reconciles that failed, lost races not counted.", kController)),
      metrics_(metrics) {
  for (const Result result : {Result::Success, Result::Error, Result::Requeue}) {
    (void)result_counter(result);   // born at zero, so that a first failure is a rise
  }
}

prometheus::Counter& Instruments::result_counter(Result result) {
  const char* text = result == Result::Success ? "success" : result == Result::Error ? "error" : "requeue";
  return metrics_.counter("controller_runtime_reconcile_total", "Reconciles by result.",
                          {{"controller", "paymentplatform"}, {"result", text}});
}

void Instruments::reconciled(Result result, double seconds) {
  result_counter(result).Increment();
  if (result == Result::Error) errors_.Increment();
  metrics_
      .histogram("controller_runtime_reconcile_time_seconds", "Time from the start of a reconcile to the last answer of its writes.",
                 kController, {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60})
      .Observe(seconds);
}

void Instruments::set_platform(const Platform& platform) {
  const obs::Labels labels = labels_of(platform.key);
  metrics_.gauge(kReady, "1 when the platform's condition Ready is True.", labels).Set(platform.ready ? 1 : 0);
  metrics_.gauge(kPending, "Changes that wait for an approval, a window or their turn.", labels)
      .Set(static_cast<double>(platform.pending_changes));
}

void Instruments::forget(const Key& key) {
  metrics_.remove_gauge(kReady, labels_of(key));
  metrics_.remove_gauge(kPending, labels_of(key));
}

void Instruments::set_cache(std::size_t objects, std::size_t bytes) {
  metrics_.gauge("payment_operator_cached_objects", "Platforms and children that are kept in memory.").Set(static_cast<double>(objects));
  metrics_.gauge("payment_operator_cached_bytes", "Size of their bodies.").Set(static_cast<double>(bytes));
}

}  // namespace engine
