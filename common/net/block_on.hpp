// Runs one coroutine to its end on a context that nobody else runs: commands and tests.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>   // before Boost: its awaitable.hpp forgets it

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/assert.hpp"
#include "common/base/task.hpp"

namespace net {

template <typename T>
T block_on(boost::asio::io_context& context, base::Task<T> task) {
  context.restart();
  bool done = false;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(context.get_executor(), std::move(task), [&](std::exception_ptr error) {
      failure = error;
      done = true;
    });
    while (!done && context.run_one() > 0) {
    }
    BASE_ASSERT(done);
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(context.get_executor(), std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result.emplace(std::move(value));
      done = true;
    });
    while (!done && context.run_one() > 0) {
    }
    BASE_ASSERT(done);
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

}  // namespace net
