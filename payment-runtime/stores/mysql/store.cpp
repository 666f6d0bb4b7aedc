#include "payment-runtime/stores/mysql/store.hpp"

#include <utility>

#include "common/base/assert.hpp"
#include "payment-runtime/stores/mysql/pool.hpp"
#include "payment-runtime/stores/mysql/steps.hpp"

namespace pay::stores::mysql {

using domain::Payment;

MysqlStore::MysqlStore(Options options, const base::Clock& clock) : pool_(std::make_shared<Pool>(std::move(options), clock)) {
  pool_->start();
}
MysqlStore::~MysqlStore() { pool_->stop(); }
PoolStats MysqlStore::stats() const { return pool_->stats(); }

// The lambdas below are ordinary functions that a worker thread calls; none is a coroutine. Each is made before anything is awaited.

base::Task<base::Result<ports::Begun>> MysqlStore::begin_payment(Payment payment, base::Deadline deadline) {
  PoolStep<ports::Begun> step = [payment = std::move(payment)](Connection& connection) { return begin(connection, payment); };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Result<bool>> MysqlStore::apply(domain::Step step, std::optional<ports::InboxEntry> inbox, base::Deadline deadline) {
  BASE_ASSERT(domain::is_sound(step));
  PoolStep<bool> job = [step = std::move(step), inbox = std::move(inbox)](Connection& connection) { return move(connection, step, inbox); };
  co_return co_await pool_->run(std::move(job), deadline);
}

base::Task<base::Result<bool>> MysqlStore::record_callback(ports::InboxEntry entry, base::Deadline deadline) {
  PoolStep<bool> step = [entry = std::move(entry)](Connection& connection) { return record(connection, entry); };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Result<std::optional<Payment>>> MysqlStore::find_by_business_no(std::string business_no, base::Deadline deadline) {
  PoolStep<std::optional<Payment>> step = [business_no = std::move(business_no)](Connection& connection) {
    return find_by_business(connection, business_no);
  };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Result<std::optional<Payment>>> MysqlStore::find_by_out_trade_no(std::string out_trade_no, base::Deadline deadline) {
  PoolStep<std::optional<Payment>> step = [out_trade_no = std::move(out_trade_no)](Connection& connection) {
    return find_by_order(connection, out_trade_no);
  };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Result<std::vector<Payment>>> MysqlStore::take_unresolved(base::TimePoint now, std::size_t limit,
                                                                           base::Deadline deadline) {
  PoolStep<std::vector<Payment>> step = [now, limit](Connection& connection) { return take(connection, now, limit); };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Result<std::vector<Payment>>> MysqlStore::list_paid(ports::Window window, ports::Cursor after, base::Deadline deadline) {
  PoolStep<std::vector<Payment>> step = [window = std::move(window), after = std::move(after)](Connection& connection) {
    return mysql::list_paid(connection, window, after);
  };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Result<std::vector<Payment>>> MysqlStore::list_open(ports::Window window, ports::Cursor after, base::Deadline deadline) {
  PoolStep<std::vector<Payment>> step = [window = std::move(window), after = std::move(after)](Connection& connection) {
    return mysql::list_open(connection, window, after);
  };
  co_return co_await pool_->run(std::move(step), deadline);
}

base::Task<base::Status> MysqlStore::save_reconciliation(ports::ReconciliationRun run, base::Deadline deadline) {
  PoolStep<bool> step = [run = std::move(run)](Connection& connection) { return save(connection, run); };
  const base::Result<bool> saved = co_await pool_->run(std::move(step), deadline);   // false: saved before, its answer was lost
  if (!saved) co_return base::fail(saved.error());
  co_return base::Status{};
}

base::Task<base::Status> MysqlStore::ping(base::Deadline deadline) {
  PoolStep<bool> step = [](Connection& connection) -> Outcome<bool> {
    const Outcome<Answer> answer = connection.execute("SELECT version FROM schema_migrations LIMIT 1", {});
    if (!answer) return tl::unexpected(answer.error());
    return true;
  };
  const base::Result<bool> answered = co_await pool_->run(std::move(step), deadline);
  if (!answered) co_return base::fail(answered.error());
  co_return base::Status{};
}

}  // namespace pay::stores::mysql
