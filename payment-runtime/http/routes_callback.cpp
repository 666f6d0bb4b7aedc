#include <nlohmann/json.hpp>

#include "common/codec/json.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/http/routes.hpp"
#include "payment-runtime/services/callback/receive.hpp"

namespace pay::http {
namespace {

/// WeChat Pay reads the status first: 200 means never again, anything else means again later.
net::Response acknowledge(int status, std::string_view code, std::string_view message) {
  net::Response response;
  response.status = status;
  response.body = codec::dump_json({{"code", code}, {"message", message}});
  return response;
}

int status_of(base::Code code) {
  switch (code) {
    case base::Code::Unauthenticated: return 401;
    case base::Code::PermissionDenied: return 403;
    case base::Code::InvalidArgument: return 400;
    case base::Code::NotFound: return 404;
    case base::Code::Unavailable: return 503;
    default: return 500;
  }
}

std::string outcome_label(const base::Result<services::callback::Received>& received) {
  if (received) return std::string{services::callback::name(received->outcome)};
  switch (received.error().code) {
    case base::Code::Unauthenticated:
    case base::Code::PermissionDenied: return "unauthenticated";
    case base::Code::InvalidArgument: return "invalid";
    case base::Code::NotFound: return "no_such_payment";
    default: return "unavailable";
  }
}

base::Task<net::Response> receive(const Context* context, std::string channel, net::Request request) {
  const services::Ports& ports = context->here();
  const base::SteadyPoint since = ports.clock->steady_now();
  ports::RawCallback raw;
  for (net::Header& header : request.headers) raw.headers.emplace(std::move(header.name), std::move(header.value));
  raw.body = std::move(request.body);
  const auto received = co_await services::callback::receive(channel, std::move(raw), ports, request.deadline);
  context->metrics
      ->counter("payment_callback_total", "Callbacks of payment channels by outcome.",
                {{"channel", channel}, {"outcome", outcome_label(received)}})
      .Increment();
  context->metrics->histogram("payment_callback_duration_seconds", "Time to verify and store a callback.", {{"channel", channel}})
      .Observe(std::chrono::duration<double>(ports.clock->steady_now() - since).count());
  if (!received) {
    obs::warn("callback_refused", {{"request_id", request.id}, {"channel", channel}, {"problem", base::describe(received.error())}});
    co_return acknowledge(status_of(received.error().code), "FAIL", "失败");
  }
  // Acknowledged either way, as it is kept; but refused evidence is for a person, and the channel will not send it again.
  const bool refused = received->outcome == services::callback::Outcome::Refused;
  obs::log().log(refused ? obs::Level::Warn : obs::Level::Info, "callback_received",
                 {{"request_id", request.id},
                  {"channel", channel},
                  {"payment_no", received->payment.payment_no},
                  {"outcome", services::callback::name(received->outcome)},
                  {"state", domain::name(received->payment.state)},
                  {"why", received->why}});
  co_return acknowledge(200, "SUCCESS", "成功");
}

}  // namespace

void add_callback_routes(net::Router& router, const Context& context) {
  const Context* shared = &context;
  router.add("POST", "/api/callback/wechat", [shared](net::Request request) { return receive(shared, "wechat", std::move(request)); });
}

}  // namespace pay::http
