// Metrics in Prometheus' text format. Finding a metric takes a lock and a map: hold on to the reference, which lives as long as
// the registry. Labels come from closed sets (routes, codes), never from a request's content.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace obs {

using Labels = std::map<std::string, std::string>;

/// Seconds, for requests: 1 ms to 10 s.
[[nodiscard]] const std::vector<double>& latency_buckets();

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The same name and labels give the same metric; the help text of the first call stays. A name has one type (asserted).
  prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                                   const std::vector<double>& buckets = latency_buckets());
  /// Forgets one gauge (an object that is gone); the reference is dead after it.
  void remove_gauge(const std::string& name, const Labels& labels);

  /// All metrics, with the process's own (resident memory, processor seconds, open files, start time).
  [[nodiscard]] std::string expose() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Content type of expose().
constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace obs
