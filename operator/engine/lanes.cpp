#include "operator/engine/lanes.hpp"

#include <algorithm>

namespace engine {
namespace {

/// One past the last lane that is at least so urgent.
template <typename List>
auto behind(List& lanes, Urgency least) {
  return lanes.begin() + static_cast<std::ptrdiff_t>(least) + 1;
}

}  // namespace

bool Lanes::add(const Key& key, Urgency urgency, base::SteadyPoint now) {
  const auto [it, fresh] = places_.try_emplace(key, Place{urgency, arrivals_, now});
  Place& place = it->second;
  if (fresh) {
    lane(urgency).emplace(arrivals_++, key);
  } else if (urgency < place.urgency) {
    lane(place.urgency).erase(place.arrival);
    place.urgency = urgency;
    lane(urgency).emplace(place.arrival, key);
  }
  return fresh;
}

bool Lanes::any(Urgency least) const {
  return std::any_of(lanes_.begin(), behind(lanes_, least), [](const Lane& lane) { return !lane.empty(); });
}

Lanes::Lane& Lanes::next_lane(Urgency least) {
  const auto end = behind(lanes_, least);
  if (++picks_ % kOldestEvery != 0) return *std::find_if(lanes_.begin(), end, [](const Lane& lane) { return !lane.empty(); });
  return *std::min_element(lanes_.begin(), end, [](const Lane& left, const Lane& right) {
    return !left.empty() && (right.empty() || left.begin()->first < right.begin()->first);
  });
}

std::optional<Lanes::Ready> Lanes::take(Urgency least) {
  if (!any(least)) return std::nullopt;
  const Key key = next_lane(least).begin()->second;
  const Place place = places_.at(key);
  erase(key);
  return Ready{key, place.urgency, place.since};
}

void Lanes::erase(const Key& key) {
  const auto it = places_.find(key);
  if (it == places_.end()) return;
  lane(it->second.urgency).erase(it->second.arrival);
  places_.erase(it);
}

}  // namespace engine
