#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "operator/cli/cluster.hpp"

namespace cli {

/// The pump of the real program: turns an io_context on the calling thread.
class AsioPump final : public Pump {
 public:
  explicit AsioPump(boost::asio::io_context& context) : context_(context), stay_(boost::asio::make_work_guard(context)) {}

  bool run_until(const std::function<bool()>& so, std::chrono::milliseconds at_most) override;

 private:
  boost::asio::io_context& context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stay_;      // an empty loop waits too
};

}  // namespace cli
