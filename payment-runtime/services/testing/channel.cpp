#include "payment-runtime/services/testing/channel.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pay::services::testing {

namespace {

base::Error error_of(ChannelFault fault) {
  switch (fault) {
    case ChannelFault::Unavailable: return {base::Code::Unavailable, "the channel cannot be reached", {}, {}};
    case ChannelFault::LostRequest:
    case ChannelFault::LostReply: return {base::Code::Unknown, "the channel did not answer in time", {}, {}};
    case ChannelFault::Declined: return {base::Code::FailedPrecondition, "declined by the channel", {}, {}};
  }
  return {};
}

}  // namespace

void FakeChannel::fail_next(const std::string& operation, std::vector<ChannelFault> faults) {
  faults_[operation].insert(faults_[operation].end(), faults.begin(), faults.end());
}

base::Task<std::optional<ChannelFault>> FakeChannel::enter(std::string operation) {
  const auto executor = co_await boost::asio::this_coro::executor;
  ++calls;
  in_flight_max = std::max(in_flight_max, ++in_flight);
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  --in_flight;
  if (const auto action = actions_.extract(operation)) action.mapped()();
  std::deque<ChannelFault>& faults = faults_[operation];
  if (faults.empty()) co_return std::nullopt;
  const ChannelFault fault = faults.front();
  faults.pop_front();
  co_return fault;
}

ports::RawCallback FakeChannel::pay(const std::string& out_trade_no, std::optional<domain::Money> amount) {
  Order& order = orders.at(out_trade_no);
  order.state = ports::TradeState::Succeeded;
  order.trade_no = "T" + std::to_string(++trades_);
  order.paid_at = clock_.now();
  if (amount) order.amount = *amount;
  return callback(out_trade_no, "event-" + out_trade_no);
}

void FakeChannel::end(const std::string& out_trade_no, ports::TradeState state) { orders.at(out_trade_no).state = state; }

ports::ChannelEvidence FakeChannel::evidence(const std::string& out_trade_no) const {
  const auto found = orders.find(out_trade_no);
  if (found == orders.end()) return {out_trade_no, ports::TradeState::NotFound, "", {}, paid_account, std::nullopt};
  const Order& order = found->second;
  return {out_trade_no, order.state, order.trade_no, order.amount, paid_account, paid_at ? paid_at : order.paid_at};
}

ports::RawCallback FakeChannel::callback(const std::string& out_trade_no, const std::string& event_id) const {
  return {{}, event_id + " " + out_trade_no};
}

std::vector<ports::BillRow> FakeChannel::paid_rows() const {
  std::vector<ports::BillRow> rows;
  for (const auto& [number, order] : orders) {
    if (order.paid_at) rows.push_back({number, order.trade_no, ports::TradeState::Succeeded, order.amount, *order.paid_at});
  }
  return rows;
}

base::Task<base::Result<ports::Prepay>> FakeChannel::create(ports::ChannelOrder order, base::Deadline) {
  const std::optional<ChannelFault> fault = co_await enter("create");
  if (fault && *fault != ChannelFault::LostReply) co_return base::fail(error_of(*fault));
  Order& made =
      orders.try_emplace(order.out_trade_no, Order{order.amount, ports::TradeState::AwaitingPayer, "", std::nullopt, 0}).first->second;
  ++made.created;
  if (fault) co_return base::fail(error_of(*fault));
  if (made.state != ports::TradeState::AwaitingPayer) co_return base::fail(base::Code::FailedPrecondition, "the order number is used");
  co_return ports::Prepay{"weixin://wxpay/bizpayurl?pr=" + order.out_trade_no};
}

base::Task<base::Result<ports::ChannelEvidence>> FakeChannel::query(std::string out_trade_no, base::Deadline) {
  const std::optional<ChannelFault> fault = co_await enter("query");
  if (fault) co_return base::fail(error_of(*fault));
  co_return evidence(out_trade_no);
}

base::Task<base::Status> FakeChannel::close(std::string out_trade_no, base::Deadline) {
  const std::optional<ChannelFault> fault = co_await enter("close");
  if (fault && *fault != ChannelFault::LostReply) co_return base::fail(error_of(*fault));
  const auto found = orders.find(out_trade_no);
  if (found != orders.end() && found->second.state == ports::TradeState::AwaitingPayer) found->second.state = ports::TradeState::Closed;
  if (fault) co_return base::fail(error_of(*fault));
  if (found == orders.end() || found->second.state != ports::TradeState::Closed) {
    co_return base::fail(base::Code::FailedPrecondition, "the order cannot be closed");
  }
  co_return base::Status{};
}

base::Result<ports::VerifiedCallback> FakeChannel::verify(const ports::RawCallback& callback, base::TimePoint) const {
  std::istringstream text{callback.body};
  ports::VerifiedCallback verified;
  std::string number;
  if (!(text >> verified.event_id >> number)) return base::fail(base::Code::Unauthenticated, "the signature does not hold");
  verified.evidence = evidence(number);
  return verified;
}

base::Task<base::Result<std::vector<ports::BillRow>>> FakeChannel::bill(std::string day, base::Deadline) {
  const std::optional<ChannelFault> fault = co_await enter("bill");
  if (fault) co_return base::fail(error_of(*fault));
  const auto found = bills_.find(day);
  if (found == bills_.end()) co_return base::fail(base::Code::FailedPrecondition, "the bill of " + day + " is not there yet");
  if (found->second.empty()) co_return base::fail(base::Code::NotFound, "no trade on " + day);
  co_return found->second;
}

}  // namespace pay::services::testing
