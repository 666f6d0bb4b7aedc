// /healthz, /readyz and /metrics, on a thread of their own: a loop that hangs must not keep its own death secret.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/net/server.hpp"
#include "common/net/shards.hpp"
#include "common/obs/health.hpp"
#include "common/obs/metrics.hpp"
#include "operator/kube/loop.hpp"
#include "operator/program/options.hpp"

namespace program {

// A turn of the loop takes milliseconds; the longest, a first list of thousands of objects, about a second.
inline constexpr std::chrono::seconds kLoopStalled{20};
inline constexpr std::chrono::milliseconds kBeat{500};

class Probes {
 public:
  /// Asked on the loop, at every beat.
  struct Questions {
    std::function<std::string()> not_ready;    // why the operator is not ready; empty when it is
    std::function<std::string()> not_alive;    // why it had better be started anew
    std::function<void()> measure;             // brings the gauges that time moves up to this moment
  };
  Probes(kube::Loop& loop, const obs::Metrics& metrics, Questions questions);

  /// Opens the listeners that the options name. Unavailable when an address is taken.
  [[nodiscard]] base::Status start(const Options& options);

 private:
  void beat();
  [[nodiscard]] obs::Problem stalled() const;
  [[nodiscard]] obs::Problem said(const std::string& why) const;
  base::Status listen(const Address& address, net::Router router, const char* what);

  kube::Loop& loop_;
  const obs::Metrics& metrics_;
  Questions questions_;
  obs::Health health_;
  std::atomic<base::SteadyPoint::rep> last_beat_{0};
  mutable std::mutex mutex_;
  std::string why_not_ready_ = "starting";     // under mutex_
  std::string why_not_alive_;                  // under mutex_
  kube::Timer timer_;
  net::Shards shards_{1};
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
};

}  // namespace program
