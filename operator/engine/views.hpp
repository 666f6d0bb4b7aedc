// The children of a platform as its reconcile sees them, decoded. The cache keeps bytes, which are a sixth as large; of the platforms that
// were looked at last the decoded objects are kept beside them, so that after an event one object is decoded and not forty.
#pragma once

#include <list>
#include <map>
#include <utility>

#include "operator/engine/platform.hpp"

namespace engine {

inline constexpr std::size_t kViewsMax = 4;      // about half a megabyte each

/// What the plan calls an object of the cache.
[[nodiscard]] controllers::Ref ref_of(const kube::ObjectId& id);

class Views {
 public:
  explicit Views(const kube::Cache& cache) : cache_(cache) {}

  using Revisions = std::map<controllers::Ref, std::uint64_t>;
  struct View {
    std::map<controllers::Ref, controllers::Object> children;
    Revisions revisions;
  };
  /// As the cache has them now. Who looks has the view to himself, and gives it back unchanged.
  [[nodiscard]] View take(const Key& key);
  void keep(const Key& key, View view);
  void forget(const Key& key);

  [[nodiscard]] std::size_t size() const { return kept_.size(); }

 private:
  const kube::Cache& cache_;
  std::list<std::pair<Key, View>> kept_;      // the last first
};

}  // namespace engine
