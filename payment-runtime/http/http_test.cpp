// Routes over a real loopback socket, with the store and the channel in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/deadline.hpp"
#include "common/crypto/digest.hpp"
#include "common/net/block_on.hpp"
#include "common/net/client.hpp"
#include "common/net/server.hpp"
#include "payment-runtime/http/routes.hpp"
#include "payment-runtime/services/testing/channel.hpp"
#include "payment-runtime/services/testing/world.hpp"

namespace pay::http {
namespace {

using namespace std::chrono_literals;

class Http : public ::testing::Test {
 protected:
  void SetUp() override {
    context_.ports = {{&store_, &cache_, &channels_, &base::system_clock(), &base::system_rng()}};
    context_.metrics = &metrics_;
    context_.authentication_required = false;
    context_.credentials = [this] { return credentials_; };
    net::Router router;
    add_payment_routes(router, context_);
    add_callback_routes(router, context_);
    add_health_routes(router, health_);
    add_metrics_routes(router, metrics_, [this] { ++refreshed_; });
    server_ =
        net::HttpServer::listen(shards_, std::move(router), {.service = "payment-service", .address = "127.0.0.1", .port = 0}).value();
    shards_.start();
  }
  void TearDown() override {
    server_->drain(100ms);
    shards_.stop();
  }

  net::ClientResponse call(const std::string& method, const std::string& target, const std::string& body = {},
                           std::vector<net::Header> headers = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = net::parse_url("http://127.0.0.1:" + std::to_string(server_->port()) + target).value();
    request.body = body;
    request.headers = std::move(headers);
    return net::block_on(loop_, client_.send(std::move(request), base::Deadline::after(base::system_clock(), 5s))).value();
  }
  static nlohmann::json json(const net::ClientResponse& response) { return nlohmann::json::parse(response.body, nullptr, false); }
  static std::string order(const std::string& business_no, const std::string& amount = "100") {
    return R"({"businessNo":")" + business_no + R"(","amount":)" + amount + R"(,"paymentChannel":"wechat","subject":"tea"})";
  }

  stores::memory::MemoryStore store_;
  services::testing::FakeCache cache_;
  services::testing::FakeChannel wechat_{"wechat", base::system_clock()};
  services::Channels channels_{{"wechat", &wechat_}};
  obs::Metrics metrics_;
  obs::Health health_;
  Context context_;
  std::shared_ptr<const ApiCredentials> credentials_;
  std::atomic<int> refreshed_{0};
  boost::asio::io_context loop_{1};
  net::HttpClient client_ = net::HttpClient::make({}).value();
  net::Shards shards_{1};
  std::unique_ptr<net::HttpServer> server_;
};

TEST_F(Http, CreateAnswersWithTheEnvelopeAndASecondOneIsAConflictWithTheFirst) {
  const auto first = call("POST", "/api/payment/create", order("order-1", "100.5"));
  EXPECT_EQ(first.status, 200) << first.body;
  const auto body = json(first);
  EXPECT_EQ(body["code"], 0);
  EXPECT_EQ(body["message"], "success");
  EXPECT_EQ(body["data"]["amount"], "100.50");
  EXPECT_EQ(body["data"]["currency"], "CNY");
  EXPECT_EQ(body["data"]["status"], 0);
  EXPECT_EQ(body["data"]["state"], "AWAITING_PAYER");
  EXPECT_TRUE(body["data"].contains("codeUrl"));

  const auto second = call("POST", "/api/payment/create", order("order-1", "100.5"));
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(json(second)["code"], 40901);
  EXPECT_EQ(json(second)["data"]["paymentNo"], body["data"]["paymentNo"]);
  EXPECT_EQ(store_.contents().payments.size(), 1U);
  EXPECT_EQ(wechat_.orders.size(), 1U);

  const auto found = call("GET", "/api/payment/query/order-1");
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(json(found)["data"]["paymentNo"], body["data"]["paymentNo"]);
  const auto missing = call("GET", "/api/payment/query/order-2");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(json(missing)["code"], 40401);
}

TEST_F(Http, BadInputIsRefusedByFieldAndNothingIsStored) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "body"},
      {"{", "body"},
      {"[]", "body"},
      {R"({"businessNo":"a","businessNo":"b"})", "body"},
      {order("a", "0"), "amount"},
      {order("a", "0.00"), "amount"},
      {order("a", "-1"), "amount"},
      {order("a", "1.234"), "amount"},
      {order("a", "1e2"), "amount"},
      {order("a", "1E2"), "amount"},
      {order("a", "100000000"), "amount"},
      {order("a", "99999999999999999999999999"), "amount"},
      {order("a", std::string(5000, '9')), "amount"},
      {order("a", std::string(65, '9')), "amount"},
      {order("a", "1e400"), "amount"},
      {order("a", "\"" + std::string(5000, '9') + "\""), "amount"},
      {R"({"businessNo":"a","paymentChannel":"wechat","amount":1,"other":1e400})", "body"},
      {order("a", "null"), "amount"},
      {order("a", "true"), "amount"},
      {order("a", "[1]"), "amount"},
      {order("a", "\"\""), "amount"},
      {order("a", "\" 1\""), "amount"},
      {order("a", "\"1,000\""), "amount"},
      {R"({"businessNo":"a","paymentChannel":"wechat"})", "amount"},
      {order(""), "businessNo"},
      {order(std::string(65, 'a')), "businessNo"},
      {order("a b"), "businessNo"},
      {R"({"businessNo":5,"amount":1,"paymentChannel":"wechat"})", "businessNo"},
      {R"({"amount":1,"paymentChannel":"wechat"})", "businessNo"},
      {R"({"businessNo":"a","amount":1,"paymentChannel":"paypal"})", "paymentChannel"},
      {R"({"businessNo":"a","amount":1})", "paymentChannel"},
      {R"({"businessNo":"a","amount":1,"paymentChannel":"wechat","subject":5})", "subject"},
      {R"({"businessNo":"a","amount":1,"paymentChannel":"wechat","notifyUrl":"http://x"})", "notifyUrl"},
  };
  for (const auto& [body, field] : cases) {
    const auto response = call("POST", "/api/payment/create", body);
    EXPECT_EQ(response.status, 400) << body << "\n" << response.body;
    EXPECT_EQ(json(response)["data"]["field"], field) << body;
    EXPECT_EQ(json(response)["message"].get<std::string>().rfind(field, 0), 0U) << body;
  }
  EXPECT_TRUE(store_.contents().payments.empty());
  EXPECT_TRUE(wechat_.orders.empty());
}

