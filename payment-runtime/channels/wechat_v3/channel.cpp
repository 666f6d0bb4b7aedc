#include "payment-runtime/channels/wechat_v3/channel.hpp"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "common/codec/base64.hpp"
#include "common/codec/json.hpp"
#include "common/crypto/aead.hpp"
#include "common/crypto/digest.hpp"
#include "common/net/url.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/channels/wechat_v3/bill.hpp"
#include "payment-runtime/channels/wechat_v3/evidence.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"

namespace pay::channels::wechat_v3 {
namespace {

static_assert(2 * kMerchantNumberMax + 1 <= ports::kAccountMax);   // "<mchid>/<appid>"

constexpr std::size_t kCodeUrlMax = 512;
constexpr std::size_t kReasonMax = 200;   // of the channel's words that go into our errors

/// payment_channel_request_* of one operation, found once.
struct Operation {
  std::string_view name;
  prometheus::Counter* ok = nullptr;
  prometheus::Counter* declined = nullptr;
  prometheus::Counter* unavailable = nullptr;
  prometheus::Counter* unknown = nullptr;
  prometheus::Histogram* seconds = nullptr;

  Operation(std::string_view what, obs::Metrics* metrics) : name(what) {
    if (metrics == nullptr) return;
    const auto counter = [&](const char* outcome) {
      return &metrics->counter("payment_channel_request_total", "Requests to payment channels.",
                               {{"channel", "wechat"}, {"operation", std::string{what}}, {"outcome", outcome}});
    };
    ok = counter("ok");
    declined = counter("declined");
    unavailable = counter("unavailable");
    unknown = counter("unknown");
    seconds = &metrics->histogram("payment_channel_request_duration_seconds", "Time of requests to payment channels.",
                                  {{"channel", "wechat"}, {"operation", std::string{what}}});
  }

  void observe(const base::Error* error, std::chrono::duration<double> took) const {
    if (seconds == nullptr) return;
    seconds->Observe(took.count());
    prometheus::Counter* counter = ok;
    if (error != nullptr) {
      counter = error->code == base::Code::Unavailable ? unavailable : error->code == base::Code::Unknown ? unknown : declined;
    }
    counter->Increment();
  }
};

}  // namespace

struct WechatV3::Impl {
  Impl(WechatOptions given, const base::Clock& time, base::Rng& random, net::HttpClient calls, net::HttpClient downloads)
      : options(std::move(given)),
        clock(time),
        rng(random),
        client(std::move(calls)),
        bill_client(std::move(downloads)) {}

