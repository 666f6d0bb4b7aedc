// Sends "it is paid" to merchants: sealed, signed, and again on WeChat Pay's schedule until it is acknowledged with 200 or 204.
// One pump on one shard; announce() is safe from any thread. Due times follow the simulated clock.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/base/task.hpp"
#include "common/net/client.hpp"
#include "payment-runtime/config/secrets.hpp"
#include "payment-runtime/simulator/faults.hpp"
#include "payment-runtime/simulator/keys.hpp"
#include "payment-runtime/simulator/world.hpp"

namespace pay::simulator {

constexpr std::size_t kCallbacksMax = 10'000;        // that wait; more are not sent, as a real channel may also lose them
constexpr std::size_t kCallbacksInFlightMax = 32;
constexpr auto kCallbackBudget = std::chrono::seconds{5};

using ReloadingKeys = config::Reloading<SimulatorKeys>;

class Callbacks {
 public:
  struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t given_up = 0;
    std::size_t waiting = 0;
  };

  Callbacks(World& world, Faults& faults, std::shared_ptr<ReloadingKeys> keys, net::HttpClient client, base::Rng& rng);
  ~Callbacks();
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  void start(boost::asio::io_context& context);
  void announce(const Order& order);
  /// Looks at the queue now: the clock was moved.
  void wake();
  [[nodiscard]] Counts counts() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace pay::simulator