TEST_F(Http, AmountsMayBeNumbersOrTexts) {
  int number = 0;
  for (const auto& [written, shown] :
       {std::pair{"1", "1.00"}, {"0.01", "0.01"}, {"99999999.99", "99999999.99"}, {"\"12.5\"", "12.50"}, {"100.50", "100.50"}}) {
    const auto response = call("POST", "/api/payment/create", order("amount-" + std::to_string(++number), written));
    EXPECT_EQ(json(response)["data"]["amount"], shown) << written << response.body;
  }
}

TEST_F(Http, ADatabaseThatIsDownIs503WithRetryAfter) {
  store_.set_down(true);
  for (const auto& response : {call("POST", "/api/payment/create", order("order-3")), call("GET", "/api/payment/query/order-3")}) {
    EXPECT_EQ(response.status, 503) << response.body;
    EXPECT_FALSE(response.header("retry-after").empty());
    EXPECT_EQ(json(response)["code"], 50301);
  }
  store_.set_down(false);
  EXPECT_EQ(call("POST", "/api/payment/create", order("order-3")).status, 200);
}

TEST_F(Http, ACallbackIsAcknowledgedOnlyWhenItIsStored) {
  const auto created = json(call("POST", "/api/payment/create", order("order-4")));
  const std::string number = created["data"]["paymentNo"];
  const ports::RawCallback raw = wechat_.pay(number);
  std::vector<net::Header> headers;
  for (const auto& [name, value] : raw.headers) headers.push_back({name, value});
  store_.set_down(true);
  const auto down = call("POST", "/api/callback/wechat", raw.body, headers);
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(json(down)["code"], "FAIL");
  store_.set_down(false);
  const auto good = call("POST", "/api/callback/wechat", raw.body, headers);
  EXPECT_EQ(good.status, 200) << good.body;
  EXPECT_EQ(json(good)["code"], "SUCCESS");
  EXPECT_EQ(call("POST", "/api/callback/wechat", raw.body, headers).status, 200) << "a repeated callback is acknowledged again";
  EXPECT_EQ(json(call("GET", "/api/payment/query/order-4"))["data"]["status"], 1);
  const std::string metrics = call("GET", "/metrics").body;
  EXPECT_NE(metrics.find(R"(payment_callback_total{channel="wechat",outcome="applied"} 1)"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find(R"(payment_callback_total{channel="wechat",outcome="duplicate"} 1)"), std::string::npos) << metrics;
}

TEST_F(Http, ARefusedCallbackIsAcknowledgedWarnedOfAndCounted) {
  const std::string number = json(call("POST", "/api/payment/create", order("order-7")))["data"]["paymentNo"];
  const ports::RawCallback raw = wechat_.pay(number);
  wechat_.paid_account = "1900000777";
  ::testing::internal::CaptureStderr();
  const auto acknowledged = call("POST", "/api/callback/wechat", raw.body);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(acknowledged.status, 200) << "it is kept in the inbox";
  EXPECT_THAT(log, ::testing::ContainsRegex(R"("level":"warn","event":"callback_received".*"payment_no":")" + number +
                                            R"(","outcome":"refused".*1900000777)"));
  EXPECT_NE(call("GET", "/metrics").body.find(R"(payment_callback_total{channel="wechat",outcome="refused"} 1)"), std::string::npos);
}

TEST_F(Http, WithoutCredentialsEverythingIsRefusedUnderRequired) {
  context_.authentication_required = true;
  for (const auto& response : {call("POST", "/api/payment/create", order("order-5")), call("GET", "/api/payment/query/order-5")}) {
    EXPECT_EQ(response.status, 401);
    EXPECT_NE(json(response)["message"].get<std::string>().find("api-key"), std::string::npos);
  }
  EXPECT_TRUE(store_.contents().payments.empty());
}

TEST_F(Http, ASignatureCoversMethodPathTimeKeyAndBody) {
  context_.authentication_required = true;
  credentials_ = std::make_shared<const ApiCredentials>(ApiCredentials{"k1", base::Secret{"s1"}});
  const auto signed_headers = [](const std::string& method, const std::string& target, const std::string& body, std::chrono::seconds shift,
                                 const std::string& secret) {
    const auto now = base::system_clock().now() + shift;
    const std::string timestamp = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    const std::string message = method + "\n" + target + "\n" + timestamp + "\nidem\n" + crypto::sha256_hex(body);
    return std::vector<net::Header>{{"X-API-Key", "k1"},
                                    {"X-Timestamp", timestamp},
                                    {"Idempotency-Key", "idem"},
                                    {"X-Signature", crypto::hmac_sha256_hex(secret, message)}};
  };
  const std::string target = "/api/payment/create";
  const std::string body = order("order-6");
  EXPECT_EQ(call("POST", target, body).status, 401);
  EXPECT_EQ(call("POST", target, body, signed_headers("POST", target, body, 0s, "wrong")).status, 401);
  EXPECT_EQ(call("POST", target, body, signed_headers("POST", target, body, -301s, "s1")).status, 401);
  EXPECT_EQ(call("POST", target, body, signed_headers("POST", target, body, 302s, "s1")).status, 401);
  EXPECT_EQ(call("POST", target, body, signed_headers("GET", target, body, 0s, "s1")).status, 401);
  EXPECT_EQ(call("POST", target, body + " ", signed_headers("POST", target, body, 0s, "s1")).status, 401);
  EXPECT_TRUE(store_.contents().payments.empty());
  EXPECT_EQ(call("POST", target, body, signed_headers("POST", target, body, 0s, "s1")).status, 200);
}

TEST_F(Http, ProbesTellThisProcessFromItsDependencies) {
  health_.add("database", obs::Group::Dependency, [] { return obs::Problem{"down"}; });
  EXPECT_EQ(call("GET", "/actuator/health/readiness").status, 503);
  EXPECT_EQ(call("GET", "/actuator/health/readiness?scope=self").status, 200);
  EXPECT_EQ(call("GET", "/actuator/health/liveness").status, 200);
  EXPECT_EQ(call("GET", "/health").status, 503);
  EXPECT_EQ(call("GET", "/health?scope=self").status, 200);
  EXPECT_EQ(json(call("GET", "/actuator/health"))["groups"][1]["name"], "readiness");
}

TEST_F(Http, MetricsAreExposedUnderBothNames) {
  call("POST", "/api/payment/create", order("order-7"));
  for (const char* path : {"/metrics", "/actuator/prometheus"}) {
    const auto response = call("GET", path);
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(response.body.find(R"(payment_gateway_payment_total{channel="wechat",status="created"} 1)"), std::string::npos);
  }
  EXPECT_EQ(refreshed_, 2);
}

}  // namespace
}  // namespace pay::http
