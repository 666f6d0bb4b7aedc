// How texts must look. Each expression is read by the API server (RE2) and by the operator (ECMAScript): keep to what both share.
#pragma once

#include "crds/types/describe.hpp"

namespace crds {

constexpr std::int64_t kReplicasMax = 1000;
// DNS would allow 253 characters; https://HOST/api/callback/wechat has to fit the 256 that WeChat Pay allows for notify_url.
constexpr std::uint32_t kIngressHostMax = 228;

// "" is allowed by all of these: it means the default.
constexpr Format kObjectName{"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", "the name of a Kubernetes object"};
constexpr Format kHostName{"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*)?$", "a host name in lower case"};
// The beginning of a DNS-1035 name, as Services need it.
constexpr Format kNamePrefix{"^([a-z][-a-z0-9]*)?$",
                             "the beginning of names, such as shop-: lower-case letters, digits and -, from a letter on"};
// A CronJob's name has at most 52 characters, and reconciliation-cronjob has 22.
constexpr std::uint32_t kNamePrefixMax = 30;
// Also a label value, on every object that runs the image.
constexpr Format kImageTag{"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$", "the tag of an image, such as 0.1.0"};
constexpr Format kImage{"^[a-zA-Z0-9._/:@-]*$", "an image reference"};
// A host name or IPv4 address, a port from 1 to 65535, a path; no query.
constexpr Format kUrl{
    "^(https?://[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*"
    "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(/[A-Za-z0-9._~/-]*)?)?$",
    "a URL such as https://api.mch.weixin.qq.com, with a host, a port from 1 to 65535 if any, and no query", false, true};
constexpr Format kQuantity{"^([0-9]*[1-9][0-9]*(\\.[0-9]+)?|[0-9]+\\.[0-9]*[1-9][0-9]*)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
                           "a quantity above zero such as 500m or 20Gi", true, true};
constexpr Format kMysqlSize{"^[1-9][0-9]*[KMGT]?$", "a size such as 128M or 1G"};
constexpr Format kRedisSize{"^[1-9][0-9]*(kb|mb|gb|k|m|g|b)?$", "a size such as 256mb or 1gb"};
constexpr Format kOneLine{"^[^\\r\\n]*$", "one line"};
constexpr Format kEnvName{"^[A-Za-z_][A-Za-z0-9_]*$", "a name of letters, digits and _"};
// Never empty.
constexpr Format kDuration{"^([1-9][0-9]?h([1-9][0-9]?m)?|[1-9][0-9]{0,3}m)$", "a duration such as 2h, 90m or 1h30m"};

}  // namespace crds
