// The WeChat Pay adapter against the simulator, over loopback with real signatures: what each fault looks like from our side.
#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include <nlohmann/json.hpp>

#include "common/net/block_on.hpp"
#include "common/net/server.hpp"
#include "payment-runtime/channels/wechat_v3/channel.hpp"
#include "payment-runtime/simulator/simulator.hpp"
#include "payment-runtime/simulator/testing.hpp"

namespace pay::simulator {
namespace {

using namespace std::chrono_literals;
using channels::wechat_v3::WechatV3;

/// Callbacks as they arrive, and what to answer to them.
struct Inbox {
  std::mutex mutex;
  std::vector<ports::RawCallback> received;
  int status = 200;
};

base::Task<net::Response> take_callback(Inbox* inbox, net::Request request) {
  ports::RawCallback raw;
  for (const net::Header& header : request.headers) raw.headers.emplace(header.name, header.value);
  raw.body = request.body;
  net::Response response;
  const std::lock_guard lock{inbox->mutex};
  inbox->received.push_back(std::move(raw));
  response.status = inbox->status;
  co_return response;
}

class RoundTrip : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { folder_ = new testing::KeyFolder; }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  void SetUp() override {
    const config::SecretFiles files{folder_->path()};
    auto simulator_keys = ReloadingKeys::load(files, simulator_key_files(), load_simulator_keys).value();
    simulator_ = Simulator::make(simulator_keys, base::system_clock(), base::system_rng()).value();
    net::Router router;
    simulator_->add_routes(router);
    Inbox* inbox = &inbox_;
    router.add("POST", "/notify", [inbox](net::Request request) { return take_callback(inbox, std::move(request)); });
    server_ = net::HttpServer::listen(shards_, std::move(router), {.service = "simulator", .address = "127.0.0.1", .port = 0}).value();
    base_ = "http://127.0.0.1:" + std::to_string(server_->port());
    simulator_->start(shards_.context(0));
    shards_.start();
    wechat_ = make_channel(base_);
  }
  void TearDown() override {
    server_->drain(100ms);
    shards_.stop();
  }

  std::unique_ptr<WechatV3> make_channel(const std::string& base_url) {
    auto keys = channels::wechat_v3::ReloadingKeys::load(config::SecretFiles{folder_->path()}, channels::wechat_v3::key_files(),
                                                         channels::wechat_v3::load_keys)
                    .value();
    return WechatV3::make({base_url, base_ + "/notify", keys, &metrics_}, base::system_clock(), base::system_rng()).value();
  }

  static base::Deadline in(std::chrono::milliseconds budget) { return base::Deadline::after(base::system_clock(), budget); }

  static ports::ChannelOrder order(const std::string& number, std::int64_t minor = 10'000) {
    return {number, {minor, "CNY"}, "茶 \"tea\", with commas,`and ticks", base::system_clock().now() + 30min};
  }
  base::Result<ports::Prepay> create(const std::string& number, std::chrono::milliseconds budget = 3s) {
    return net::block_on(context_, wechat_->create(order(number), in(budget)));
  }
  base::Result<ports::ChannelEvidence> query(const std::string& number) { return net::block_on(context_, wechat_->query(number, in(3s))); }

  nlohmann::json control(const std::string& method, const std::string& path, const nlohmann::json& body = nullptr) {
    net::ClientRequest request;
    request.method = method;
    request.url = net::parse_url(base_ + "/_control/" + path).value();
    if (!body.is_null()) request.body = body.dump();
    const auto response = net::block_on(context_, client_.send(std::move(request), in(3s)));
    last_status_ = response ? response->status : 0;
    return response && !response->body.empty() ? nlohmann::json::parse(response->body, nullptr, false) : nlohmann::json{};
  }
  void fault(const std::string& operation, const std::string& kind, int milliseconds = 0) {
    nlohmann::json body = {{"channel", "wechat"}, {"operation", operation}, {"kind", kind}, {"probability", 1}, {"count", 1}};
    if (milliseconds > 0) body["milliseconds"] = milliseconds;
    control("POST", "faults", body);
    ASSERT_EQ(last_status_, 200) << operation << " " << kind;
  }

