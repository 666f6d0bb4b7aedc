#include "payment-runtime/channels/wechat_v3/bill.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/codec/csv.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"

namespace pay::channels::wechat_v3 {
namespace {

constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

std::size_t column(const std::vector<std::string_view>& header, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  return kAbsent;
}

struct Columns {
  std::size_t time, trade_no, out_trade_no, state, currency, amount;
  std::size_t count;
};

base::Result<Columns> find_columns(const std::vector<std::string_view>& header) {
  // The amount's name differs by the merchant's contract: the newer one has 订单金额 (before coupons), the older 总金额.
  const Columns columns{column(header, {"交易时间"}),
                        column(header, {"微信订单号"}),
                        column(header, {"商户订单号"}),
                        column(header, {"交易状态"}),
                        column(header, {"货币种类"}),
                        column(header, {"订单金额", "总金额"}),
                        header.size()};
  for (const std::size_t at : {columns.time, columns.trade_no, columns.out_trade_no, columns.state, columns.currency, columns.amount}) {
    if (at == kAbsent) return base::fail(base::Code::DataLoss, "the bill's header lacks a column that is needed");
  }
  return columns;
}

base::Result<domain::BillRow> to_row(const std::vector<std::string_view>& cells, const Columns& columns) {
  domain::BillRow row;
  row.out_trade_no = std::string{cells[columns.out_trade_no]};
  if (!domain::is_order_number(row.out_trade_no)) return base::fail(base::Code::DataLoss, "the order number cannot be read");
  row.channel_trade_no = std::string{cells[columns.trade_no]};
  if (cells[columns.state] == "SUCCESS") {
    row.state = domain::TradeState::Succeeded;
  } else if (cells[columns.state] == "REFUND") {
    row.state = domain::TradeState::Refunded;
  } else {
    return base::fail(base::Code::DataLoss, fmt::format("unknown trade state '{}'", cells[columns.state]));
  }
  auto amount = domain::parse_money(cells[columns.amount], cells[columns.currency]);
  if (!amount)
    return base::fail(base::Code::DataLoss, fmt::format("the {} cannot be read: {}", amount.error().field, amount.error().message));
  row.amount = std::move(*amount);
  const auto at = base::parse_rfc3339(std::string{cells[columns.time]} + "+08:00");
  if (!at) return base::fail(base::Code::DataLoss, "the time cannot be read: " + at.error().message);
  row.at = *at;
  return row;
}

/// "45" or "45.0".
std::string_view whole_number(std::string_view text) {
  const std::size_t dot = text.find('.');
  const bool zeros = dot != std::string_view::npos && text.find_first_not_of('0', dot + 1) == std::string_view::npos;
  return zeros ? text.substr(0, dot) : text;
}

base::Status check_summary(std::string_view header_line, std::string_view values_line, const std::vector<domain::BillRow>& rows) {
  const auto header = codec::comma_cells(header_line);
  const auto values = codec::backtick_cells(values_line);
  const std::size_t count = column(header, {"总交易单数"});
  const std::size_t sum = column(header, {"订单总金额", "总交易额"});
  if (count == kAbsent || sum == kAbsent || values.size() != header.size())
    return base::fail(base::Code::DataLoss, "the bill's summary cannot be read");
  std::int64_t total = 0;
  for (const domain::BillRow& row : rows) total += row.amount.minor;
  if (whole_number(values[count]) != std::to_string(rows.size())) {
    return base::fail(base::Code::DataLoss,
                      fmt::format("the bill's summary counts {} trades, its rows are {}", values[count], rows.size()));
  }
  // Totals exceed what one payment may be, so they are compared as text: yuan with two decimals.
  const std::string expected = domain::format_amount({total, "CNY"});
  if (values[sum] != expected) {
    return base::fail(base::Code::DataLoss, fmt::format("the bill's summary says {} yuan, its rows sum to {}", values[sum], expected));
  }
  return {};
}

}  // namespace

base::Result<std::vector<domain::BillRow>> parse_bill(std::string_view text) {
  const auto lines = codec::text_lines(text);
  if (lines.size() < 3) return base::fail(base::Code::DataLoss, "the bill has no summary");
  if (lines.size() > kBillRowsMax) return base::fail(base::Code::DataLoss, "the bill has too many rows");
  const auto columns = find_columns(codec::comma_cells(lines.front()));
  if (!columns) return base::fail(columns.error());

  std::vector<domain::BillRow> rows;
  std::size_t at = 1;
  for (; at < lines.size() && lines[at].starts_with('`'); ++at) {
    const auto cells = codec::backtick_cells(lines[at]);
    if (cells.size() != columns->count) {
      return base::fail(base::Code::DataLoss,
                        fmt::format("line {} of the bill has {} cells, its header {}", at + 1, cells.size(), columns->count));
    }
    auto row = to_row(cells, *columns);
    if (!row) return base::fail(base::Code::DataLoss, fmt::format("line {} of the bill: {}", at + 1, row.error().message));
    rows.push_back(std::move(*row));
  }
  if (at + 2 != lines.size()) return base::fail(base::Code::DataLoss, "the bill does not end with its summary");
  if (auto status = check_summary(lines[at], lines[at + 1], rows); !status) return base::fail(std::move(status.error()));
  return rows;
}

}  // namespace pay::channels::wechat_v3
