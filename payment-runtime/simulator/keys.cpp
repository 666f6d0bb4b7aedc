#include "payment-runtime/simulator/keys.hpp"

#include "common/crypto/aead.hpp"

namespace pay::simulator {

const std::vector<std::string>& simulator_key_files() {
  static const std::vector<std::string> kFiles{
      "wechat-app-id",     "wechat-mch-id",        "wechat-merchant-serial-no",   "wechat-merchant-public-key",
      "wechat-api-v3-key", "wechat-public-key-id", "simulator-wechat-private-key"};
  return kFiles;
}

base::Result<std::shared_ptr<const SimulatorKeys>> load_simulator_keys(const config::SecretFiles& files) {
  const auto secrets = files.read(simulator_key_files());
  if (!secrets) return base::fail(secrets.error());
  const auto text = [&](std::string_view name) { return std::string{secrets->find(name)->second.reveal()}; };
  const auto at_fault = [&](std::string_view name, const std::string& why) {
    return base::fail(base::Code::FailedPrecondition, (files.directory() / name).string() + ": " + why, std::string{name});
  };
  auto merchant_key = crypto::RsaPublicKey::from_pem(text("wechat-merchant-public-key"));
  if (!merchant_key) return at_fault("wechat-merchant-public-key", merchant_key.error().message);
  auto signing_key = crypto::RsaPrivateKey::from_pem(secrets->find("simulator-wechat-private-key")->second);
  if (!signing_key) return at_fault("simulator-wechat-private-key", signing_key.error().message);
  const base::Secret& api_v3_key = secrets->find("wechat-api-v3-key")->second;
  if (api_v3_key.reveal().size() != crypto::kAeadKeyBytes) return at_fault("wechat-api-v3-key", "must be exactly 32 bytes");
  return std::make_shared<const SimulatorKeys>(SimulatorKeys{text("wechat-app-id"), text("wechat-mch-id"),
                                                             text("wechat-merchant-serial-no"), std::move(*merchant_key), api_v3_key,
                                                             std::move(*signing_key), text("wechat-public-key-id")});
}

}  // namespace pay::simulator
