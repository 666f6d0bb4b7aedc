// A transaction object of WeChat Pay v3 (the answer to a query, or what a callback has sealed) as evidence.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "payment-runtime/channels/wechat_v3/keys.hpp"
#include "payment-runtime/domain/evidence.hpp"

namespace pay::channels::wechat_v3 {

/// InvalidArgument with the field at fault. Whether the account is ours is for the payment to say that it is held against.
[[nodiscard]] base::Result<domain::ChannelEvidence> to_evidence(const nlohmann::json& transaction);

}  // namespace pay::channels::wechat_v3
