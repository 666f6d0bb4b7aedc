// Keeps one collection in step with the API server for ever: the shell around the state machine of watch.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "common/base/rng.hpp"
#include "operator/kube/framer.hpp"
#include "operator/kube/kinds.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"
#include "operator/kube/watch.hpp"

namespace kube {

// Of 10 KiB each, decoded at about ten times their size: a page costs 10 MiB for a moment. With 500 the first lists of 100 platforms
// were the operator's peak of memory.
inline constexpr int kListPageObjects = 100;

/// Where a watcher's objects go.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  virtual void begin_replace() = 0;                       // a new list starts
  virtual void apply(nlohmann::json object) = 0;          // listed, added or modified
  virtual void remove(const nlohmann::json& object) = 0;
  virtual void finish_replace() = 0;                      // what was not listed since begin_replace is gone
  virtual void progress(std::uint64_t resource_version) = 0;   // everything up to here has been delivered
  virtual void trouble(const base::Error& error) = 0;     // for logs and readiness; the watcher goes on by itself
};

struct ObjectId {
  std::string name_space;
  const Kind* kind = nullptr;
  std::string name;
  auto operator<=>(const ObjectId&) const = default;
};

/// Which objects: of a kind, in one namespace or in all (empty), of one name or of all (empty).
struct WatchTarget {
  const Kind* kind = nullptr;
  std::string name_space;
  std::string name = {};

  [[nodiscard]] bool covers(std::string_view of_name_space) const { return name_space.empty() || name_space == of_name_space; }
  [[nodiscard]] bool covers(const ObjectId& id) const {
    return kind == id.kind && covers(id.name_space) && (name.empty() || name == id.name);
  }

  [[nodiscard]] std::string path() const;   // with the selectors that belong to the kind
};

class Watcher {
 public:
  Watcher(WatchTarget target, Loop& loop, Transport& transport, base::Rng& rng, WatchSink& sink);

  void start() {
    alive_at_ = loop_.clock().steady_now();
    feed(watch_input::Wake{});
  }
  /// When the server last had a word for this watch: a page, an opened stream, an event, a bookmark, or why not. Being unreachable counts,
  /// since it is known; silence does not.
  [[nodiscard]] base::SteadyPoint alive_at() const { return alive_at_; }
  [[nodiscard]] Watch::State state() const { return watch_.state; }
  [[nodiscard]] const WatchTarget& target() const { return target_; }

 private:
  void feed(const WatchInput& input);
  void act(const watch_action::BeginReplace&);
  void act(const watch_action::ListPage& action);
  void act(const watch_action::FinishReplace&);
  void act(const watch_action::OpenStream& action);
  void act(const watch_action::RetryAfter& action);

  void page_read(const base::Result<Response>& result);
  void data(std::string_view piece);
  void line(std::string_view text);
  void stream_ended(const base::Status& status);
  void fail(const base::Error& error);
  void heard();
  void alive() { alive_at_ = loop_.clock().steady_now(); }
  void later(Task task);

  WatchTarget target_;
  Loop& loop_;
  Transport& transport_;
  base::Rng& rng_;
  WatchSink& sink_;
  Watch watch_;
  base::SteadyPoint alive_at_{};
  std::unique_ptr<Stream> stream_;
  std::uint64_t streams_ = 0;  // opened so far: tells a late word of an earlier stream from one of this
  LineFramer framer_;
  Timer retry_;
  Timer silence_;
  Lifetime lifetime_;
};

/// "184" -> 184; 0 for what is not a number.
[[nodiscard]] std::uint64_t version_number(std::string_view resource_version);

}  // namespace kube
