#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/crypto/rsa.hpp"
#include "payment-runtime/config/secrets.hpp"

namespace pay::channels::wechat_v3 {

/// A merchant's identity at WeChat Pay, in public-key mode.
struct Keys {
  std::string app_id;
  std::string mch_id;
  std::string merchant_serial;
  crypto::RsaPrivateKey private_key;
  base::Secret api_v3_key;
  crypto::RsaPublicKey wechat_key;
  std::string wechat_key_id;
};

constexpr std::size_t kMerchantNumberMax = 32;   // of mchid and appid

/// "<mchid>/<appid>": an order belongs to both, and is asked about under both.
[[nodiscard]] std::string account_of(std::string_view mch_id, std::string_view app_id);

/// Names of the secret files.
[[nodiscard]] const std::vector<std::string>& key_files();
/// An error names the file at fault.
[[nodiscard]] base::Result<std::shared_ptr<const Keys>> load_keys(const config::SecretFiles& files);
/// As load_keys, but only ever of the merchant and app that came first: an order made for one merchant cannot be asked about as another,
/// so that a change of merchant needs a restart once no payment is open.
[[nodiscard]] config::Reloading<Keys>::Make keys_of_one_merchant();

}  // namespace pay::channels::wechat_v3
