#include "common/net/wait.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace net {
namespace asio = boost::asio;

base::Task<void> wait_for(std::chrono::milliseconds duration) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  timer.expires_after(duration);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

base::Task<void> wait_until(base::SteadyPoint when) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  timer.expires_at(when);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace net
