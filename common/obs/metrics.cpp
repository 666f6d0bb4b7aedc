#include "common/obs/metrics.hpp"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <fmt/format.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "common/base/assert.hpp"
#include "common/base/clock.hpp"

namespace obs {

struct Metrics::Impl {
  prometheus::Registry registry;
  std::mutex mutex;
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges;
  std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms;
  double started_at = 0;
};

namespace {

std::size_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

double processor_seconds() {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::size_t open_files() {
  std::error_code ec;
  std::filesystem::directory_iterator entry{"/proc/self/fd", ec};
  std::size_t count = 0;
  for (; !ec && entry != std::filesystem::directory_iterator{}; entry.increment(ec)) ++count;
  return count == 0 ? 0 : count - 1;   // without the one that was reading
}

}  // namespace

const std::vector<double>& latency_buckets() {
  static const std::vector<double> kBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return kBuckets;
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  impl_->started_at = static_cast<double>(base::system_clock().now().time_since_epoch().count()) / 1e6;
}
Metrics::~Metrics() = default;

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock{impl_->mutex};
  BASE_ASSERT(!impl_->gauges.contains(name) && !impl_->histograms.contains(name));
  auto*& family = impl_->counters[name];
  if (family == nullptr) family = &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  return family->Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock{impl_->mutex};
  BASE_ASSERT(!impl_->counters.contains(name) && !impl_->histograms.contains(name));
  auto*& family = impl_->gauges[name];
  if (family == nullptr) family = &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  return family->Add(labels);
}

prometheus::Histogram& Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                                          const std::vector<double>& buckets) {
  const std::lock_guard lock{impl_->mutex};
  BASE_ASSERT(!impl_->counters.contains(name) && !impl_->gauges.contains(name));
  auto*& family = impl_->histograms[name];
  if (family == nullptr) family = &prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  return family->Add(labels, buckets);
}

void Metrics::remove_gauge(const std::string& name, const Labels& labels) {
  const std::lock_guard lock{impl_->mutex};
  const auto found = impl_->gauges.find(name);
  if (found == impl_->gauges.end()) return;
  found->second->Remove(&found->second->Add(labels));
}

std::string Metrics::expose() const {
  std::string text = prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
  const auto own = [&](std::string_view name, std::string_view type, std::string_view help, double value) {
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
  };
  own("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", static_cast<double>(resident_bytes()));
  own("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.", processor_seconds());
  own("process_open_fds", "gauge", "Number of open file descriptors.", static_cast<double>(open_files()));
  own("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.", impl_->started_at);
  return text;
}

}  // namespace obs
