// What the platform needs from a payment channel (WeChat Pay, Alipay, Stripe, or the simulator behind their protocols).
//
// Errors of every call, by whether money may have moved:
//   Unavailable      the request did not reach the channel (no connection, refused, rate limited): nothing happened
//   Unknown          it may have happened (timeout after sending, 5xx, unreadable or wrongly signed answer): ask by query
//   anything else    the channel answered and declined; nothing happened
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/deadline.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "payment-runtime/domain/calendar.hpp"
#include "payment-runtime/domain/evidence.hpp"
#include "payment-runtime/domain/money.hpp"

namespace pay::ports {

struct ChannelOrder {
  std::string out_trade_no;      // our order number at the channel; stored before the call; unique for ever
  domain::Money amount;
  std::string subject;
  base::TimePoint expires_at;
};

struct Prepay {
  std::string code_url;          // what the payer's app scans
};

using domain::BillRow;
using domain::ChannelEvidence;
using domain::TradeState;

/// A callback as it came over the wire; the signature covers the raw bytes.
struct RawCallback {
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct VerifiedCallback {
  std::string event_id;                        // the channel's identifier of this notification: deduplicates the inbox
  ChannelEvidence evidence;
};

constexpr std::size_t kAccountMax = 128;

class Channel {
 public:
  virtual ~Channel() = default;

  /// "wechat": the name in the API, in the database and in metrics.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Who we are to the channel: its merchant and application numbers, at most kAccountMax bytes of ASCII. Kept with every order; what
  /// is said about an order of another account proves nothing.
  [[nodiscard]] virtual std::string_view account() const = 0;

  /// Where this channel's bill days begin: a property of the channel, whatever zone the platform or its schedule is in.
  [[nodiscard]] virtual domain::TimeZone bill_zone() const = 0;
  /// How long after a day's end its bill may take. Until then a bill that is not there means nothing.
  [[nodiscard]] virtual std::chrono::hours bill_delay() const = 0;

  virtual base::Task<base::Result<Prepay>> create(ChannelOrder order, base::Deadline deadline) = 0;
  /// TradeState::NotFound is a value, not an error.
  virtual base::Task<base::Result<ChannelEvidence>> query(std::string out_trade_no, base::Deadline deadline) = 0;
  virtual base::Task<base::Status> close(std::string out_trade_no, base::Deadline deadline) = 0;
  /// No I/O. Unauthenticated when the signature, the key id or the time does not hold.
  [[nodiscard]] virtual base::Result<VerifiedCallback> verify(const RawCallback& callback, base::TimePoint now) const = 0;
  /// All rows of one closed day, given as "2026-01-31" in bill_zone(). FailedPrecondition: the bill is not there yet.
  /// NotFound: the channel says that there was no trade that day.
  virtual base::Task<base::Result<std::vector<BillRow>>> bill(std::string day, base::Deadline deadline) = 0;
};

}  // namespace pay::ports
