#include "operator/engine/asio_loop.hpp"

#include <boost/asio/post.hpp>

namespace engine {

void AsioLoop::post(kube::Task task) { boost::asio::post(context_, std::move(task)); }

kube::Loop::TimerId AsioLoop::start_timer(std::chrono::milliseconds delay, kube::Task task) {
  const TimerId id = ++last_id_;
  auto timer = std::make_unique<boost::asio::steady_timer>(context_, delay);
  // An expired wait may already be queued when the timer is cancelled: only an id that is still known counts.
  timer->async_wait([this, id, task = std::move(task)](const boost::system::error_code& error) {
    if (!error && timers_.erase(id) > 0) task();
  });
  timers_.emplace(id, std::move(timer));
  return id;
}

}  // namespace engine
