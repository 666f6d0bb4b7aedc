// The order of keys that are ready to run: the most urgent first, equals in order of arrival. Of every few picks one goes to whoever has
// waited longest, so that no stream of urgent keys starves the rest; a key stands in line once, so that no key starves its equals.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "common/base/clock.hpp"
#include "operator/engine/platform.hpp"

namespace engine {

/// Why a platform is looked at; the most urgent first.
enum class Urgency : unsigned char {
  Wish,       // its spec was changed, or it is to be deleted: somebody waits for it
  Event,      // one of its objects changed
  Again,      // time passed: a retry, or a second look
  StartUp,    // it was there before us
};
inline constexpr std::size_t kUrgencies = 4;

inline constexpr std::uint32_t kOldestEvery = 4;      // every so many picks the longest waiting comes first, however urgent

class Lanes {
 public:
  struct Ready {
    Key key;
    Urgency urgency;
    base::SteadyPoint since;     // when it came into line
  };

  /// False when it stands in line already: the more urgent of two reasons counts, and the arrival of the first.
  bool add(const Key& key, Urgency urgency, base::SteadyPoint now);
  /// The next of those that are at least so urgent.
  std::optional<Ready> take(Urgency least = Urgency::StartUp);
  void erase(const Key& key);
  void clear() { *this = {}; }

  [[nodiscard]] bool contains(const Key& key) const { return places_.contains(key); }
  [[nodiscard]] bool empty() const { return places_.empty(); }
  /// Whether one waits that is at least so urgent.
  [[nodiscard]] bool any(Urgency least) const;
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  using Lane = std::map<std::uint64_t, Key>;      // by arrival
  struct Place {
    Urgency urgency;
    std::uint64_t arrival;
    base::SteadyPoint since;
  };
  [[nodiscard]] Lane& lane(Urgency urgency) { return lanes_[static_cast<std::size_t>(urgency)]; }
  [[nodiscard]] Lane& next_lane(Urgency least);

  std::array<Lane, kUrgencies> lanes_;
  std::map<Key, Place> places_;
  std::uint64_t arrivals_ = 0;
  std::uint32_t picks_ = 0;
};

}  // namespace engine
