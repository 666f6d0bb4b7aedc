// Secrets as files, one a key, as Kubernetes mounts them: the kubelet swaps the whole folder at once (..data), and we follow.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace pay::config {

constexpr std::size_t kSecretBytesMax = 1U << 16;

using Secrets = std::map<std::string, base::Secret, std::less<>>;

class SecretFiles {
 public:
  explicit SecretFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// All of `names`, of one version of the folder. A missing or empty one is FailedPrecondition with its path. A trailing line end is not
  /// part of a value. `optional` ones are left out when they do not exist.
  [[nodiscard]] base::Result<Secrets> read(const std::vector<std::string>& names, const std::vector<std::string>& optional = {}) const;
  /// Changes whenever a file of the folder was swapped or rewritten.
  [[nodiscard]] std::string version(const std::vector<std::string>& names) const;
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  [[nodiscard]] std::filesystem::path current() const;
  std::filesystem::path directory_;
};

/// What is made of some secrets (parsed keys), made again when they change. Readers hold a shared_ptr and never wait; a change that cannot
/// be used is logged, and what was there before goes on. Thread-safe.
template <typename T>
class Reloading {
 public:
  using Make = std::function<base::Result<std::shared_ptr<const T>>(const SecretFiles&)>;

  [[nodiscard]] static base::Result<std::shared_ptr<Reloading>> load(SecretFiles files, std::vector<std::string> names, Make make) {
    // The version is taken before the reading, so that a change in between is a change to the next refresh.
    auto self = std::shared_ptr<Reloading>(new Reloading(std::move(files), std::move(names), std::move(make)));
    auto made = self->make_(self->files_);
    if (!made) return base::fail(std::move(made.error()));
    self->value_ = std::move(*made);
    return self;
  }

  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard lock{mutex_};
    return value_;
  }

  /// Looks whether the files have changed; called every few seconds by one caller. An error is for the log: the old value stays.
  [[nodiscard]] base::Result<bool> refresh() {
    std::string now = files_.version(names_);
    if (now == version_) return false;
    version_ = std::move(now);
    auto made = make_(files_);
    if (!made) return base::fail(std::move(made.error()));
    const std::lock_guard lock{mutex_};
    value_ = std::move(*made);
    return true;
  }

 private:
  Reloading(SecretFiles files, std::vector<std::string> names, Make make)
      : files_(std::move(files)),
        names_(std::move(names)),
        make_(std::move(make)),
        version_(files_.version(names_)) {}

  SecretFiles files_;
  std::vector<std::string> names_;
  Make make_;
  std::string version_;  // touched by the one who refreshes
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace pay::config
