#include "payment-runtime/channels/wechat_v3/keys.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/crypto/aead.hpp"

namespace pay::channels::wechat_v3 {

namespace {

bool is_merchant_number(std::string_view text) {
  return !text.empty() && text.size() <= kMerchantNumberMax && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  });
}

}  // namespace

std::string account_of(std::string_view mch_id, std::string_view app_id) { return fmt::format("{}/{}", mch_id, app_id); }

const std::vector<std::string>& key_files() {
  static const std::vector<std::string> kFiles{"wechat-app-id",     "wechat-mch-id",     "wechat-merchant-serial-no", "wechat-private-key",
                                               "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"};
  return kFiles;
}

base::Result<std::shared_ptr<const Keys>> load_keys(const config::SecretFiles& files) {
  const auto secrets = files.read(key_files());
  if (!secrets) return base::fail(secrets.error());
  const auto text = [&](std::string_view name) { return std::string{secrets->find(name)->second.reveal()}; };
  const auto at_fault = [&](std::string_view name, const base::Error& error) {
    return base::fail(base::Code::FailedPrecondition, (files.directory() / name).string() + ": " + error.message, std::string{name});
  };
  for (const char* name : {"wechat-mch-id", "wechat-app-id"}) {
    if (!is_merchant_number(text(name)))
      return at_fault(name, {base::Code::InvalidArgument, "must be 1 to 32 letters, digits, _ or -", {}, {}});
  }
  auto private_key = crypto::RsaPrivateKey::from_pem(secrets->find("wechat-private-key")->second);
  if (!private_key) return at_fault("wechat-private-key", private_key.error());
  auto wechat_key = crypto::RsaPublicKey::from_pem(text("wechat-public-key"));
  if (!wechat_key) return at_fault("wechat-public-key", wechat_key.error());
  const base::Secret& api_v3_key = secrets->find("wechat-api-v3-key")->second;
  if (api_v3_key.reveal().size() != crypto::kAeadKeyBytes) {
    return at_fault("wechat-api-v3-key", {base::Code::InvalidArgument, "must be exactly 32 bytes", {}, {}});
  }
  return std::make_shared<const Keys>(Keys{text("wechat-app-id"), text("wechat-mch-id"), text("wechat-merchant-serial-no"),
                                           std::move(*private_key), api_v3_key, std::move(*wechat_key), text("wechat-public-key-id")});
}

config::Reloading<Keys>::Make keys_of_one_merchant() {
  return [first = std::shared_ptr<const Keys>{}](const config::SecretFiles& files) mutable -> base::Result<std::shared_ptr<const Keys>> {
    auto keys = load_keys(files);
    if (!keys) return keys;
    if (first && ((*keys)->mch_id != first->mch_id || (*keys)->app_id != first->app_id)) {
      return base::fail(base::Code::FailedPrecondition,
                        "wechat-mch-id or wechat-app-id has changed; the old ones stay in use until a restart, which must wait until no "
                        "payment is open");
    }
    if (!first) first = *keys;
    return keys;
  };
}

}  // namespace pay::channels::wechat_v3
