#include "payment-runtime/simulator/bills.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/codec/csv.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"
#include "payment-runtime/domain/money.hpp"

namespace pay::simulator {
namespace {

constexpr const char* kHeader =
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,"
    "商品名称,商户数据包,手续费,费率,订单金额,费率备注";
constexpr const char* kSummaryHeader = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

std::string local_time(base::TimePoint at) {
  std::string text = base::to_rfc3339(at + channels::wechat_v3::kBeijing);
  text[10] = ' ';
  text.pop_back();
  return text;
}

/// Yuan; totals may be larger than one payment may be.
std::string yuan(std::int64_t minor) { return fmt::format("{}.{:02}", minor / 100, minor % 100); }

std::string row(const Order& order, const std::string& app_id, const std::string& mch_id) {
  const std::string amount = yuan(order.total);
  return codec::backtick_line({local_time(order.paid_at),
                               app_id,
                               mch_id,
                               "0",
                               "",
                               order.transaction_id,
                               order.out_trade_no,
                               "oSimulatedPayer",
                               "NATIVE",
                               "SUCCESS",
                               "OTHERS",
                               order.currency,
                               amount,
                               "0.00",
                               order.description,
                               "",
                               "0.00000",
                               "0.60%",
                               amount,
                               ""});
}

}  // namespace

base::Status Bills::close(const std::string& day) {
  const std::lock_guard lock{mutex_};
  if (closed_.size() >= kDaysMax && !closed_.contains(day)) return base::fail(base::Code::ResourceExhausted, "too many days are closed");
  closed_.insert(day);
  return {};
}

base::Result<Tampered> Bills::tamper(const std::string& day, TamperRequest request) {
  std::vector<Order> rows = world_.paid_on(day);
  if (request.drop + request.alter > rows.size()) {
    return base::fail(base::Code::InvalidArgument, fmt::format("the bill of {} has {} rows only", day, rows.size()), "drop");
  }
  base::SeededRng rng{request.seed};
  // A seeded order; the first are dropped, the next altered.
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[rng.below(i)]);
  Tampered tampered;
  for (std::size_t i = 0; i < request.drop; ++i) tampered.dropped.push_back(rows[i].out_trade_no);
  for (std::size_t i = request.drop; i < request.drop + request.alter; ++i) {
    tampered.altered.push_back({rows[i].out_trade_no, rows[i].total, rows[i].total + 1 + static_cast<std::int64_t>(rng.below(100))});
  }
  const auto midnight = base::parse_rfc3339(day + "T00:00:00+08:00");
  if (!midnight) return base::fail(base::Code::InvalidArgument, "must be a day such as 2026-01-31", "day");
  for (std::size_t i = 0; i < request.extra; ++i) {
    Order extra;
    extra.out_trade_no = fmt::format("EXTRA{:010}", rng.below(10'000'000'000));
    extra.transaction_id = fmt::format("42009{:023}", rng.below(10'000'000'000));
    extra.description = "extra";
    extra.total = 1 + static_cast<std::int64_t>(rng.below(100'000));
    extra.currency = "CNY";
    extra.paid_at = *midnight + std::chrono::seconds{rng.below(86'400)};
    tampered.extra.push_back(std::move(extra));
  }
  const std::lock_guard lock{mutex_};
  if (tampered_.size() >= kDaysMax && !tampered_.contains(day))
    return base::fail(base::Code::ResourceExhausted, "too many days are tampered with");
  tampered_[day] = tampered;
  return tampered;
}

Bills::Availability Bills::availability(const std::string& day) const {
  {
    const std::lock_guard lock{mutex_};
    if (closed_.contains(day)) return Availability::Ready;
  }
  const auto midnight = base::parse_rfc3339(day + "T00:00:00Z");
  if (!midnight) return Availability::NotYet;
  const base::TimePoint day_end = *midnight - kBillZone.offset + std::chrono::hours{24};
  const base::TimePoint now = world_.now();
  if (now < day_end) return Availability::NotYet;
  // That nobody paid is known as soon as the day is over; a bill takes until the morning.
  const bool tampered_with = [&] {
    const std::lock_guard lock{mutex_};
    return tampered_.contains(day);
  }();
  if (!tampered_with && world_.paid_on(day).empty()) return Availability::NoTrade;
  return now < day_end + kBillReadyAt ? Availability::NotYet : Availability::Ready;
}

std::string Bills::render(const std::string& day, const std::string& app_id, const std::string& mch_id) const {
  std::vector<Order> rows = world_.paid_on(day);
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = tampered_.find(day); found != tampered_.end()) {
      const Tampered& done = found->second;
      std::erase_if(rows, [&](const Order& order) {
        return std::find(done.dropped.begin(), done.dropped.end(), order.out_trade_no) != done.dropped.end();
      });
      for (Order& order : rows) {
        for (const Altered& altered : done.altered) {
          if (altered.out_trade_no == order.out_trade_no) order.total = altered.to_minor;
        }
      }
      rows.insert(rows.end(), done.extra.begin(), done.extra.end());
    }
  }
  std::string text = "\xEF\xBB\xBF";
  text += kHeader;
  text += "\r\n";
  std::int64_t total = 0;
  for (const Order& order : rows) {
    text += row(order, app_id, mch_id);
    text += "\r\n";
    total += order.total;
  }
  text += kSummaryHeader;
  text += "\r\n";
  text += codec::backtick_line({fmt::format("{}.0", rows.size()), yuan(total), "0.00", "0.00", "0.00000", yuan(total), "0.00"});
  text += "\r\n";
  return text;
}

std::string Bills::offer(std::string content) {
  const base::TimePoint now = world_.now();
  const std::lock_guard lock{mutex_};
  if (downloads_.size() >= kDownloadsMax) downloads_.pop_front();
  downloads_.push_back({channels::wechat_v3::make_nonce(rng_), std::move(content), now + kDownloadLife});
  return downloads_.back().token;
}

std::optional<std::string> Bills::take(const std::string& token) const {
  const base::TimePoint now = world_.now();
  const std::lock_guard lock{mutex_};
  for (const Download& download : downloads_) {
    if (download.token == token && now < download.until) return download.content;
  }
  return std::nullopt;
}

}  // namespace pay::simulator
