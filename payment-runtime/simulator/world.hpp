// What a payment channel knows: orders, who paid, and every movement of money. In memory, bounded, free of any protocol.
// Thread-safe; time is the machine's plus what the control side has advanced.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/rng.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"
#include "payment-runtime/domain/calendar.hpp"

namespace pay::simulator {

constexpr domain::TimeZone kBillZone{channels::wechat_v3::kBeijing};
constexpr std::size_t kOrdersMax = 100'000;   // the oldest is forgotten above this
constexpr std::size_t kMovesMax = 200'000;
constexpr std::size_t kMovesPageMax = 10'000;

struct Order {
  enum class State { NotPaid, Paid, Closed };

  std::string out_trade_no;
  std::string description;
  std::string notify_url;
  std::int64_t total = 0;
  std::string currency;
  std::optional<base::TimePoint> expires_at;
  State state = State::NotPaid;
  std::string code_url;
  std::string transaction_id;   // from the payment on
  base::TimePoint paid_at;
};

struct Move {
  std::uint64_t seq = 0;
  std::string out_trade_no;
  std::int64_t amount_minor = 0;
  std::string currency;
  base::TimePoint at;
};

struct Totals {
  std::size_t orders = 0;
  std::size_t forgotten = 0;
  std::uint64_t paid = 0;
  std::int64_t paid_minor = 0;
};

class World {
 public:
  World(const base::Clock& clock, base::Rng& rng) : clock_(clock), rng_(rng) {}

  [[nodiscard]] base::TimePoint now() const;
  void advance(std::chrono::seconds by);
  [[nodiscard]] std::string today() const { return domain::day_of(now(), kBillZone); }

  /// The order as it stands; the same order again is the same order. Errors carry WeChat Pay's code in `field`:
  /// ORDERPAID, ORDER_CLOSED, OUT_TRADE_NO_USED.
  base::Result<Order> place(Order order);
  [[nodiscard]] std::optional<Order> find(const std::string& out_trade_no) const;
  /// The payer pays. NotFound, or FailedPrecondition (paid, closed or expired).
  base::Result<Order> pay(const std::string& out_trade_no);
  /// Errors as place().
  base::Status close(const std::string& out_trade_no);

  [[nodiscard]] std::vector<Order> paid_on(const std::string& day) const;   // by time
  [[nodiscard]] std::vector<Move> moves(std::uint64_t after) const;
  [[nodiscard]] Totals totals() const;

 private:
  [[nodiscard]] base::TimePoint now_locked() const { return clock_.now() + advanced_; }
  std::string digits_locked(std::size_t count);

  const base::Clock& clock_;
  base::Rng& rng_;
  mutable std::mutex mutex_;
  std::chrono::seconds advanced_{0};
  std::unordered_map<std::string, Order> orders_;
  std::deque<std::string> by_age_;
  std::deque<Move> moves_;
  std::uint64_t next_seq_ = 1;
  Totals totals_;
};

}  // namespace pay::simulator
