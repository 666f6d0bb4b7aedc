// The operator's metrics, under controller-runtime's names where it has one, so that stock dashboards work.
#pragma once

#include <string>

#include "common/obs/metrics.hpp"
#include "operator/engine/platform.hpp"

namespace engine {

class Instruments {
 public:
  explicit Instruments(obs::Metrics& metrics);

  enum class Result { Success, Error, Requeue };
  void reconciled(Result result, double seconds);

  void set_platform(const Platform& platform);
  void forget(const Key& key);

  void set_cache(std::size_t objects, std::size_t bytes);

  prometheus::Gauge& queue_depth;
  prometheus::Counter& queue_adds;
  prometheus::Counter& queue_retries;
  prometheus::Histogram& queue_duration;
  prometheus::Histogram& work_duration;
  prometheus::Gauge& unfinished_work;
  prometheus::Gauge& longest_running;
  prometheus::Gauge& active_workers;
  prometheus::Gauge& max_concurrent;
  prometheus::Counter& timeouts;
  prometheus::Gauge& watch_silence;
  prometheus::Histogram& time_to_ready;
  prometheus::Counter& drift_corrected;

 private:
  prometheus::Counter& result_counter(Result result);

  prometheus::Counter& errors_;
  obs::Metrics& metrics_;
};

}  // namespace engine
