#include "payment-runtime/services/testing/world.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pay::services::testing {

base::Task<base::Result<bool>> FakeCache::set_if_absent(std::string key, std::string value, std::chrono::seconds, base::Deadline) {
  const auto executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  if (down) co_return base::fail(base::Code::Unavailable, "the cache is down");
  co_return keys.try_emplace(std::move(key), std::move(value)).second;
}

}  // namespace pay::services::testing
