// /_control: the payer, the saboteur and the auditor. For tests and demonstrations; never routed through an ingress.
#include <charconv>

#include <nlohmann/json.hpp>

#include "common/codec/json.hpp"
#include "payment-runtime/simulator/simulator.hpp"

namespace pay::simulator {
namespace {

using PartsPtr = std::shared_ptr<Simulator::Parts>;
constexpr std::int64_t kAdvanceSecondsMax = 366LL * 86'400;
constexpr std::int64_t kFaultCountMax = 1'000'000;

net::Response answer(int status, const nlohmann::json& body) {
  net::Response response;
  response.status = status;
  response.body = codec::dump_json(body);
  return response;
}

net::Response wrong(std::string_view field, std::string_view message) { return answer(400, {{"field", field}, {"message", message}}); }

int status_of(base::Code code) {
  if (code == base::Code::NotFound) return 404;
  if (code == base::Code::FailedPrecondition) return 409;
  if (code == base::Code::ResourceExhausted) return 429;
  return 400;
}

net::Response refuse(const base::Error& error) {
  return answer(status_of(error.code), {{"field", error.field}, {"message", error.message}});
}

bool is_wechat(const nlohmann::json& body) { return codec::string_member(body, "channel").value_or("wechat") == "wechat"; }

net::Response pay(Simulator::Parts& parts, const nlohmann::json& body) {
  // Our payment numbers are the channel's order numbers, so either name is understood.
  auto number = codec::string_member(body, "out_trade_no");
  if (!number) number = codec::string_member(body, "payment_no");
  if (!number) return wrong("out_trade_no", "out_trade_no or payment_no is required");
  const auto paid = parts.world.pay(*number);
  if (!paid) return refuse(paid.error());
  parts.callbacks.announce(*paid);
  return answer(200, {{"out_trade_no", paid->out_trade_no},
                      {"transaction_id", paid->transaction_id},
                      {"amount_minor", paid->total},
                      {"currency", paid->currency},
                      {"paid_at", base::to_rfc3339(paid->paid_at)}});
}

net::Response add_fault(Simulator::Parts& parts, const nlohmann::json& body) {
  if (!is_wechat(body)) return wrong("channel", "must be wechat");
  const auto operation = parse_operation(codec::string_member(body, "operation").value_or(""));
  if (!operation) return wrong("operation", "must be create, query, close, callback or bill");
  const auto kind = parse_fault_kind(codec::string_member(body, "kind").value_or(""));
  if (!kind) {
    return wrong("kind",
                 "must be delay, lost_reply_after_effect, error_500, error_500_after_effect, rate_limit, duplicate, drop or bad_signature");
  }
  if (!makes_sense(*operation, *kind)) return wrong("kind", "cannot happen to this operation");
  Fault fault;
  fault.operation = *operation;
  fault.kind = *kind;
  if (body.contains("probability")) {
    const nlohmann::json& probability = body["probability"];
    if (!probability.is_number() || probability.get<double>() < 0 || probability.get<double>() > 1)
      return wrong("probability", "must be a number from 0 to 1");
    fault.probability = probability.get<double>();
  }
  if (body.contains("count")) {
    const auto count = codec::integer_member(body, "count");
    if (!count || *count < 1 || *count > kFaultCountMax) return wrong("count", "must be an integer from 1 to 1000000");
    fault.count = static_cast<std::uint32_t>(*count);
  }
  if (*kind == FaultKind::Delay) {
    const auto milliseconds = codec::integer_member(body, "milliseconds");
    if (!milliseconds || *milliseconds < 1 || *milliseconds > kFaultDelayMax.count())
      return wrong("milliseconds", "must be an integer from 1 to 60000");
    fault.delay = std::chrono::milliseconds{*milliseconds};
  }
  if (const auto added = parts.faults.add(fault); !added) return refuse(added.error());
  return answer(200, {{"kind", name(*kind)}});
}

net::Response clear_faults(Simulator::Parts& parts) {
  parts.faults.clear();
  net::Response response;
  response.status = 204;
  return response;
}

net::Response moves(Simulator::Parts& parts, const net::Request& request) {
  std::uint64_t after = 0;
  if (const auto text = request.query_param("after")) {
    const auto [last, problem] = std::from_chars(text->data(), text->data() + text->size(), after);
    if (problem != std::errc{} || last != text->data() + text->size()) return wrong("after", "must be a sequence number");
  }
  net::Response response;
  response.content_type = "application/x-ndjson";
  for (const Move& move : parts.world.moves(after)) {
    response.body += codec::dump_json({{"seq", move.seq},
                                       {"channel", "wechat"},
                                       {"kind", "pay"},
                                       {"out_trade_no", move.out_trade_no},
                                       {"amount_minor", move.amount_minor},
                                       {"currency", move.currency},
                                       {"at", base::to_rfc3339(move.at)}});
    response.body += '\n';
  }
  return response;
}

net::Response totals(Simulator::Parts& parts) {
  const Totals totals = parts.world.totals();
  const Callbacks::Counts counts = parts.callbacks.counts();
  return answer(
      200,
      {{"wechat",
        {{"orders", totals.orders},
         {"forgotten", totals.forgotten},
         {"paid", totals.paid},
         {"paid_minor", totals.paid_minor},
         {"callbacks",
          {{"sent", counts.sent}, {"acknowledged", counts.acknowledged}, {"waiting", counts.waiting}, {"given_up", counts.given_up}}}}}});
}

base::Result<std::string> read_day(const nlohmann::json& body) {
  auto day = codec::string_member(body, "day");
  if (!day) return day;
  if (day->size() != 10 || !base::parse_rfc3339(*day + "T00:00:00Z"))
    return base::fail(base::Code::InvalidArgument, "must be a day such as 2026-01-31", "day");
  return day;
}

net::Response close_bill(Simulator::Parts& parts, const nlohmann::json& body) {
  if (!is_wechat(body)) return wrong("channel", "must be wechat");
  const auto day = read_day(body);
  if (!day) return refuse(day.error());
  if (const auto closed = parts.bills.close(*day); !closed) return refuse(closed.error());
  return answer(200, {{"channel", "wechat"}, {"day", *day}, {"rows", parts.world.paid_on(*day).size()}});
}

net::Response tamper(Simulator::Parts& parts, const nlohmann::json& body) {
  if (!is_wechat(body)) return wrong("channel", "must be wechat");
  const auto day = read_day(body);
  if (!day) return refuse(day.error());
  TamperRequest request;
  for (const auto& [key, place] :
       {std::pair{"drop", &request.drop}, std::pair{"extra", &request.extra}, std::pair{"alter", &request.alter}}) {
    if (!body.contains(key)) continue;
    const auto count = codec::integer_member(body, key);
    if (!count || *count < 0 || *count > static_cast<std::int64_t>(kTamperMax)) return wrong(key, "must be an integer from 0 to 1000");
    *place = static_cast<std::size_t>(*count);
  }
  if (body.contains("seed")) {
    const auto seed = codec::integer_member(body, "seed");
    if (!seed || *seed < 0) return wrong("seed", "must be an integer from 0");
    request.seed = static_cast<std::uint64_t>(*seed);
  }
  const auto done = parts.bills.tamper(*day, request);
  if (!done) return refuse(done.error());
  nlohmann::json extra = nlohmann::json::array();
  for (const Order& order : done->extra) extra.push_back({{"out_trade_no", order.out_trade_no}, {"amount_minor", order.total}});
  nlohmann::json altered = nlohmann::json::array();
  for (const Altered& row : done->altered) {
    altered.push_back({{"out_trade_no", row.out_trade_no}, {"from_minor", row.from_minor}, {"to_minor", row.to_minor}});
  }
  return answer(200, {{"channel", "wechat"}, {"day", *day}, {"dropped", done->dropped}, {"extra", extra}, {"altered", altered}});
}

net::Response advance(Simulator::Parts& parts, const nlohmann::json& body) {
  const auto seconds = codec::integer_member(body, "advance_seconds");
  if (!seconds || *seconds < 0 || *seconds > kAdvanceSecondsMax)
    return wrong("advance_seconds", "must be an integer from 0 to a year of seconds");
  parts.world.advance(std::chrono::seconds{*seconds});
  parts.callbacks.wake();
  return answer(200, {{"now", base::to_rfc3339(parts.world.now())}, {"day", parts.world.today()}});
}

using BodyAction = net::Response (*)(Simulator::Parts&, const nlohmann::json&);

net::Response with_body(Simulator::Parts& parts, BodyAction action, const net::Request& request) {
  const auto body = codec::parse_json(request.body);
  if (!body || !body->is_object()) return wrong("", "the body must be a JSON object");
  return action(parts, *body);
}

base::Task<net::Response> run(PartsPtr parts, BodyAction action, net::Request request) { co_return with_body(*parts, action, request); }
base::Task<net::Response> run_clear(PartsPtr parts) { co_return clear_faults(*parts); }
base::Task<net::Response> run_moves(PartsPtr parts, net::Request request) { co_return moves(*parts, request); }
base::Task<net::Response> run_totals(PartsPtr parts) { co_return totals(*parts); }

}  // namespace

void add_control_routes(net::Router& router, std::shared_ptr<Simulator::Parts> parts) {
  const auto post = [&](const char* pattern, BodyAction action) {
    router.add("POST", pattern, [parts, action](net::Request request) { return run(parts, action, std::move(request)); });
  };
  post("/_control/pay", pay);
  post("/_control/faults", add_fault);
  post("/_control/bills/close", close_bill);
  post("/_control/bills", tamper);
  post("/_control/clock", advance);
  router.add("DELETE", "/_control/faults", [parts](const net::Request&) { return run_clear(parts); });
  router.add("GET", "/_control/moves", [parts](net::Request request) { return run_moves(parts, std::move(request)); });
  router.add("GET", "/_control/totals", [parts](const net::Request&) { return run_totals(parts); });
}

}  // namespace pay::simulator
