#include <cstdio>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "common/base/ids.hpp"
#include "common/codec/json.hpp"
#include "common/net/block_on.hpp"
#include "common/net/client.hpp"
#include "common/net/wait.hpp"
#include "payment-runtime/commands/commands.hpp"
#include "payment-runtime/commands/exit_codes.hpp"
#include "payment-runtime/commands/wiring.hpp"

namespace pay::commands {
namespace {

constexpr auto kPaidWithin = std::chrono::seconds{60};       // of the whole check; Services may lag behind their pods by a second or two
constexpr auto kRetry = std::chrono::milliseconds{500};
constexpr const char* kAmount = "0.01";

/// Asks until the service answers at all: nothing of a request that was not sent can have happened.
base::Task<base::Result<net::ClientResponse>> ask(net::HttpClient client, net::ClientRequest request, base::Deadline deadline) {
  while (true) {
    auto response = co_await client.send(request, deadline);
    const bool try_again = response ? response->status == 503 : response.error().code == base::Code::Unavailable;
    if (!try_again || deadline.passed(base::system_clock())) co_return response;
    co_await net::wait_for(kRetry);
  }
}

base::Result<net::Url> at(const std::string& url, const std::string& path) { return net::parse_url(url + path); }

/// The answer's HTTP status must be the expected one, and its data must be this payment.
bool is_as_promised(const char* step, const base::Result<net::ClientResponse>& response, int status, const std::string& business_no) {
  if (!response) {
    complain(response.error());
    return false;
  }
  std::printf("%s: HTTP %d %s\n", step, response->status, response->body.c_str());
  const auto answer = codec::parse_json(response->body);
  const bool same = answer && answer->is_object() && answer->contains("data") && (*answer)["data"].value("businessNo", "") == business_no;
  if (response->status == status && same) return true;
  std::fprintf(stderr, "payment-runtime: %s: expected HTTP %d for businessNo %s\n", step, status, business_no.c_str());
  return false;
}

}  // namespace

int pay_once(const std::string& url, const std::string& channel) {
  const auto create_url = at(url, "/api/payment/create");
  const auto client = net::HttpClient::make({});
  if (!create_url || !client) {
    complain(create_url ? client.error() : create_url.error());
    return kUsage;
  }
  const std::string business_no = "PAY_ONCE_" + base::ulid(base::system_clock().now(), base::system_rng());
  const base::Deadline deadline = base::Deadline::after(base::system_clock(), kPaidWithin);
  boost::asio::io_context context{1};

  net::ClientRequest create;
  create.method = "POST";
  create.url = *create_url;
  create.headers = {{"content-type", "application/json"}};
  create.body = codec::dump_json({{"businessNo", business_no}, {"amount", kAmount}, {"paymentChannel", channel}, {"subject", "pay-once"}});
  if (!is_as_promised("create", net::block_on(context, ask(*client, create, deadline)), 200, business_no)) return kFailed;
  if (!is_as_promised("create again", net::block_on(context, ask(*client, create, deadline)), 409, business_no)) return kFailed;

  net::ClientRequest query;
  query.url = at(url, "/api/payment/query/" + business_no).value();
  return is_as_promised("query", net::block_on(context, ask(*client, query, deadline)), 200, business_no) ? kDone : kFailed;
}

}  // namespace pay::commands
