// A payment and the steps it can take. Pure: a step is a value; ports::Store makes it true in one database transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "payment-runtime/domain/evidence.hpp"
#include "payment-runtime/domain/ledger.hpp"
#include "payment-runtime/domain/money.hpp"
#include "payment-runtime/domain/state.hpp"

namespace pay::domain {

constexpr std::size_t kBusinessNoMax = 64;
constexpr std::size_t kSubjectCharactersMax = 127;                      // WeChat Pay's `description`
constexpr std::size_t kReasonBytesMax = 255;                            // longer words of a channel are cut
constexpr auto kPayableFor = std::chrono::minutes{30};                  // a code that nobody scanned is closed at the channel after this
constexpr auto kSuccessTimeMargin = std::chrono::hours{24};             // before its creation or after now, no payment was paid
constexpr auto kClockMargin = std::chrono::minutes{1};                  // how far the channel's clock may be from ours
constexpr std::string_view kDefaultMerchant = "default";                // source documents A know one merchant

struct Payment {
  std::string payment_no;            // ours, a ULID
  std::string business_no;           // the caller's; unique for ever
  std::string merchant{kDefaultMerchant};
  std::string channel;
  std::string out_trade_no;          // our number at the channel: equals payment_no for the first attempt
  std::string account;               // Channel::account() when the order was made: nobody else can be asked about it
  Money amount;
  std::string subject;
  State state = State::PendingChannel;
  std::int64_t version = 1;          // grows by one with each step
  std::string code_url;              // empty until the channel has accepted
  std::string channel_trade_no;      // the channel's number; empty until paid
  std::string reason;                // why Failed, Unknown or Conflicted, in words for people
  bool notified = false;             // a callback of the channel has been applied (column notify_status)
  int checks = 0;                    // how often the resolver has asked
  base::TimePoint created_at;
  base::TimePoint updated_at;
  base::TimePoint expires_at;
  std::optional<base::TimePoint> succeeded_at;   // the channel's time

  friend bool operator==(const Payment&, const Payment&) = default;
};

/// `[0-9A-Za-z_|*.:-]{1,64}`; the error names field businessNo.
[[nodiscard]] base::Status check_business_no(std::string_view text);
/// UTF-8, at most kSubjectCharactersMax characters, no control characters; the error names field subject.
[[nodiscard]] base::Status check_subject(std::string_view text);

/// One edge of the state machine, ready to be compared and set.
struct Step {
  std::string payment_no;
  std::string out_trade_no;
  State from = State::PendingChannel;
  State to = State::PendingChannel;
  std::int64_t version = 0;  // the version it was decided on
  base::TimePoint at;
  std::string code_url;  // empty: unchanged
  std::string channel_trade_no;  // empty: unchanged
  std::string reason;  // replaces
  std::optional<base::TimePoint> succeeded_at;
  std::optional<base::TimePoint> check_at;  // when to ask the channel; none when final
  std::vector<LedgerEntry> entries;
};

/// Its edge is in the table, and it books what that edge books, in balance: what every store asks of a step before it makes it true.
[[nodiscard]] bool is_sound(const Step& step);
/// The payment as it will be once `step` has been stored.
[[nodiscard]] Payment after(Payment payment, const Step& step);

/// The channel accepted our order.
[[nodiscard]] Step on_prepay(const Payment& payment, std::string code_url, base::TimePoint now);
/// The channel may or may not have our order.
[[nodiscard]] Step on_unknown(const Payment& payment, std::string_view reason, base::TimePoint now);
/// The channel answered and refused our order: nothing happened there.
[[nodiscard]] Step on_declined(const Payment& payment, std::string_view reason, base::TimePoint now);

/// What a piece of evidence means for a payment.
struct Verdict {
  enum class Kind {
    Move,  // take `step`
    Nothing,  // we know already, or it says nothing new
    Refused,  // it contradicts what we hold and no edge covers it: a person must look; `why` says so
  };
  Kind kind = Kind::Nothing;
  std::optional<Step> step;
  std::string why;
};
[[nodiscard]] Verdict on_evidence(const Payment& payment, const ChannelEvidence& evidence, base::TimePoint now);

/// When the resolver first asks about a payment in this state, and how long it waits after its n-th question.
[[nodiscard]] std::optional<base::TimePoint> first_check(State state, base::TimePoint now);
[[nodiscard]] std::chrono::seconds check_delay(int checks);

}  // namespace pay::domain
