#include "tests/sim/operator/watches.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sim {

Watch::Watch(Schedule& schedule, const Store& store, Selection selection, std::uint64_t from, seconds timeout, WatchLines lines)
    : schedule_(schedule),
      store_(store),
      selection_(std::move(selection)),
      lines_(std::move(lines)) {
  const auto& history = store.history();
  auto it = std::lower_bound(history.begin(), history.end(), from + 1, [](const Change& c, std::uint64_t v) { return c.version < v; });
  for (; it != history.end(); ++it) tell(*it);
  next_bookmark_ = schedule_.after(kBookmarkEvery, [this] { bookmark(); });
  end_ = schedule_.after(timeout, [this] {
    schedule_.cancel(next_bookmark_);
    lines_.end();
  });
}

Watch::~Watch() {
  schedule_.cancel(next_bookmark_);
  schedule_.cancel(end_);
}

void Watch::tell(const Change& change) {
  if (change.place.kind != selection_.kind) return;
  const bool was = change.before != nullptr && selection_.matches(*change.before);
  const bool is = change.now != nullptr && selection_.matches(*change.now);
  if (is) return lines_.line(fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", was ? "MODIFIED" : "ADDED", change.now->dump()));
  if (!was) return;
  // Gone, or no longer of this selection: as it was last, under the version at which it went.
  Object last = *change.before;
  last["metadata"]["resourceVersion"] = std::to_string(change.version);
  lines_.line(fmt::format("{{\"type\":\"DELETED\",\"object\":{}}}\n", last.dump()));
}

void Watch::bookmark() {
  next_bookmark_ = schedule_.after(kBookmarkEvery, [this] { bookmark(); });
  lines_.line(fmt::format(
      "{{\"type\":\"BOOKMARK\",\"object\":{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":{{\"resourceVersion\":\"{}\"}}}}}}\n",
      selection_.kind->kind, selection_.kind->api_version, store_.version()));
}

Watches::Watches(Schedule& schedule, Server& server) : schedule_(schedule), server_(server) {
  server_.store().subscribe([this](const Change& change) {
    std::erase_if(open_, [](const auto& watch) { return watch.expired(); });
    for (const auto& watch : open_) {
      if (const auto open = watch.lock()) open->tell(change);
    }
  });
}

std::shared_ptr<Watch> Watches::open(const Place& collection, std::string_view query, WatchLines lines) {
  const std::uint64_t from = std::stoull("0" + parameter(query, "resourceVersion"));
  if (from < server_.store().forgotten()) return nullptr;
  const seconds timeout(std::stoll("0" + parameter(query, "timeoutSeconds")));
  auto watch = std::make_shared<Watch>(schedule_, server_.store(), Selection::of(collection, query), from,
                                       timeout == seconds(0) ? seconds(1'800) : timeout, std::move(lines));
  open_.push_back(watch);
  return watch;
}

}  // namespace sim