  /// Waits for the n-th callback; fails after five seconds.
  ports::RawCallback callback(std::size_t n) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < end) {
      {
        const std::lock_guard lock{inbox_.mutex};
        if (inbox_.received.size() >= n) return inbox_.received[n - 1];
      }
      std::this_thread::yield();
    }
    ADD_FAILURE() << "callback " << n << " did not come";
    return {};
  }
  std::size_t callbacks() {
    const std::lock_guard lock{inbox_.mutex};
    return inbox_.received.size();
  }

  static testing::KeyFolder* folder_;
  obs::Metrics metrics_;
  Inbox inbox_;
  boost::asio::io_context context_{1};
  net::Shards shards_{2};
  net::HttpClient client_ = net::HttpClient::make({}).value();
  std::unique_ptr<Simulator> simulator_;
  std::unique_ptr<net::HttpServer> server_;
  std::string base_;
  std::unique_ptr<WechatV3> wechat_;
  int last_status_ = 0;
};
testing::KeyFolder* RoundTrip::folder_ = nullptr;

TEST_F(RoundTrip, AnOrderIsMadePaidAndSeenPaid) {
  const auto prepay = create("ORDER000001");
  ASSERT_TRUE(prepay.has_value()) << prepay.error().message;
  EXPECT_EQ(prepay->code_url.substr(0, 10), "weixin://w");
  EXPECT_EQ(query("ORDER000001")->state, ports::TradeState::AwaitingPayer);

  control("POST", "pay", {{"payment_no", "ORDER000001"}});
  ASSERT_EQ(last_status_, 200);
  const auto evidence = query("ORDER000001");
  ASSERT_TRUE(evidence.has_value()) << evidence.error().message;
  EXPECT_EQ(evidence->state, ports::TradeState::Succeeded);
  EXPECT_EQ(evidence->amount, (domain::Money{10'000, "CNY"}));
  EXPECT_EQ(evidence->account, wechat_->account());
  EXPECT_TRUE(evidence->succeeded_at.has_value());

  const auto verified = wechat_->verify(callback(1), base::system_clock().now());
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->evidence.out_trade_no, "ORDER000001");
  EXPECT_EQ(verified->evidence.channel_trade_no, evidence->channel_trade_no);
  EXPECT_EQ(verified->evidence.amount, evidence->amount);
}

TEST_F(RoundTrip, TheSameOrderAgainIsTheSameAndAnotherUnderItsNumberIsAnOpenQuestion) {
  const auto first = create("ORDER000002");
  EXPECT_EQ(create("ORDER000002")->code_url, first->code_url);
  const auto other = net::block_on(context_, wechat_->create(order("ORDER000002", 5), in(3s)));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, base::Code::Unknown) << "an order exists under our number: only a query tells";
  control("POST", "pay", {{"out_trade_no", "ORDER000002"}});
  EXPECT_EQ(create("ORDER000002").error().code, base::Code::Unknown);
}

TEST_F(RoundTrip, AnOrderThatIsNotThereIsAValue) {
  const auto evidence = query("NOSUCHORDER");
  ASSERT_TRUE(evidence.has_value()) << evidence.error().message;
  EXPECT_EQ(evidence->state, ports::TradeState::NotFound);
}

TEST_F(RoundTrip, ClosingEndsAnUnpaidOrderOnly) {
  ASSERT_TRUE(create("ORDER000003").has_value());
  EXPECT_TRUE(net::block_on(context_, wechat_->close("ORDER000003", in(3s))).has_value());
  EXPECT_TRUE(net::block_on(context_, wechat_->close("ORDER000003", in(3s))).has_value()) << "closing twice is closing";
  EXPECT_EQ(query("ORDER000003")->state, ports::TradeState::Closed);
  control("POST", "pay", {{"out_trade_no", "ORDER000003"}});
  EXPECT_EQ(last_status_, 409);
  ASSERT_TRUE(create("ORDER000004").has_value());
  control("POST", "pay", {{"out_trade_no", "ORDER000004"}});
  EXPECT_EQ(net::block_on(context_, wechat_->close("ORDER000004", in(3s))).error().code, base::Code::FailedPrecondition);
  EXPECT_EQ(net::block_on(context_, wechat_->close("NOSUCHORDER", in(3s))).error().code, base::Code::NotFound);
}

struct FaultCase {
  const char* kind;
  base::Code code;
  bool effect;   // whether the order exists afterwards
};

TEST_F(RoundTrip, EveryFaultOfCreateSaysTheTruthAboutWhatMayHaveHappened) {
  const FaultCase cases[] = {
      {"lost_reply_after_effect", base::Code::Unknown, true},
      {"error_500", base::Code::Unknown, false},
      {"error_500_after_effect", base::Code::Unknown, true},
      {"rate_limit", base::Code::Unavailable, false},
      {"drop", base::Code::Unknown, false},
      {"bad_signature", base::Code::Unknown, true},
  };
  int number = 0;
  for (const FaultCase& one : cases) {
    const std::string order_no = "FAULTY" + std::to_string(++number);
    fault("create", one.kind);
    const auto created = create(order_no);
    ASSERT_FALSE(created.has_value()) << one.kind;
    EXPECT_EQ(created.error().code, one.code) << one.kind << ": " << created.error().message;
    const auto evidence = query(order_no);
    ASSERT_TRUE(evidence.has_value()) << one.kind << ": " << evidence.error().message;
    EXPECT_EQ(evidence->state, one.effect ? ports::TradeState::AwaitingPayer : ports::TradeState::NotFound) << one.kind;
    EXPECT_TRUE(create(order_no).has_value()) << one.kind << ": the same order again is safe";
  }
}

TEST_F(RoundTrip, ADelayPastTheDeadlineIsUnknownAndTheOrderMayBeThere) {
  fault("create", "delay", 300);
  EXPECT_EQ(create("DELAYED1", 100ms).error().code, base::Code::Unknown);
  fault("create", "delay", 50);
  EXPECT_TRUE(create("DELAYED2").has_value());
}

TEST_F(RoundTrip, FaultsOfQueryAndCloseAreNeverMistakenForAnswers) {
  ASSERT_TRUE(create("ORDER000005").has_value());
  for (const char* kind : {"lost_reply_after_effect", "error_500", "error_500_after_effect", "rate_limit", "drop", "bad_signature"}) {
    fault("query", kind);
    const auto evidence = query("ORDER000005");
    ASSERT_FALSE(evidence.has_value()) << kind;
    EXPECT_TRUE(evidence.error().code == base::Code::Unknown || evidence.error().code == base::Code::Unavailable) << kind;
  }
  fault("close", "lost_reply_after_effect");
  EXPECT_EQ(net::block_on(context_, wechat_->close("ORDER000005", in(3s))).error().code, base::Code::Unknown);
  EXPECT_EQ(query("ORDER000005")->state, ports::TradeState::Closed);
}

TEST_F(RoundTrip, AChannelThatIsAwayMeansNothingHappened) {
  std::uint16_t port = 0;
  {
    net::Shards other{1};
    port = net::HttpServer::listen(other, net::Router{}, {.service = "x", .address = "127.0.0.1", .port = 0}).value()->port();
  }
  const auto away = make_channel("http://127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(net::block_on(context_, away->create(order("ORDER000006"), in(3s))).error().code, base::Code::Unavailable);
}

TEST_F(RoundTrip, ACallbackWithABadSignatureIsRefusedAndDuplicatesShareOneIdentifier) {
  ASSERT_TRUE(create("ORDER000007").has_value());
  fault("callback", "bad_signature");
  control("POST", "pay", {{"out_trade_no", "ORDER000007"}});
  const auto spoiled = wechat_->verify(callback(1), base::system_clock().now());
  ASSERT_FALSE(spoiled.has_value());
  EXPECT_EQ(spoiled.error().code, base::Code::Unauthenticated);

  ASSERT_TRUE(create("ORDER000008").has_value());
  fault("callback", "duplicate");
  control("POST", "pay", {{"out_trade_no", "ORDER000008"}});
  const auto one = wechat_->verify(callback(2), base::system_clock().now());
  const auto two = wechat_->verify(callback(3), base::system_clock().now());
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_EQ(one->event_id, two->event_id);
}

TEST_F(RoundTrip, ACallbackThatIsNotAcknowledgedComesAgainOnTheChannelsSchedule) {
  {
    const std::lock_guard lock{inbox_.mutex};
    inbox_.status = 503;
  }
  ASSERT_TRUE(create("ORDER000009").has_value());
  control("POST", "pay", {{"out_trade_no", "ORDER000009"}});
  callback(1);
  const auto waiting = [&] { return control("GET", "totals")["wechat"]["callbacks"]["waiting"].get<int>(); };
  while (waiting() == 0) std::this_thread::yield();
  {
    const std::lock_guard lock{inbox_.mutex};
    inbox_.status = 204;
  }
  control("POST", "clock", {{"advance_seconds", 10}});
  EXPECT_EQ(callbacks(), 1U) << "not before 15 seconds";
  control("POST", "clock", {{"advance_seconds", 6}});
  callback(2);
  while (control("GET", "totals")["wechat"]["callbacks"]["acknowledged"] != 1) std::this_thread::yield();
  EXPECT_EQ(waiting(), 0);
}

TEST_F(RoundTrip, ACallbackIsBoundToItsBytesItsTimeAndItsKeys) {
  ASSERT_TRUE(create("ORDER000010").has_value());
  control("POST", "pay", {{"out_trade_no", "ORDER000010"}});
  const ports::RawCallback genuine = callback(1);
  const base::TimePoint now = base::system_clock().now();
  ASSERT_TRUE(wechat_->verify(genuine, now).has_value());
  EXPECT_EQ(wechat_->verify(genuine, now + 301s).error().code, base::Code::Unauthenticated);
  EXPECT_EQ(wechat_->verify(genuine, now - 301s).error().code, base::Code::Unauthenticated);
  ports::RawCallback changed = genuine;
  changed.body += " ";
  EXPECT_EQ(wechat_->verify(changed, now).error().code, base::Code::Unauthenticated);
  for (const char* header : {"wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial"}) {
    ports::RawCallback without = genuine;
    without.headers.erase(header);
    EXPECT_EQ(wechat_->verify(without, now).error().code, base::Code::Unauthenticated) << header;
    ports::RawCallback wrong = genuine;
    wrong.headers[header] = "WECHATPAY/SIGNTEST/x";
    EXPECT_EQ(wechat_->verify(wrong, now).error().code, base::Code::Unauthenticated) << header;
  }
}

TEST_F(RoundTrip, ABillMatchesTheDayAndTamperingIsAnnounced) {
  EXPECT_EQ(domain::day_of(base::parse_rfc3339("2026-01-31T16:00:00Z").value(), wechat_->bill_zone()), "2026-02-01");
  const std::string today = simulator_->world().today();
  const auto bill = [&](const std::string& day) { return net::block_on(context_, wechat_->bill(day, in(3s))); };
  EXPECT_EQ(bill(today).error().code, base::Code::FailedPrecondition) << "the day is not over";
  EXPECT_EQ(bill("2020-01-01").error().code, base::Code::NotFound) << "nobody paid on that day";
  for (int i = 0; i < 5; ++i) {
    const std::string number = "BILLED" + std::to_string(i);
    ASSERT_TRUE(create(number).has_value());
    control("POST", "pay", {{"out_trade_no", number}});
  }
  control("POST", "bills/close", {{"channel", "wechat"}, {"day", today}});
  auto rows = bill(today);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 5U);
  EXPECT_EQ(rows->front().amount, (domain::Money{10'000, "CNY"}));

  const auto done = control("POST", "bills", {{"channel", "wechat"}, {"day", today}, {"drop", 1}, {"extra", 2}, {"alter", 1}, {"seed", 7}});
  ASSERT_EQ(last_status_, 200) << done;
  rows = bill(today);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  EXPECT_EQ(rows->size(), 6U);
  for (const ports::BillRow& row : *rows) {
    EXPECT_NE(row.out_trade_no, done["dropped"][0].get<std::string>());
    if (row.out_trade_no == done["altered"][0]["out_trade_no"].get<std::string>()) {
      EXPECT_EQ(row.amount.minor, done["altered"][0]["to_minor"]);
    }
  }
  for (const char* kind : {"lost_reply_after_effect", "error_500", "rate_limit", "bad_signature"}) {
    fault("bill", kind);
    const auto failed = bill(today);
    ASSERT_FALSE(failed.has_value()) << kind;
    EXPECT_TRUE(failed.error().code == base::Code::Unknown || failed.error().code == base::Code::Unavailable) << kind;
  }
}

TEST_F(RoundTrip, MovesAreTheTruthAboutMoney) {
  for (const char* number : {"MOVED1", "MOVED2"}) {
    ASSERT_TRUE(create(number).has_value());
    control("POST", "pay", {{"out_trade_no", number}});
  }
  const auto moves = simulator_->world().moves(1);
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].out_trade_no, "MOVED2");
  EXPECT_EQ(simulator_->world().totals().paid_minor, 20'000);
}

TEST_F(RoundTrip, RequestsThatAreNotTheMerchantsAreRefused) {
  net::ClientRequest request;
  request.url = net::parse_url(base_ + "/v3/pay/transactions/out-trade-no/ORDER000001?mchid=1900000109").value();
  const auto unsigned_one = net::block_on(context_, client_.send(request, in(3s)));
  ASSERT_TRUE(unsigned_one.has_value());
  EXPECT_EQ(unsigned_one->status, 401);
  // Another merchant's key under our number.
  testing::KeyFolder strangers;
  auto keys = channels::wechat_v3::ReloadingKeys::load(config::SecretFiles{strangers.path()}, channels::wechat_v3::key_files(),
                                                       channels::wechat_v3::load_keys)
                  .value();
  const auto stranger = WechatV3::make({base_, base_ + "/notify", keys, nullptr}, base::system_clock(), base::system_rng()).value();
  EXPECT_EQ(net::block_on(context_, stranger->create(order("STRANGE1"), in(3s))).error().code, base::Code::Unknown)
      << "it cannot read the refusal's signature either";
  EXPECT_EQ(query("STRANGE1")->state, ports::TradeState::NotFound);
}

TEST_F(RoundTrip, ControlRefusesWhatItDoesNotUnderstand) {
  const std::pair<const char*, nlohmann::json> cases[] = {
      {"faults", {{"operation", "refund"}, {"kind", "drop"}}},
      {"faults", {{"operation", "create"}, {"kind", "explode"}}},
      {"faults", {{"operation", "create"}, {"kind", "duplicate"}}},
      {"faults", {{"operation", "create"}, {"kind", "delay"}}},
      {"faults", {{"operation", "create"}, {"kind", "drop"}, {"probability", 2}}},
      {"faults", {{"channel", "alipay"}, {"operation", "create"}, {"kind", "drop"}}},
      {"bills/close", {{"channel", "wechat"}, {"day", "yesterday"}}},
      {"bills", {{"channel", "wechat"}, {"day", "2026-01-31"}, {"drop", 1}}},
      {"clock", {{"advance_seconds", -1}}},
      {"pay", {{"nothing", 1}}},
  };
  for (const auto& [path, body] : cases) {
    control("POST", path, body);
    EXPECT_EQ(last_status_, 400) << path << " " << body;
  }
  control("POST", "pay", {{"out_trade_no", "NOSUCHORDER"}});
  EXPECT_EQ(last_status_, 404);
}

}  // namespace
}  // namespace pay::simulator
