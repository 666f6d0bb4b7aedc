// Read your own writes: after a write a platform is not reconciled again until the cache has seen what the write made,
// or until waiting has taken so long that looking again is the better way to find out.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "operator/engine/platform.hpp"
#include "operator/kube/api.hpp"
#include "operator/kube/loop.hpp"

namespace engine {

inline constexpr std::chrono::seconds kExpectationTimeout{5};

class Expectations {
 public:
  Expectations(const kube::Loop& loop, const kube::Cache& cache) : loop_(loop), cache_(cache) {}

  /// The cache will hold this version or a later one of the object.
  void written(const Key& key, const kube::Written& what);
  /// The object with this uid will be gone, or at least marked as being deleted.
  void removed(const Key& key, const kube::ObjectId& id, const std::string& uid);
  void forget(const Key& key) { pending_.erase(key); }

  [[nodiscard]] bool pending(const Key& key) const { return pending_.contains(key); }
  /// How long the platform has to wait at most; zero when it need not.
  [[nodiscard]] std::chrono::milliseconds wait(const Key& key);

 private:
  struct Expected {
    kube::ObjectId id;
    std::string uid;
    std::uint64_t version = 0;   // 0: expected to be gone
    base::SteadyPoint until;
  };
  [[nodiscard]] bool seen(const Expected& expected) const;

  const kube::Loop& loop_;
  const kube::Cache& cache_;
  std::map<Key, std::vector<Expected>> pending_;
};

}  // namespace engine
