#include "payment-runtime/config/secrets.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

namespace pay::config {

namespace fs = std::filesystem;

fs::path SecretFiles::current() const {
  std::error_code ec;
  const fs::path swapped = fs::canonical(directory_ / "..data", ec);
  return ec ? directory_ : swapped;
}

base::Result<Secrets> SecretFiles::read(const std::vector<std::string>& names, const std::vector<std::string>& optional) const {
  const fs::path folder = current();   // once, so that all values are of one version
  Secrets secrets;
  const auto read_one = [&](const std::string& name, bool required) -> base::Status {
    const fs::path shown = directory_ / name;
    std::ifstream stream{folder / name, std::ios::binary};
    if (!stream) {
      if (!required) return {};
      return base::fail(base::Code::FailedPrecondition,
                        fmt::format("secret file {} cannot be read; add the key '{}' to the Secret", shown.string(), name), name);
    }
    std::string value(kSecretBytesMax + 1, '\0');
    stream.read(value.data(), static_cast<std::streamsize>(value.size()));
    value.resize(static_cast<std::size_t>(stream.gcount()));
    if (value.size() > kSecretBytesMax) {
      return base::fail(base::Code::FailedPrecondition, fmt::format("secret file {} is longer than 64 KiB", shown.string()), name);
    }
    // PEM keeps its line ends inside; what an editor adds at the end of a password is not part of it.
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    if (value.empty()) return base::fail(base::Code::FailedPrecondition, fmt::format("secret file {} is empty", shown.string()), name);
    secrets.emplace(name, base::Secret{std::move(value)});
    return {};
  };
  for (const std::string& name : names) {
    if (auto status = read_one(name, true); !status) return base::fail(std::move(status.error()));
  }
  for (const std::string& name : optional) {
    if (auto status = read_one(name, false); !status) return base::fail(std::move(status.error()));
  }
  return secrets;
}

std::string SecretFiles::version(const std::vector<std::string>& names) const {
  const fs::path folder = current();
  std::string text = folder.string();
  for (const std::string& name : names) {
    struct stat facts{};
    if (::stat((folder / name).c_str(), &facts) != 0) {
      text += "|-";
      continue;
    }
    text += fmt::format("|{}:{}:{}.{}", facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  }
  return text;
}

}  // namespace pay::config
