#include "payment-runtime/cache/redis.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <utility>

#include <hiredis/hiredis.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "common/net/backoff.hpp"

namespace pay::cache {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

auto away(std::string_view why) { return base::fail(base::Code::Unavailable, "redis: " + std::string{why}); }

/// SET key value NX EX seconds in the protocol's words.
std::string encode_set(const std::string& key, const std::string& value, std::chrono::seconds time_to_live) {
  const std::string seconds = std::to_string(time_to_live.count());
  const std::array<const char*, 6> words{"SET", key.data(), value.data(), "NX", "EX", seconds.data()};
  const std::array<std::size_t, 6> sizes{3, key.size(), value.size(), 2, 2, seconds.size()};
  char* text = nullptr;
  const int size = redisFormatCommandArgv(&text, static_cast<int>(words.size()), const_cast<const char**>(words.data()), sizes.data());
  std::string encoded{text, static_cast<std::size_t>(size)};
  redisFreeCommand(text);
  return encoded;
}

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reader = std::unique_ptr<redisReader, FreeReader>;
using Reply = std::unique_ptr<redisReply, FreeReply>;

}  // namespace

/// One connection and the commands that wait for its replies, which come in order. All of it on one executor.
class RedisCache::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const boost::asio::any_io_executor& executor, RedisOptions options, const base::Clock& clock, base::Rng& rng)
      : clock_(clock),
        options_(std::move(options)),
        rng_(rng),
        resolver_(executor),
        socket_(executor),
        timer_(executor),
        executor_(executor) {}

  void start() { boost::asio::co_spawn(executor_, run(shared_from_this()), boost::asio::detached); }

  void stop() {
    stopping_ = true;
    timer_.cancel();
    resolver_.cancel();
    drop();
  }

  [[nodiscard]] bool up() const { return up_.load(std::memory_order_relaxed); }

  /// The reply, or why there is none. `self` keeps the connection alive while the caller waits.
  static base::Task<base::Result<Reply>> ask(std::shared_ptr<Connection> self, std::string command, base::Deadline deadline) {
    if (!self->up()) co_return away("not connected");
    if (self->waiting_.size() >= kPipelinedMax) co_return away("too many commands in flight");
    const auto ticket = std::make_shared<Ticket>(self->executor_);
    self->waiting_.push_back(ticket);
    self->unsent_ += command;
    if (!self->writing_) boost::asio::co_spawn(self->executor_, write(self), boost::asio::detached);

    ticket->timer.expires_at(deadline.capped(self->clock_, self->options_.reply_timeout).when());
    error_code ignored;
    co_await ticket->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    if (!ticket->done) {
      // Replies come in order: one that is late makes all behind it late. Start anew.
      ticket->done = true;
      self->drop();
      co_return away("no reply in time");
    }
    if (!ticket->reply) co_return away("the connection was lost");
    co_return std::move(ticket->reply);
  }

  const base::Clock& clock_;

 private:
  struct Ticket {
    explicit Ticket(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;   // ends at the deadline, or is cancelled by the reply
    Reply reply;
    bool done = false;
  };

  /// Ends the connection and everybody who waits on it; run() makes the next one.
  void drop() {
    up_ = false;
    ++generation_;
    unsent_.clear();
    error_code ignored;
    socket_.close(ignored);
    std::deque<std::shared_ptr<Ticket>> waiting;
    waiting.swap(waiting_);
    for (const auto& ticket : waiting) finish(*ticket, nullptr);
  }

  static void finish(Ticket& ticket, Reply reply) {
    ticket.reply = std::move(reply);
    ticket.done = true;
    ticket.timer.cancel();
  }

  static base::Task<void> write(std::shared_ptr<Connection> self) {
    self->writing_ = true;
    while (!self->unsent_.empty()) {
      const std::uint64_t generation = self->generation_;
      std::string batch;
      batch.swap(self->unsent_);   // all that was asked since the last turn, in one write
      error_code error;
      co_await boost::asio::async_write(self->socket_, boost::asio::buffer(batch),
                                        boost::asio::redirect_error(boost::asio::use_awaitable, error));
      // The loss of an earlier connection is no business of the one that came after it.
      if (error && generation == self->generation_) self->drop();
    }
    self->writing_ = false;
  }

  base::Task<void> read_replies() {
    const Reader reader{redisReaderCreate()};
    std::array<char, 4096> buffer{};
    std::size_t unparsed = 0;
    while (true) {
      error_code error;
      const std::size_t size =
          co_await socket_.async_read_some(boost::asio::buffer(buffer), boost::asio::redirect_error(boost::asio::use_awaitable, error));
      unparsed += size;
      if (error || unparsed > kReplyBytesMax || redisReaderFeed(reader.get(), buffer.data(), size) != REDIS_OK) co_return;
      while (true) {
        void* raw = nullptr;
        if (redisReaderGetReply(reader.get(), &raw) != REDIS_OK) co_return;
        if (raw == nullptr) break;
        unparsed = 0;
        Reply reply{static_cast<redisReply*>(raw)};
        if (waiting_.empty()) co_return;   // an answer that nobody asked for: not a server to trust
        const auto ticket = waiting_.front();
        waiting_.pop_front();
        finish(*ticket, std::move(reply));
      }
    }
  }

  /// Connects within kConnectTimeout: when the timer ends first, it closes the socket under the attempt.
  base::Task<bool> connect() {
    error_code error;
    timer_.expires_after(kConnectTimeout);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      error_code ignored;
      self->resolver_.cancel();
      self->socket_.close(ignored);
    });
    const auto endpoints = co_await resolver_.async_resolve(options_.host, std::to_string(options_.port),
                                                            boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error) {
      co_await boost::asio::async_connect(socket_, endpoints, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    const bool in_time = timer_.cancel() > 0;
    if (error || !in_time || stopping_) co_return false;
    socket_.set_option(tcp::no_delay{true}, error);
    co_return !error;
  }

  static base::Task<void> run(std::shared_ptr<Connection> self) {
    net::Backoff backoff{kReconnectFirst, std::chrono::duration_cast<std::chrono::milliseconds>(kReconnectMax)};
    while (!self->stopping_) {
      const bool connected = co_await self->connect();
      if (connected) {
        self->up_ = true;
        const base::SteadyPoint since = self->clock_.steady_now();
        co_await self->read_replies();
        self->drop();
        if (self->clock_.steady_now() - since > kReconnectMax)
          backoff.reset();   // one that only ever connects keeps its circuit open longer
      } else {
        error_code ignored;
        self->socket_.close(ignored);
      }
      if (self->stopping_) break;
      self->timer_.expires_after(backoff.next(self->rng_));
      error_code ignored;
      co_await self->timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
  }

  RedisOptions options_;
  base::Rng& rng_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;   // connect timeout, then backoff
  boost::asio::any_io_executor executor_;
  std::deque<std::shared_ptr<Ticket>> waiting_;
  std::string unsent_;
  std::uint64_t generation_ = 0;      // connections ended so far
  bool writing_ = false;
  bool stopping_ = false;
  std::atomic<bool> up_{false};
};

RedisCache::RedisCache(boost::asio::any_io_executor executor, RedisOptions options, const base::Clock& clock, base::Rng& rng)
    : connection_(std::make_shared<Connection>(std::move(executor), std::move(options), clock, rng)) {
  connection_->start();
}

RedisCache::~RedisCache() { connection_->stop(); }

bool RedisCache::up() const { return connection_->up(); }

base::Task<base::Result<bool>> RedisCache::set_if_absent(std::string key, std::string value, std::chrono::seconds time_to_live,
                                                         base::Deadline deadline) {
  base::Result<Reply> reply = co_await Connection::ask(connection_, encode_set(key, value, time_to_live), deadline);
  if (!reply) co_return base::fail(std::move(reply.error()));
  if ((*reply)->type == REDIS_REPLY_STATUS) co_return true;
  if ((*reply)->type == REDIS_REPLY_NIL) co_return false;
  const std::string_view text =
      (*reply)->str == nullptr ? "unexpected reply" : std::string_view{(*reply)->str, static_cast<std::size_t>((*reply)->len)};
  co_return away(text);   // an error such as OOM, READONLY, LOADING
}

}  // namespace pay::cache
