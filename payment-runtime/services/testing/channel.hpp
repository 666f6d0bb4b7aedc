// A payment channel in memory that does what it is told, wrongly when told so. For tests; linked into no program that ships.
// Its callbacks are plain text in place of signatures: what is tested with it is money, not cryptography.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "payment-runtime/ports/channel.hpp"

namespace pay::services::testing {

enum class ChannelFault {
  Unavailable,        // did not reach the channel
  LostRequest,        // the caller hears nothing; nothing happened
  LostReply,          // the caller hears nothing; it happened
  Declined,           // an answer: no
};

class FakeChannel final : public ports::Channel {
 public:
  struct Order {
    domain::Money amount;
    ports::TradeState state = ports::TradeState::AwaitingPayer;
    std::string trade_no;
    std::optional<base::TimePoint> paid_at;
    int created = 0;   // how often create() was asked for it
  };

  FakeChannel(std::string name, const base::Clock& clock) : name_(std::move(name)), clock_(clock) {}

  /// The next calls of "create", "query", "close" or "bill" meet these faults, one each.
  void fail_next(const std::string& operation, std::vector<ChannelFault> faults);
  /// Runs once, just before the next call of this operation arrives at the channel.
  void before_next(const std::string& operation, std::function<void()> action) { actions_[operation] = std::move(action); }
  /// The payer pays (or somebody pays another amount); the callback that the channel sends.
  ports::RawCallback pay(const std::string& out_trade_no, std::optional<domain::Money> amount = std::nullopt);
  void end(const std::string& out_trade_no, ports::TradeState state);
  [[nodiscard]] ports::RawCallback callback(const std::string& out_trade_no, const std::string& event_id) const;
  void set_bill(const std::string& day, std::vector<ports::BillRow> rows) { bills_[day] = std::move(rows); }
  void remove_bill(const std::string& day) { bills_.erase(day); }
  /// All that was paid, as a bill lists it.
  [[nodiscard]] std::vector<ports::BillRow> paid_rows() const;

  std::map<std::string, Order> orders;
  domain::TimeZone zone{std::chrono::hours{8}};
  std::string own_account = "1900000001";
  std::string paid_account = "1900000001";   // what callbacks and answers name
  std::optional<base::TimePoint> paid_at;    // what they name as the time of payment, instead of the truth
  std::size_t in_flight = 0;
  std::size_t in_flight_max = 0;             // calls that were at work at the same time
  std::size_t calls = 0;

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view account() const override { return own_account; }
  [[nodiscard]] domain::TimeZone bill_zone() const override { return zone; }
  [[nodiscard]] std::chrono::hours bill_delay() const override { return std::chrono::hours{10}; }
  base::Task<base::Result<ports::Prepay>> create(ports::ChannelOrder order, base::Deadline deadline) override;
  base::Task<base::Result<ports::ChannelEvidence>> query(std::string out_trade_no, base::Deadline deadline) override;
  base::Task<base::Status> close(std::string out_trade_no, base::Deadline deadline) override;
  [[nodiscard]] base::Result<ports::VerifiedCallback> verify(const ports::RawCallback& callback, base::TimePoint now) const override;
  base::Task<base::Result<std::vector<ports::BillRow>>> bill(std::string day, base::Deadline deadline) override;

 private:
  base::Task<std::optional<ChannelFault>> enter(std::string operation);
  [[nodiscard]] ports::ChannelEvidence evidence(const std::string& out_trade_no) const;

  std::string name_;
  const base::Clock& clock_;
  std::map<std::string, std::deque<ChannelFault>> faults_;
  std::map<std::string, std::function<void()>> actions_;
  std::map<std::string, std::vector<ports::BillRow>> bills_;
  int trades_ = 0;
};

}  // namespace pay::services::testing
