#include <nlohmann/json.hpp>

#include "payment-runtime/services/reconciliation/run.hpp"

namespace pay::services::reconciliation {

namespace {

nlohmann::ordered_json sample(const domain::Difference& difference) {
  nlohmann::ordered_json json{{"type", domain::name(difference.type)}, {"channel", difference.channel}, {"day", difference.day}};
  const auto set = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  set("outTradeNo", difference.out_trade_no);
  set("localState", difference.local_state);
  set("channelState", difference.channel_state);
  if (difference.local_amount) json["localMinor"] = difference.local_amount->minor;
  if (difference.channel_amount) json["channelMinor"] = difference.channel_amount->minor;
  set("detail", difference.detail);
  return json;
}

std::string dump(const nlohmann::ordered_json& json) { return json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace); }

}  // namespace

std::string to_json(const Report& report, std::size_t bytes_max) {
  const domain::Totals& totals = report.totals;
  nlohmann::ordered_json json{
      {"time", base::to_rfc3339(report.finished_at)},
      {"runId", report.run_id},
      {"days", report.days.size()},
      {"firstDay", report.days.empty() ? "" : report.days.front()},
      {"lastDay", report.days.empty() ? "" : report.days.back()},
      {"differences", report.difference_count},
      {"byType", nlohmann::ordered_json::object()},
      {"totals",
       {{"localCount", totals.local_count},
        {"localMinor", totals.local_minor},
        {"channelCount", totals.channel_count},
        {"channelMinor", totals.channel_minor},
        {"matched", totals.matched}}},
      {"resolved", report.resolved},
      {"awaitingBill", report.awaiting_bill},
      {"samples", nlohmann::ordered_json::array()},
  };
  for (const auto& [type, count] : report.by_type) json["byType"][type] = count;

  std::size_t size = dump(json).size();
  for (const domain::Difference& difference : report.differences) {
    const nlohmann::ordered_json item = sample(difference);
    size += dump(item).size() + 1;
    if (size > bytes_max) break;
    json["samples"].push_back(item);
  }
  return dump(json);
}

}  // namespace pay::services::reconciliation
