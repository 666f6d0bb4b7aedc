#include "payment-runtime/stores/mysql/pool.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/assert.hpp"
#include "common/base/rng.hpp"
#include "common/net/backoff.hpp"

namespace pay::stores::mysql {

namespace {

constexpr int kAttemptsMax = 5;                                       // of one step, whatever the reasons
constexpr auto kReconnectFirst = std::chrono::milliseconds{100};
constexpr auto kReconnectMax = std::chrono::milliseconds{2000};

}  // namespace

Pool::Pool(Options options, const base::Clock& clock) : options_(std::move(options)), clock_(clock) {
  BASE_ASSERT(options_.connections >= 1 && options_.connections <= kConnectionsMax);
  stats_.connections = static_cast<std::size_t>(options_.connections);
}

Pool::~Pool() { stop(); }

void Pool::start() {
  workers_ = std::vector<Worker>(stats_.connections);
  for (Worker& worker : workers_) worker.thread = std::thread{[this, &worker] { work(worker); }};
}

void Pool::stop() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  stopped_.notify_all();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
  for (const auto& job : queue_) job->refuse(unavailable("this process is stopping"));
  queue_.clear();
}

PoolStats Pool::stats() const {
  const std::scoped_lock lock{mutex_};
  PoolStats stats = stats_;
  stats.queued = queue_.size();
  return stats;
}

base::Error Pool::unavailable(const std::string& why) const { return {base::Code::Unavailable, "database: " + why, {}, kShedRetryAfter}; }

void Pool::submit(std::unique_ptr<Job> job) {
  std::string refusal;
  {
    const std::scoped_lock lock{mutex_};
    if (stopping_) {
      refusal = "this process is stopping";
    } else if (away_) {
      refusal = away_reason_;
    } else if (queue_.size() >= stats_.connections * kQueuedPerConnectionMax) {
      ++stats_.shed;
      refusal = "too many steps are waiting";
    } else {
      queue_.push_back(std::move(job));
    }
  }
  if (job != nullptr) {
    job->refuse(unavailable(refusal));
  } else {
    wake_.notify_one();
  }
}

/// The file may be ahead of the database: changed, and not yet set there. Then the password that it knows still opens a connection.
Outcome<Connection> Pool::connect() {
  base::Secret accepted;
  {
    const std::scoped_lock lock{mutex_};
    accepted = accepted_;
  }
  const base::Result<base::Secret> password = read_password(options_.password_file);
  if (!password && accepted.empty()) return tl::unexpected(Failure{Failure::Kind::Denied, 0, password.error().message});
  Outcome<Connection> connection = Connection::open(options_.endpoint, options_.user, password ? *password : accepted);
  if (connection && password) {
    const std::scoped_lock lock{mutex_};
    accepted_ = *password;
  }
  const bool denied = !connection && connection.error().kind == Failure::Kind::Denied;
  return denied && password && !accepted.empty() ? Connection::open(options_.endpoint, options_.user, accepted) : std::move(connection);
}

void Pool::work(Worker& worker) {
  mysql_thread_init();
  net::Backoff backoff{kReconnectFirst, kReconnectMax};
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (!worker.connection) {
      lock.unlock();
      Outcome<Connection> connected = connect();
      lock.lock();
      if (!connected) {
        if (stats_.connected == 0) {
          // Nobody can serve: say so at once instead of letting callers wait for their deadlines.
          away_ = true;
          away_reason_ = connected.error().message;
          std::deque<std::unique_ptr<Job>> waiting;
          waiting.swap(queue_);
          lock.unlock();
          for (const auto& job : waiting) job->refuse(unavailable(connected.error().message));
          lock.lock();
        }
        stopped_.wait_for(lock, backoff.next(base::system_rng()), [this] { return stopping_; });
        continue;
      }
      worker.connection = std::move(*connected);
      ++stats_.connected;
      ++stats_.reconnects;
      away_ = false;
      backoff.reset();
    }
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_ || queue_.empty()) continue;
    const std::unique_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    ++stats_.busy;
    lock.unlock();
    perform(worker, *job);
    lock.lock();
    --stats_.busy;
    if (!worker.connection) --stats_.connected;
  }
  worker.connection.reset();
  lock.unlock();
  mysql_thread_end();
}

void Pool::count_collision() {
  const std::scoped_lock lock{mutex_};
  ++stats_.collisions;
}

void Pool::perform(Worker& worker, Job& job) {
  for (int attempt = 1;; ++attempt) {
    // Before an attempt nothing of it has happened; a step that was cut short before is found again by its key, by whoever asks.
    if (job.deadline.passed(clock_)) return job.refuse(unavailable("no connection was free in time"));
    const std::optional<Failure> failure = job.attempt(*worker.connection);
    if (!failure) return job.succeed();

    switch (failure->kind) {
      case Failure::Kind::Collided:
        count_collision();
        if (attempt < kAttemptsMax) continue;
        return job.refuse(unavailable("kept colliding with other transactions"));
      case Failure::Kind::Lost: {
        worker.connection.reset();
        if (attempt == kAttemptsMax) return job.refuse(unavailable(failure->message));
        // Perhaps committed, perhaps not, perhaps still being committed: the same keyed step again waits for that transaction's locks,
        // and then either finds its own row or makes it.
        Outcome<Connection> connected = connect();
        if (!connected) return job.refuse(unavailable(connected.error().message));
        worker.connection = std::move(*connected);
        const std::scoped_lock lock{mutex_};
        ++stats_.reconnects;
        continue;
      }
      case Failure::Kind::Away: return job.refuse(unavailable(failure->message));
      case Failure::Kind::Denied:
      case Failure::Kind::Refused:
        return job.refuse({base::Code::Internal, fmt::format("database error {}: {}", failure->code, failure->message), {}, {}});
    }
  }
}

}  // namespace pay::stores::mysql
