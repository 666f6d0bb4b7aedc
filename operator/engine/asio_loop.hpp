#pragma once

#include <memory>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "operator/kube/loop.hpp"

namespace engine {

/// The loop of the real program: one io_context, run by one thread.
class AsioLoop final : public kube::Loop {
 public:
  explicit AsioLoop(boost::asio::io_context& context) : context_(context) {}

  [[nodiscard]] const base::Clock& clock() const override { return base::system_clock(); }
  void post(kube::Task task) override;
  TimerId start_timer(std::chrono::milliseconds delay, kube::Task task) override;
  void cancel_timer(TimerId id) override { timers_.erase(id); }

 private:
  boost::asio::io_context& context_;
  std::unordered_map<TimerId, std::unique_ptr<boost::asio::steady_timer>> timers_;
  TimerId last_id_ = 0;
};

}  // namespace engine
