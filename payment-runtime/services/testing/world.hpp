// What a use-case test needs around it: clock, randomness, store, cache, channel, and a way to run (or drop) a coroutine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/assert.hpp"
#include "payment-runtime/services/ports.hpp"
#include "payment-runtime/services/testing/channel.hpp"
#include "payment-runtime/stores/memory/store.hpp"

namespace pay::services::testing {

/// A cache that can be down, or wiped at will.
class FakeCache final : public ports::Cache {
 public:
  base::Task<base::Result<bool>> set_if_absent(std::string key, std::string value, std::chrono::seconds time_to_live,
                                               base::Deadline deadline) override;
  bool down = false;
  std::map<std::string, std::string> keys;
};

template <typename T>
base::Task<void> keep(base::Task<T> task, std::optional<T>* result) {
  result->emplace(co_await std::move(task));
}

/// Runs a coroutine to its end.
template <typename T>
T run(base::Task<T> task) {
  boost::asio::io_context io{1};
  std::optional<T> result;
  boost::asio::co_spawn(io, keep(std::move(task), &result), boost::asio::detached);
  io.run();
  BASE_ASSERT(result.has_value());
  return std::move(*result);
}

/// Runs at most `turns` turns of the loop, then drops the coroutine where it stands, as a crash does. None: it was dropped.
template <typename T>
std::optional<T> run_and_crash(base::Task<T> task, int turns) {
  std::optional<T> result;
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, keep(std::move(task), &result), boost::asio::detached);
  for (int turn = 0; turn < turns && !result; ++turn) io.run_one();
  return result;
}

struct World {
  base::ManualClock clock{base::TimePoint{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31} + std::chrono::hours{4}}};
  base::SeededRng rng{1};
  stores::memory::MemoryStore store;
  FakeCache cache;
  FakeChannel wechat{"wechat", clock};
  Channels channels{{"wechat", &wechat}};

  [[nodiscard]] Ports ports() { return {&store, &cache, &channels, &clock, &rng}; }
  [[nodiscard]] base::Deadline deadline() const { return base::Deadline::after(clock, std::chrono::seconds{10}); }
};

}  // namespace pay::services::testing
