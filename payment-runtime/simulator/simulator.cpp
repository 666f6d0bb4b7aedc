#include "payment-runtime/simulator/simulator.hpp"

namespace pay::simulator {

base::Result<std::unique_ptr<Simulator>> Simulator::make(std::shared_ptr<ReloadingKeys> keys, const base::Clock& clock, base::Rng& rng) {
  net::ClientOptions options;
  options.user_agent = "Mozilla/4.0";   // what WeChat Pay sends
  auto client = net::HttpClient::make(options);
  if (!client) return base::fail(std::move(client.error()));
  return std::unique_ptr<Simulator>{new Simulator{std::make_shared<Parts>(std::move(keys), clock, rng, std::move(*client))}};
}

Simulator::Simulator(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}
Simulator::~Simulator() = default;

void Simulator::add_routes(net::Router& router) const {
  add_wechat_routes(router, parts_);
  add_control_routes(router, parts_);
}

void Simulator::start(boost::asio::io_context& context) { parts_->callbacks.start(context); }

World& Simulator::world() { return parts_->world; }

}  // namespace pay::simulator
