// The one coroutine type of the project. Rules (CONTRIBUTING.md): no capturing lambda coroutines, parameters by value,
// no lock held across co_await, every await has a deadline.
#pragma once

#include <utility>   // Boost 1.74's awaitable.hpp uses std::exchange without it

#include <boost/asio/awaitable.hpp>

namespace base {

template <typename T>
using Task = boost::asio::awaitable<T>;

}  // namespace base
