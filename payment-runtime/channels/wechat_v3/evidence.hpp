// A transaction object of WeChat Pay v3 (the answer to a query, or what a callback has sealed) as evidence.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "payment-runtime/channels/wechat_v3/keys.hpp"
#include "payment-runtime/domain/evidence.hpp"

namespace pay::channels::wechat_v3 {

/// InvalidArgument with the field at fault; PermissionDenied when it is about another appid than ours.
[[nodiscard]] base::Result<domain::ChannelEvidence> to_evidence(const nlohmann::json& transaction, const Keys& keys);

}  // namespace pay::channels::wechat_v3
