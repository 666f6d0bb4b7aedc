#include <nlohmann/json.hpp>

#include "common/codec/json.hpp"
#include "common/net/shards.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/http/envelope.hpp"
#include "payment-runtime/http/routes.hpp"
#include "payment-runtime/services/payment/create.hpp"

namespace pay::http {
namespace {

base::Result<services::payment::CreatePayment> decode_create(const std::string& body) {
  const auto wrong = [](const char* field, const char* message) { return base::fail(base::Code::InvalidArgument, message, field); };
  codec::NumberTexts numbers;
  const auto parsed = codec::parse_json(body, {}, &numbers);
  if (!parsed) {
    const bool amount_at_fault = parsed.error().field == "amount";
    return base::fail(base::Code::InvalidArgument, parsed.error().message, amount_at_fault ? "amount" : "body");
  }
  if (!parsed->is_object()) return wrong("body", "must be a JSON object");
  if (parsed->contains("notifyUrl")) return wrong("notifyUrl", "is not supported yet: this release sends no notifications");
  services::payment::CreatePayment command;
  for (const auto& [key, place] : {std::pair{"businessNo", &command.business_no}, std::pair{"paymentChannel", &command.channel}}) {
    auto text = codec::string_member(*parsed, key);
    if (!text) return base::fail(std::move(text.error()));
    *place = std::move(*text);
  }
  if (parsed->contains("subject")) {
    auto subject = codec::string_member(*parsed, "subject");
    if (!subject) return base::fail(std::move(subject.error()));
    command.subject = std::move(*subject);
  }
  auto amount = codec::decimal_text(*parsed, "amount", numbers);
  if (!amount) return wrong("amount", parsed->contains("amount") ? "must be a number or a string" : "is required");
  command.amount = std::move(*amount);
  return command;
}

/// A channel's name as a metric label: only names that exist, so that callers cannot make labels.
std::string channel_label(const services::Ports& ports, const std::string& name) { return ports.channels->contains(name) ? name : "none"; }

std::string status_label(const base::Result<services::payment::Created>& created) {
  if (!created) return created.error().code == base::Code::InvalidArgument ? "invalid" : "unavailable";
  if (!created->first) return "duplicate";
  if (created->payment.state == domain::State::Failed) return "failed";
  return created->payment.state == domain::State::AwaitingPayer ? "created" : "pending";
}

void count(const Context& context, const std::string& channel, const std::string& status) {
  context.metrics
      ->counter("payment_gateway_payment_total", "Payments by what became of the request to create them.",
                {{"channel", channel}, {"status", status}})
      .Increment();
}

void count_idempotency(const Context& context, bool conflict) {
  context.metrics->counter("idempotency_requests_total", "Requests that were checked for being a repetition.").Increment();
  if (conflict) context.metrics->counter("idempotency_conflicts_total", "Requests that were a repetition.").Increment();
}

base::Status check_caller(const Context& context, const net::Request& request) {
  if (!context.authentication_required) return {};
  const std::shared_ptr<const ApiCredentials> credentials = context.credentials ? context.credentials() : nullptr;
  return authenticate(request, credentials.get(), context.here().clock->now());
}

base::Task<net::Response> create(const Context* context, net::Request request) {
  if (const base::Status caller = check_caller(*context, request); !caller) co_return failure(caller.error());
  const services::Ports& ports = context->here();
  auto command = decode_create(request.body);
  if (!command) {
    count(*context, "none", "invalid");
    co_return failure(command.error());
  }
  const std::string channel = channel_label(ports, command->channel);
  const auto created = co_await services::payment::create(std::move(*command), ports, request.deadline);
  count(*context, channel, status_label(created));
  if (!created) {
    if (created.error().code != base::Code::InvalidArgument) {
      obs::warn("payment_create_failed", {{"request_id", request.id}, {"problem", base::describe(created.error())}});
    }
    co_return failure(created.error());
  }
  count_idempotency(*context, !created->first);
  obs::info(created->first ? "payment_created" : "payment_duplicate",
            {{"request_id", request.id}, {"payment_no", created->payment.payment_no}, {"state", domain::name(created->payment.state)}});
  co_return created->first ? success(created->payment) : duplicate(created->payment);
}

base::Task<net::Response> query(const Context* context, net::Request request) {
  if (const base::Status caller = check_caller(*context, request); !caller) co_return failure(caller.error());
  const auto payment = co_await services::payment::query(std::string{request.param("businessNo")}, context->here(), request.deadline);
  co_return payment ? success(*payment) : failure(payment.error());
}

}  // namespace

const services::Ports& Context::here() const { return ports.at(net::current_shard()); }

void add_payment_routes(net::Router& router, const Context& context) {
  const Context* shared = &context;
  router.add("POST", "/api/payment/create", [shared](net::Request request) { return create(shared, std::move(request)); });
  router.add("GET", "/api/payment/query/{businessNo}", [shared](net::Request request) { return query(shared, std::move(request)); });
}

}  // namespace pay::http
