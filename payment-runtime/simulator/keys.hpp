#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/crypto/rsa.hpp"
#include "payment-runtime/config/secrets.hpp"

namespace pay::simulator {

/// WeChat Pay's side of the keys that channels::wechat_v3::Keys holds for the merchant.
struct SimulatorKeys {
  std::string app_id;
  std::string mch_id;
  std::string merchant_serial;
  crypto::RsaPublicKey merchant_key;
  base::Secret api_v3_key;
  crypto::RsaPrivateKey signing_key;
  std::string key_id;
};

[[nodiscard]] const std::vector<std::string>& simulator_key_files();
[[nodiscard]] base::Result<std::shared_ptr<const SimulatorKeys>> load_simulator_keys(const config::SecretFiles& files);

}  // namespace pay::simulator
