// Connections on threads of their own, fed from one bounded queue. A step is a function of a connection that does one transaction and may
// be run again (it is keyed, see ports/store.hpp); the pool decides when it is.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/stores/mysql/connection.hpp"

namespace pay::stores::mysql {

template <typename T>
using PoolStep = std::function<Outcome<T>(Connection&)>;

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(Options options, const base::Clock& clock);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void start();
  /// Waiting steps end with Unavailable, running ones are finished; then the threads are gone.
  void stop();
  [[nodiscard]] PoolStats stats() const;

  template <typename T>
  base::Task<base::Result<T>> run(PoolStep<T> step, base::Deadline deadline) {
    Submission<T> submission{this, std::move(step), deadline};
    auto operation = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(base::Result<T>)>(std::move(submission),
                                                                                                              boost::asio::use_awaitable);
    co_return co_await std::move(operation);
  }

 private:
  struct Worker {
    std::optional<Connection> connection;
    std::thread thread;
  };

  class Job {
   public:
    explicit Job(base::Deadline until) : deadline(until) {}
    virtual ~Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    /// Runs once on `connection`; the failure when it should be decided whether to run again.
    virtual std::optional<Failure> attempt(Connection& connection) = 0;
    virtual void succeed() = 0;                    // after an attempt without failure
    virtual void refuse(base::Error error) = 0;
    base::Deadline deadline;
  };

  template <typename T, typename Handler>
  class StepJob final : public Job {
   public:
    StepJob(PoolStep<T> step, base::Deadline until, Handler handler)
        : Job(until),
          step_(std::move(step)),
          handler_(std::move(handler)),
          work_(boost::asio::get_associated_executor(handler_)) {}
    std::optional<Failure> attempt(Connection& connection) override {
      Outcome<T> outcome = step_(connection);
      if (!outcome) return std::move(outcome.error());
      value_ = std::move(*outcome);
      return std::nullopt;
    }
    void succeed() override { complete(base::Result<T>{std::move(*value_)}); }
    void refuse(base::Error error) override { complete(base::fail(std::move(error))); }

   private:
    void complete(base::Result<T> result) {
      const auto executor = work_.get_executor();
      boost::asio::post(executor, [handler = std::move(handler_), result = std::move(result)]() mutable { handler(std::move(result)); });
      work_.reset();
    }
    PoolStep<T> step_;
    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;   // its loop does not end while we work
    std::optional<T> value_;
  };

  template <typename T>
  struct Submission {
    Pool* pool;
    PoolStep<T> step;
    base::Deadline deadline;
    template <typename Handler>
    void operator()(Handler&& handler) {
      pool->submit(std::make_unique<StepJob<T, std::decay_t<Handler>>>(std::move(step), deadline, std::forward<Handler>(handler)));
    }
  };

  void submit(std::unique_ptr<Job> job);
  void work(Worker& worker);
  void perform(Worker& worker, Job& job);
  void count_collision();
  Outcome<Connection> connect();
  [[nodiscard]] base::Error unavailable(const std::string& why) const;

  const Options options_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;      // a job, or the end
  std::condition_variable stopped_;   // the end; apart, so that no job's notice goes to a worker that waits to reconnect
  std::deque<std::unique_ptr<Job>> queue_;
  std::vector<Worker> workers_;
  base::Secret accepted_;          // the last password that opened a connection
  bool stopping_ = false;
  bool away_ = false;              // nobody is connected, and the last try failed
  std::string away_reason_;
  PoolStats stats_;
};

}  // namespace pay::stores::mysql
