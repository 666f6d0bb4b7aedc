// The trade bill of one day (type SUCCESS): UTF-8 with byte-order mark, CR LF, cells that begin with a backtick, amounts in yuan.
#pragma once

#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "payment-runtime/domain/evidence.hpp"

namespace pay::channels::wechat_v3 {

constexpr std::size_t kBillBytesMax = 64U << 20;
constexpr std::size_t kBillRowsMax = 500'000;

/// Columns are found by name. DataLoss when a row cannot be read, or when count and sum of the summary do not fit the rows.
[[nodiscard]] base::Result<std::vector<domain::BillRow>> parse_bill(std::string_view text);

}  // namespace pay::channels::wechat_v3
