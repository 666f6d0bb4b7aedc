// What etcd is to the API server: objects under one growing version, and the history of changes, which is forgotten from its old end.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/operator/kinds.hpp"

namespace sim {

using Stored = std::shared_ptr<const Object>;

struct Change {
  std::uint64_t version = 0;
  Place place;
  Stored before;      // null: it was created
  Stored now;         // null: it is gone
};

class Store {
 public:
  [[nodiscard]] Stored find(const Place& place) const;
  /// Of one kind, in one namespace or in all (""), in the order of their names.
  [[nodiscard]] std::vector<Stored> list(const kube::Kind& kind, const std::string& name_space) const;
  /// The same as it was at an earlier version that is not forgotten.
  [[nodiscard]] std::vector<Stored> list_at(const kube::Kind& kind, const std::string& name_space, std::uint64_t version) const;

  /// Stores it under the next version, which it is given as its resourceVersion.
  Stored put(const Place& place, Object object);
  void erase(const Place& place);

  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Changes after this one are known.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  void forget_up_to(std::uint64_t version);
  [[nodiscard]] const std::deque<Change>& history() const { return history_; }

  /// Hears of every change, in order, when it has been made.
  void subscribe(std::function<void(const Change&)> listener) { listeners_.push_back(std::move(listener)); }
  [[nodiscard]] std::string new_uid();

 private:
  void record(Change change);

  std::map<Place, Stored> objects_;
  std::deque<Change> history_;
  std::vector<std::function<void(const Change&)>> listeners_;
  std::uint64_t version_ = 1'000;
  std::uint64_t forgotten_ = 1'000;
  std::uint64_t uids_ = 0;
};

}  // namespace sim
