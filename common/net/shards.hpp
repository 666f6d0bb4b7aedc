// One thread and one io_context a core. A connection lives and dies on one shard, so the request path takes no locks.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>   // before Boost: its awaitable.hpp forgets it
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/task.hpp"

namespace net {

constexpr std::size_t kShardsMax = 16;

/// Whole processors that the container may use (cgroup quota, else what the kernel lets us run on); 1 to kShardsMax.
[[nodiscard]] std::size_t cpu_quota();

class Shards {
 public:
  /// 0 means cpu_quota().
  explicit Shards(std::size_t count);
  /// Stops and joins. Coroutines that are still waiting are destroyed: what they refer to must outlive this object.
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  void start();
  /// Ends the loops and joins the threads; safe to call twice. Not from a shard.
  void stop();

  [[nodiscard]] std::size_t size() const { return contexts_.size(); }
  [[nodiscard]] boost::asio::io_context& context(std::size_t shard) { return *contexts_.at(shard); }

 private:
  using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::vector<Guard> guards_;
  std::vector<std::thread> threads_;
};

/// The shard that runs the calling code; 0 outside of shards (single-threaded programs and tests).
[[nodiscard]] std::size_t current_shard();

/// Starts a coroutine of its own. An exception out of it is logged as `what` and goes no further.
void spawn(boost::asio::io_context& context, base::Task<void> task, std::string what);

}  // namespace net
