#include "payment-runtime/simulator/world.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pay::simulator {
namespace {

auto wechat_error(base::Code code, const char* name, std::string message) { return base::fail(code, std::move(message), name); }

}  // namespace

base::TimePoint World::now() const {
  const std::lock_guard lock{mutex_};
  return now_locked();
}

void World::advance(std::chrono::seconds by) {
  const std::lock_guard lock{mutex_};
  advanced_ += by;
}

std::string World::digits_locked(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + rng_.below(10));
  return text;
}

base::Result<Order> World::place(Order order) {
  const std::lock_guard lock{mutex_};
  if (const auto found = orders_.find(order.out_trade_no); found != orders_.end()) {
    const Order& known = found->second;
    if (known.state == Order::State::Paid) return wechat_error(base::Code::FailedPrecondition, "ORDERPAID", "该订单已支付");
    if (known.state == Order::State::Closed) return wechat_error(base::Code::FailedPrecondition, "ORDER_CLOSED", "订单已关闭");
    const bool same = known.total == order.total && known.currency == order.currency && known.description == order.description &&
                      known.notify_url == order.notify_url;
    if (!same) return wechat_error(base::Code::AlreadyExists, "OUT_TRADE_NO_USED", "商户订单号重复");
    return known;
  }
  if (orders_.size() >= kOrdersMax) {
    orders_.erase(by_age_.front());
    by_age_.pop_front();
    ++totals_.forgotten;
  }
  order.code_url = "weixin://wxpay/bizpayurl?pr=" + digits_locked(9);
  by_age_.push_back(order.out_trade_no);
  const std::string number = order.out_trade_no;
  return orders_.emplace(number, std::move(order)).first->second;
}

std::optional<Order> World::find(const std::string& out_trade_no) const {
  const std::lock_guard lock{mutex_};
  const auto found = orders_.find(out_trade_no);
  return found == orders_.end() ? std::nullopt : std::optional{found->second};
}

base::Result<Order> World::pay(const std::string& out_trade_no) {
  const std::lock_guard lock{mutex_};
  const auto found = orders_.find(out_trade_no);
  if (found == orders_.end()) return base::fail(base::Code::NotFound, "there is no such order");
  Order& order = found->second;
  const base::TimePoint now = now_locked();
  if (order.state == Order::State::Paid) return base::fail(base::Code::FailedPrecondition, "the order is paid already");
  if (order.state == Order::State::Closed) return base::fail(base::Code::FailedPrecondition, "the order is closed");
  if (order.expires_at && now >= *order.expires_at) return base::fail(base::Code::FailedPrecondition, "the order has expired");
  order.state = Order::State::Paid;
  // The channel's times are whole seconds.
  order.paid_at = base::TimePoint{std::chrono::floor<std::chrono::seconds>(now.time_since_epoch())};
  std::string day = domain::day_of(now, kBillZone);
  day.erase(std::remove(day.begin(), day.end(), '-'), day.end());
  order.transaction_id = fmt::format("42000{}{:05}{}", day, next_seq_ % 100'000, digits_locked(10));
  if (moves_.size() >= kMovesMax) moves_.pop_front();
  moves_.push_back({next_seq_++, order.out_trade_no, order.total, order.currency, order.paid_at});
  ++totals_.paid;
  totals_.paid_minor += order.total;
  return order;
}

base::Status World::close(const std::string& out_trade_no) {
  const std::lock_guard lock{mutex_};
  const auto found = orders_.find(out_trade_no);
  if (found == orders_.end()) return wechat_error(base::Code::NotFound, "ORDER_NOT_EXIST", "订单不存在");
  if (found->second.state == Order::State::Paid) return wechat_error(base::Code::FailedPrecondition, "ORDERPAID", "该订单已支付");
  if (found->second.state == Order::State::Closed) return wechat_error(base::Code::FailedPrecondition, "ORDER_CLOSED", "订单已关闭");
  found->second.state = Order::State::Closed;
  return {};
}

std::vector<Order> World::paid_on(const std::string& day) const {
  std::vector<Order> orders;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [number, order] : orders_) {
      if (order.state == Order::State::Paid && domain::day_of(order.paid_at, kBillZone) == day) orders.push_back(order);
    }
  }
  std::sort(orders.begin(), orders.end(),
            [](const Order& a, const Order& b) { return std::tie(a.paid_at, a.out_trade_no) < std::tie(b.paid_at, b.out_trade_no); });
  return orders;
}

std::vector<Move> World::moves(std::uint64_t after) const {
  const std::lock_guard lock{mutex_};
  auto first = std::upper_bound(moves_.begin(), moves_.end(), after, [](std::uint64_t seq, const Move& move) { return seq < move.seq; });
  const auto count = std::min<std::ptrdiff_t>(moves_.end() - first, static_cast<std::ptrdiff_t>(kMovesPageMax));
  return {first, first + count};
}

Totals World::totals() const {
  const std::lock_guard lock{mutex_};
  Totals totals = totals_;
  totals.orders = orders_.size();
  return totals;
}

}  // namespace pay::simulator
