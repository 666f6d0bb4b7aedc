// Watches of the API server: every change of a collection after a version, as lines; bookmarks; the end after its time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/operator/server.hpp"

namespace sim {

inline constexpr seconds kBookmarkEvery{60};

struct WatchLines {
  std::function<void(std::string line)> line;
  std::function<void()> end;
};

/// Open for as long as it is kept.
class Watch {
 public:
  Watch(Schedule& schedule, const Store& store, Selection selection, std::uint64_t from, seconds timeout, WatchLines lines);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void tell(const Change& change);

 private:
  void bookmark();

  Schedule& schedule_;
  const Store& store_;
  Selection selection_;
  WatchLines lines_;
  Schedule::Id next_bookmark_ = 0;
  Schedule::Id end_ = 0;
};

class Watches {
 public:
  Watches(Schedule& schedule, Server& server);
  /// Null when what lies after `from` is forgotten: 410.
  [[nodiscard]] std::shared_ptr<Watch> open(const Place& collection, std::string_view query, WatchLines lines);

 private:
  Schedule& schedule_;
  Server& server_;
  std::vector<std::weak_ptr<Watch>> open_;
};

}  // namespace sim
