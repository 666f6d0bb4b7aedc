// How texts must look. Each expression is read by the API server (RE2) and by the operator (ECMAScript): keep to what both share.
#pragma once

#include "crds/types/describe.hpp"

namespace crds {

constexpr std::int64_t kReplicasMax = 1000;

// "" is allowed by all of these: it means the default.
constexpr Format kObjectName{"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", "the name of a Kubernetes object"};
constexpr Format kHostName{"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$", "a host name in lower case"};
constexpr Format kImage{"^[a-zA-Z0-9._/:@-]*$", "an image reference"};
constexpr Format kUrl{"^(https?://[A-Za-z0-9.:_-]+(/[A-Za-z0-9._~/-]*)?)?$", "a URL such as https://api.mch.weixin.qq.com"};
constexpr Format kQuantity{"^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", "a quantity such as 500m or 20Gi", true};
constexpr Format kMysqlSize{"^[1-9][0-9]*[KMGT]?$", "a size such as 128M or 1G"};
constexpr Format kRedisSize{"^[1-9][0-9]*(kb|mb|gb|k|m|g|b)?$", "a size such as 256mb or 1gb"};
constexpr Format kOneLine{"^[^\\r\\n]*$", "one line"};
constexpr Format kEnvName{"^[A-Za-z_][A-Za-z0-9_]*$", "a name of letters, digits and _"};

}  // namespace crds
