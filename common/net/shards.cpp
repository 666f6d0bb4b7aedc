#include "common/net/shards.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "common/base/assert.hpp"
#include "common/obs/log.hpp"

namespace net {
namespace {

thread_local std::size_t shard_of_thread = 0;

/// Quota over period, rounded up; 0 when there is none.
std::size_t cgroup_quota() {
  std::ifstream two{"/sys/fs/cgroup/cpu.max"};
  std::string quota_text;
  long period = 0;
  long quota = 0;
  if (two >> quota_text >> period) {
    if (quota_text == "max") return 0;
    quota = std::strtol(quota_text.c_str(), nullptr, 10);
  } else {
    std::ifstream quota_file{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us"};
    std::ifstream period_file{"/sys/fs/cgroup/cpu/cpu.cfs_period_us"};
    if (!(quota_file >> quota) || !(period_file >> period)) return 0;
  }
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<std::size_t>((quota + period - 1) / period);
}

struct Finished {
  std::string what;
  void operator()(const std::exception_ptr& error) const {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
      obs::error("task_failed", {{"task", what}, {"problem", thrown.what()}});
    }
  }
};

}  // namespace

std::size_t cpu_quota() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::size_t count = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) count = static_cast<std::size_t>(CPU_COUNT(&set));
  if (const std::size_t quota = cgroup_quota(); quota > 0) count = std::min(count, quota);
  return std::clamp<std::size_t>(count, 1, kShardsMax);
}

Shards::Shards(std::size_t count) {
  BASE_ASSERT(count <= kShardsMax);
  if (count == 0) count = cpu_quota();
  for (std::size_t i = 0; i < count; ++i) {
    contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
    guards_.emplace_back(contexts_.back()->get_executor());
  }
}

Shards::~Shards() { stop(); }

void Shards::start() {
  BASE_ASSERT(threads_.empty());
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    threads_.emplace_back([this, i] {
      shard_of_thread = i;
      contexts_[i]->run();
    });
  }
}

void Shards::stop() {
  guards_.clear();
  for (auto& context : contexts_) context->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t current_shard() { return shard_of_thread; }

void spawn(boost::asio::io_context& context, base::Task<void> task, std::string what) {
  boost::asio::co_spawn(context.get_executor(), std::move(task), Finished{std::move(what)});
}

}  // namespace net
