#include <cstdio>

#include <boost/asio/io_context.hpp>

#include "common/net/block_on.hpp"
#include "common/net/client.hpp"
#include "payment-runtime/commands/commands.hpp"
#include "payment-runtime/commands/exit_codes.hpp"
#include "payment-runtime/commands/wiring.hpp"

namespace pay::commands {
namespace {

constexpr auto kAnswerWithin = std::chrono::seconds{3};

std::string own_url(const config::Config& config) {
  const config::Listener* listener = config.listener(config::Routes::Management);
  if (listener == nullptr) listener = config.listener(config::Routes::Public);
  if (listener == nullptr) return {};
  return "http://127.0.0.1:" + std::to_string(listener->port) + "/actuator/health/readiness?scope=self";
}

}  // namespace

int healthcheck(const std::string& url, const std::filesystem::path& config_file) {
  std::string address = url;
  if (address.empty()) {
    const auto config = load(config_file, "healthcheck");
    if (!config) return kUsage;
    address = own_url(*config);
  }
  auto parsed = net::parse_url(address);
  const auto client = net::HttpClient::make({});
  if (!parsed || !client) {
    complain(parsed ? client.error() : parsed.error());
    return kUsage;
  }
  net::ClientRequest request;
  request.url = std::move(*parsed);
  boost::asio::io_context context{1};
  const auto response =
      net::block_on(context, client->send(std::move(request), base::Deadline::after(base::system_clock(), kAnswerWithin)));
  if (!response) {
    complain(response.error());
    return kFailed;
  }
  std::printf("%s\n", response->body.c_str());
  return response->status == 200 ? kDone : kFailed;
}

}  // namespace pay::commands
