#include "tests/sim/operator/store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sim {
namespace {

// A world of a few minutes makes some thousand changes; older ones are of no use to anybody but a very late list.
constexpr std::size_t kHistoryMax = 20'000;

bool lies_in(const Place& place, const kube::Kind& kind, const std::string& name_space) {
  return place.kind == &kind && (name_space.empty() || place.name_space == name_space);
}

}  // namespace

Stored Store::find(const Place& place) const {
  const auto it = objects_.find(place);
  return it == objects_.end() ? nullptr : it->second;
}

std::vector<Stored> Store::list(const kube::Kind& kind, const std::string& name_space) const {
  std::vector<Stored> found;
  for (auto it = objects_.lower_bound(Place{&kind, name_space, ""}); it != objects_.end() && it->first.kind == &kind; ++it) {
    if (!lies_in(it->first, kind, name_space)) break;
    found.push_back(it->second);
  }
  return found;
}

std::vector<Stored> Store::list_at(const kube::Kind& kind, const std::string& name_space, std::uint64_t version) const {
  std::map<Place, Stored> then;
  for (auto it = objects_.lower_bound(Place{&kind, name_space, ""}); it != objects_.end() && lies_in(it->first, kind, name_space); ++it) {
    then.insert(*it);
  }
  for (auto change = history_.rbegin(); change != history_.rend() && change->version > version; ++change) {
    if (!lies_in(change->place, kind, name_space)) continue;
    if (change->before == nullptr) {
      then.erase(change->place);
    } else {
      then[change->place] = change->before;
    }
  }
  std::vector<Stored> found;
  for (const auto& [place, object] : then) found.push_back(object);
  return found;
}

Stored Store::put(const Place& place, Object object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  auto stored = std::make_shared<const Object>(std::move(object));
  Stored& slot = objects_[place];
  Stored before = std::exchange(slot, stored);
  record({version_, place, std::move(before), stored});
  return stored;
}

void Store::erase(const Place& place) {
  const auto it = objects_.find(place);
  if (it == objects_.end()) return;
  Stored before = std::move(it->second);
  objects_.erase(it);
  record({++version_, place, std::move(before), nullptr});
}

void Store::record(Change change) {
  history_.push_back(change);
  if (history_.size() > kHistoryMax) forget_up_to(history_[history_.size() - kHistoryMax].version);
  for (const auto& listener : listeners_) listener(change);
}

void Store::forget_up_to(std::uint64_t version) {
  forgotten_ = std::max(forgotten_, std::min(version, version_));
  while (!history_.empty() && history_.front().version <= forgotten_) history_.pop_front();
}

std::string Store::new_uid() {
  ++uids_;
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", uids_ * 2654435761U & 0xffffffffU, uids_);
}

}  // namespace sim
