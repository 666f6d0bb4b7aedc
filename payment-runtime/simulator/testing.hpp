// A merchant's and a channel's secrets in a private folder: for tests of both ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/crypto/rsa.hpp"

namespace pay::simulator::testing {

class KeyFolder {
 public:
  KeyFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wechat_keys_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    const auto merchant = crypto::generate_rsa().value();
    const auto channel = crypto::generate_rsa().value();
    write("wechat-private-key", merchant.private_pem.reveal());
    write("wechat-merchant-public-key", merchant.public_pem);
    write("simulator-wechat-private-key", channel.private_pem.reveal());
    write("wechat-public-key", channel.public_pem);
    write("wechat-app-id", "wx5a8f3c1d9e2b7046");
    write("wechat-mch-id", "1900000109");
    write("wechat-merchant-serial-no", "5157F09EFDC096DE15EBE81A47057A72");
    write("wechat-api-v3-key", "0123456789abcdef0123456789abcdef");
    write("wechat-public-key-id", "PUB_KEY_ID_SIMULATOR");
  }
  ~KeyFolder() { std::filesystem::remove_all(path_); }
  KeyFolder(const KeyFolder&) = delete;
  KeyFolder& operator=(const KeyFolder&) = delete;

  void write(const std::string& name, std::string_view value) const { std::ofstream{path_ / name, std::ios::binary} << value; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pay::simulator::testing
