#include "operator/engine/views.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace engine {

using controllers::Ref;

Ref ref_of(const kube::ObjectId& id) { return {std::string(id.kind->api_version), std::string(id.kind->kind), id.name}; }

Views::View Views::take(const Key& key) {
  View before;
  if (const auto it = std::find_if(kept_.begin(), kept_.end(), [&key](const auto& one) { return one.first == key; }); it != kept_.end()) {
    before = std::move(it->second);
    kept_.erase(it);
  }
  View now;
  cache_.each_child(key, [&](const kube::ObjectId& id, std::uint64_t revision) {
    const Ref ref = ref_of(id);
    const auto known = before.revisions.find(ref);
    if (known != before.revisions.end() && known->second == revision) {
      now.children.insert(before.children.extract(ref));
    } else {
      now.children.emplace(ref, cache_.object(id));
    }
    now.revisions.emplace(ref, revision);
  });
  return now;
}

void Views::keep(const Key& key, View view) {
  forget(key);
  kept_.emplace_front(key, std::move(view));
  if (kept_.size() > kViewsMax) kept_.pop_back();
}

void Views::forget(const Key& key) {
  std::erase_if(kept_, [&key](const auto& one) { return one.first == key; });
}

}  // namespace engine