  WechatOptions options;
  const base::Clock& clock;
  base::Rng& rng;
  net::HttpClient client;
  net::HttpClient bill_client;   // accepts long answers
  Operation create{"create", options.metrics};
  Operation query{"query", options.metrics};
  Operation close{"close", options.metrics};
  Operation bill{"bill", options.metrics};
};

namespace {

using ImplPtr = std::shared_ptr<WechatV3::Impl>;

base::Result<net::ClientRequest> make_request(const WechatV3::Impl& impl, const Keys& keys, std::string method, const std::string& url,
                                              std::string body) {
  auto parsed = net::parse_url(url);
  if (!parsed) return base::fail(std::move(parsed.error()));
  const std::string timestamp = unix_seconds(impl.clock.now());
  const std::string nonce = make_nonce(impl.rng);
  const auto signature = keys.private_key.sign_sha256(request_message(method, parsed->target, timestamp, nonce, body));
  if (!signature) return base::fail(signature.error());
  net::ClientRequest request;
  request.headers = {{"Authorization", to_header({keys.mch_id, nonce, timestamp, keys.merchant_serial, codec::to_base64(*signature)})},
                     {"Accept", "application/json"},
                     {"Wechatpay-Serial", keys.wechat_key_id}};
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.method = std::move(method);
  request.url = std::move(*parsed);
  request.body = std::move(body);
  return request;
}

base::Status verify_response(const Keys& keys, const net::ClientResponse& response, base::TimePoint now) {
  return verify_answer(keys.wechat_key, keys.wechat_key_id,
                       {response.header("wechatpay-timestamp"), response.header("wechatpay-nonce"), response.header("wechatpay-signature"),
                        response.header("wechatpay-serial")},
                       response.body, now);
}

/// Sends a signed request and returns a verified answer of status 2xx; everything else is an error by the rules of the port.
base::Task<base::Result<net::ClientResponse>> call(ImplPtr impl, const Operation* operation, std::string method, std::string target,
                                                   std::string body, base::Deadline deadline) {
  const auto keys = impl->options.keys->get();
  auto request = make_request(*impl, *keys, std::move(method), impl->options.base_url + target, std::move(body));
  if (!request) co_return base::fail(std::move(request.error()));
  const base::SteadyPoint since = impl->clock.steady_now();
  auto response = co_await impl->client.send(std::move(*request), deadline);
  const auto took = impl->clock.steady_now() - since;
  if (!response) {
    operation->observe(&response.error(), took);
    co_return base::fail(std::move(response.error()));
  }
  const base::Status verified = verify_response(*keys, *response, impl->clock.now());
  if (response->status < 200 || response->status > 299) {
    base::Error error = to_error(response->status, response->body, verified.has_value());
    operation->observe(&error, took);
    co_return base::fail(std::move(error));
  }
  if (!verified) {
    const base::Error error{base::Code::Unknown, "the channel's answer is not signed as it must be: " + verified.error().message, {}, {}};
    obs::warn("channel_answer_refused", {{"channel", "wechat"}, {"operation", operation->name}, {"problem", verified.error().message}});
    operation->observe(&error, took);
    co_return base::fail(error);
  }
  operation->observe(nullptr, took);
  co_return std::move(*response);
}

/// The request was carried out; that we cannot read the answer does not undo it.
base::Error unreadable(const base::Error& why) {
  return {base::Code::Unknown, "the channel's answer cannot be read: " + base::describe(why), {}, {}};
}

// Bodies are built outside of coroutines: g++ 12 cannot keep braced lists alive in a coroutine's frame.
std::string create_body(const Keys& keys, const std::string& notify_url, const ports::ChannelOrder& order) {
  return codec::dump_json({{"appid", keys.app_id},
                           {"mchid", keys.mch_id},
                           {"description", order.subject},
                           {"out_trade_no", order.out_trade_no},
                           {"time_expire", to_beijing(order.expires_at)},
                           {"notify_url", notify_url},
                           {"amount", {{"total", order.amount.minor}, {"currency", order.amount.currency}}}});
}

std::string close_body(const Keys& keys) { return codec::dump_json({{"mchid", keys.mch_id}}); }

base::Task<base::Result<ports::Prepay>> create_order(ImplPtr impl, ports::ChannelOrder order, base::Deadline deadline) {
  const auto keys = impl->options.keys->get();
  const auto response = co_await call(impl, &impl->create, "POST", "/v3/pay/transactions/native",
                                      create_body(*keys, impl->options.notify_url, order), deadline);
  if (!response) {
    // Under our number there is an order already, perhaps a paid one: that is not a refusal, and only a query tells which.
    const std::string& code = response.error().field;
    if (code == "ORDERPAID" || code == "OUT_TRADE_NO_USED" || code == "ORDER_CLOSED") {
      co_return base::fail(base::Code::Unknown, response.error().message);
    }
    co_return base::fail(response.error());
  }
  const auto parsed = codec::parse_json(response->body);
  if (!parsed) co_return base::fail(unreadable(parsed.error()));
  auto code_url = codec::string_member(*parsed, "code_url");
  if (!code_url || code_url->empty() || code_url->size() > kCodeUrlMax) {
    co_return base::fail(base::Code::Unknown, "the channel's answer has no usable code_url");
  }
  co_return ports::Prepay{std::move(*code_url)};
}

base::Task<base::Result<ports::ChannelEvidence>> query_order(ImplPtr impl, std::string out_trade_no, base::Deadline deadline) {
  const auto keys = impl->options.keys->get();
  const std::string target =
      fmt::format("/v3/pay/transactions/out-trade-no/{}?mchid={}", net::percent_encode(out_trade_no), net::percent_encode(keys->mch_id));
  const auto response = co_await call(impl, &impl->query, "GET", target, {}, deadline);
  if (!response) {
    if (response.error().code != base::Code::NotFound) co_return base::fail(response.error());
    ports::ChannelEvidence absent;
    absent.out_trade_no = out_trade_no;
    absent.account = account_of(keys->mch_id, keys->app_id);
    co_return absent;
  }
  const auto parsed = codec::parse_json(response->body);
  if (!parsed) co_return base::fail(unreadable(parsed.error()));
  auto evidence = to_evidence(*parsed);
  if (!evidence) co_return base::fail(unreadable(evidence.error()));
  if (evidence->out_trade_no != out_trade_no) co_return base::fail(base::Code::Unknown, "the channel answered about another order");
  co_return std::move(*evidence);
}

base::Task<base::Status> close_order(ImplPtr impl, std::string out_trade_no, base::Deadline deadline) {
  const auto keys = impl->options.keys->get();
  const std::string target = fmt::format("/v3/pay/transactions/out-trade-no/{}/close", net::percent_encode(out_trade_no));
  const auto response = co_await call(impl, &impl->close, "POST", target, close_body(*keys), deadline);
  if (response) co_return base::Status{};
  if (response.error().field == "ORDER_CLOSED") co_return base::Status{};
  co_return base::fail(response.error());
}

base::Task<base::Result<std::vector<ports::BillRow>>> fetch_bill(ImplPtr impl, std::string day, base::Deadline deadline) {
  const std::string target = "/v3/bill/tradebill?bill_date=" + net::percent_encode(day) + "&bill_type=SUCCESS";
  const auto response = co_await call(impl, &impl->bill, "GET", target, {}, deadline);
  if (!response) co_return base::fail(response.error());
  const auto parsed = codec::parse_json(response->body);
  if (!parsed) co_return base::fail(unreadable(parsed.error()));
  const auto hash_type = codec::string_member(*parsed, "hash_type");
  const auto hash = codec::string_member(*parsed, "hash_value");
  const auto url = codec::string_member(*parsed, "download_url");
  if (!hash_type || !hash || !url || *hash_type != "SHA1")
    co_return base::fail(base::Code::Unknown, "the channel's answer about the bill cannot be read");

  // The download's own answer is not signed: the hash, which was, stands for it.
  const auto keys = impl->options.keys->get();
  auto request = make_request(*impl, *keys, "GET", *url, {});
  if (!request) co_return base::fail(base::Code::Unknown, "the bill's address is not usable: " + request.error().message);
  const auto file = co_await impl->bill_client.send(std::move(*request), deadline);
  if (!file) co_return base::fail(file.error());
  if (file->status != 200) co_return base::fail(to_error(file->status, file->body, false));
  if (crypto::sha1_hex(file->body) != *hash) co_return base::fail(base::Code::DataLoss, "the bill's content does not fit its hash");
  co_return parse_bill(file->body);
}

}  // namespace

base::Error to_error(int status, std::string_view body, bool signed_by_them) {
  std::string code;
  std::string message;
  if (const auto parsed = codec::parse_json(body); parsed && parsed->is_object()) {
    code = codec::string_member(*parsed, "code").value_or("");
    message = codec::string_member(*parsed, "message").value_or("");
  }
  const std::string words = base::clip(fmt::format("the channel answered {} {} {}", status, code, message), kReasonMax);
  const auto error = [&](base::Code what) { return base::Error{what, words, code, std::nullopt}; };
  if (status == 429) return error(base::Code::Unavailable);          // whoever limits us has not let the request through
  if (status >= 500 || !signed_by_them) return error(base::Code::Unknown);   // a proxy's refusal proves nothing
  if (code == "ORDER_NOT_EXIST" || code == "NO_STATEMENT_EXIST") return error(base::Code::NotFound);
  if (code == "STATEMENT_CREATING" || code == "ORDERPAID" || code == "ORDER_CLOSED") return error(base::Code::FailedPrecondition);
  if (code == "OUT_TRADE_NO_USED") return error(base::Code::AlreadyExists);
  if (status == 401) return error(base::Code::Unauthenticated);
  if (status == 403) return error(base::Code::PermissionDenied);
  if (status == 404) return error(base::Code::NotFound);
  return error(base::Code::InvalidArgument);
}

base::Result<std::unique_ptr<WechatV3>> WechatV3::make(WechatOptions options, const base::Clock& clock, base::Rng& rng) {
  auto calls = net::HttpClient::make({});
  if (!calls) return base::fail(std::move(calls.error()));
  net::ClientOptions long_answers;
  long_answers.response_bytes = kBillBytesMax;
  long_answers.idle_per_shard = 1;
  auto downloads = net::HttpClient::make(long_answers);
  if (!downloads) return base::fail(std::move(downloads.error()));
  const auto base_url = net::parse_url(options.base_url);
  if (!base_url) return base::fail(base::Code::InvalidArgument, base_url.error().message, "channels.wechat.baseUrl");
  const auto keys = options.keys->get();
  std::string account = account_of(keys->mch_id, keys->app_id);
  auto impl = std::make_shared<Impl>(std::move(options), clock, rng, std::move(*calls), std::move(*downloads));
  return std::unique_ptr<WechatV3>{new WechatV3{std::move(impl), std::move(account)}};
}

WechatV3::WechatV3(std::shared_ptr<Impl> impl, std::string account) : impl_(std::move(impl)), account_(std::move(account)) {}
WechatV3::~WechatV3() = default;

domain::TimeZone WechatV3::bill_zone() const { return {kBeijing}; }
std::chrono::hours WechatV3::bill_delay() const { return kBillDelay; }

base::Task<base::Result<ports::Prepay>> WechatV3::create(ports::ChannelOrder order, base::Deadline deadline) {
  return create_order(impl_, std::move(order), deadline);
}
base::Task<base::Result<ports::ChannelEvidence>> WechatV3::query(std::string out_trade_no, base::Deadline deadline) {
  return query_order(impl_, std::move(out_trade_no), deadline);
}
base::Task<base::Status> WechatV3::close(std::string out_trade_no, base::Deadline deadline) {
  return close_order(impl_, std::move(out_trade_no), deadline);
}
base::Task<base::Result<std::vector<ports::BillRow>>> WechatV3::bill(std::string day, base::Deadline deadline) {
  return fetch_bill(impl_, std::move(day), deadline);
}

base::Result<ports::VerifiedCallback> WechatV3::verify(const ports::RawCallback& callback, base::TimePoint now) const {
  const auto header = [&](const char* name) -> std::string_view {
    const auto found = callback.headers.find(name);
    return found == callback.headers.end() ? std::string_view{} : std::string_view{found->second};
  };
  const auto keys = impl_->options.keys->get();
  const AnswerSignature given{header("wechatpay-timestamp"), header("wechatpay-nonce"), header("wechatpay-signature"),
                              header("wechatpay-serial")};
  if (auto status = verify_answer(keys->wechat_key, keys->wechat_key_id, given, callback.body, now); !status) {
    return base::fail(std::move(status.error()));
  }
  const auto notice = codec::parse_json(callback.body);
  if (!notice) return base::fail(notice.error());
  const auto id = codec::string_member(*notice, "id");
  if (!id) return base::fail(id.error());
  if (id->empty() || id->size() > 64) return base::fail(base::Code::InvalidArgument, "must have 1 to 64 bytes", "id");
  const auto event = codec::string_member(*notice, "event_type");
  if (!event) return base::fail(event.error());
  if (*event != "TRANSACTION.SUCCESS")
    return base::fail(base::Code::InvalidArgument, "is not an event of this service: " + *event, "event_type");
  const auto resource = notice->find("resource");
  if (resource == notice->end() || !resource->is_object()) return base::fail(base::Code::InvalidArgument, "is required", "resource");
  const auto algorithm = codec::string_member(*resource, "algorithm");
  if (!algorithm || *algorithm != "AEAD_AES_256_GCM") {
    return base::fail(base::Code::InvalidArgument, "must be AEAD_AES_256_GCM", "resource.algorithm");
  }
  const auto ciphertext = codec::string_member(*resource, "ciphertext");
  const auto nonce = codec::string_member(*resource, "nonce");
  if (!ciphertext || !nonce) return base::fail(base::Code::InvalidArgument, "needs ciphertext and nonce", "resource");
  const std::string associated = codec::string_member(*resource, "associated_data").value_or("");
  const auto sealed = codec::from_base64(*ciphertext);
  if (!sealed) return base::fail(base::Code::InvalidArgument, sealed.error().message, "resource.ciphertext");
  const auto plain = crypto::open(keys->api_v3_key, *nonce, associated, *sealed);
  if (!plain) return base::fail(base::Code::Unauthenticated, "the sealed resource does not open with our APIv3 key");
  const auto transaction = codec::parse_json(*plain);
  if (!transaction) return base::fail(transaction.error());
  auto evidence = to_evidence(*transaction);
  if (!evidence) return base::fail(std::move(evidence.error()));
  return ports::VerifiedCallback{*id, std::move(*evidence)};
}

}  // namespace pay::channels::wechat_v3
