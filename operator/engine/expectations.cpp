#include "operator/engine/expectations.hpp"

#include <algorithm>

namespace engine {

void Expectations::written(const Key& key, const kube::Written& what) {
  if (what.version == 0) return;
  pending_[key].push_back({what.id, what.uid, what.version, loop_.clock().steady_now() + kExpectationTimeout});
}

void Expectations::removed(const Key& key, const kube::ObjectId& id, const std::string& uid) {
  pending_[key].push_back({id, uid, 0, loop_.clock().steady_now() + kExpectationTimeout});
}

bool Expectations::seen(const Expected& expected) const {
  const auto now = cache_.version(expected.id);
  if (expected.version == 0) return !now || now->uid != expected.uid || now->deleting;
  if (now && now->number >= expected.version) return true;
  // It may have come and gone, or lost the label by which we watch: the collection as a whole has passed that point.
  return cache_.progress(expected.id) >= expected.version;
}

std::chrono::milliseconds Expectations::wait(const Key& key) {
  const auto it = pending_.find(key);
  if (it == pending_.end()) return {};
  const auto now = loop_.clock().steady_now();
  std::erase_if(it->second, [&](const Expected& expected) { return expected.until <= now || seen(expected); });
  if (it->second.empty()) {
    pending_.erase(it);
    return {};
  }
  const auto last = std::max_element(it->second.begin(), it->second.end(), [](const auto& a, const auto& b) { return a.until < b.until; });
  return std::chrono::ceil<std::chrono::milliseconds>(last->until - now);
}

}  // namespace engine
