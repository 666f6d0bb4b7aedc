// What the API server has, as far as it is ours: platforms and their children, projected and kept as CBOR bytes,
// which take about a sixth of the memory of JSON values. Decoded when a reconcile asks.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/kube/watcher.hpp"

namespace kube {

/// A platform: what a reconcile is about, and the key of the work queue.
struct PlatformKey {
  std::string name_space;
  std::string name;
  auto operator<=>(const PlatformKey&) const = default;
};

/// What the users of a platform say (spec, our annotations, that it is to be deleted) as a number: another number, another wish.
[[nodiscard]] std::uint64_t wish_of(const nlohmann::json& platform);

class Cache {
 public:
  struct Change {
    PlatformKey platform;       // whose object it is
    const Kind* kind;
    bool different;             // in something that we keep; otherwise only its version moved
    bool wish = false;          // of the platform: what its users say (spec, annotations, that it is to be deleted) is different
  };
  using Changed = std::function<void(const Change&)>;

  /// `listed` is told at the end of every list from when all sources of its namespace are known.
  Cache(Changed changed, std::function<void()> listed);
  ~Cache();

  /// The sink for one watcher; lives as long as the cache. `trouble` hears of errors.
  WatchSink& source(const WatchTarget& target, std::function<void(const base::Error&)> trouble);

  /// Every source has been listed at least once.
  [[nodiscard]] bool synced() const;
  /// Every source that has objects of this namespace; "": those of all namespaces.
  [[nodiscard]] bool synced(const std::string& name_space) const;

  [[nodiscard]] std::optional<nlohmann::json> platform(const PlatformKey& key) const;
  [[nodiscard]] std::vector<nlohmann::json> children(const PlatformKey& key) const;
  /// Of every child its revision, another one whenever anything of it is: whoever has it decoded already need not do so again.
  void each_child(const PlatformKey& key, const std::function<void(const ObjectId& id, std::uint64_t revision)>& look) const;
  /// One that is there.
  [[nodiscard]] nlohmann::json object(const ObjectId& id) const;
  [[nodiscard]] std::vector<PlatformKey> platforms() const;
  [[nodiscard]] std::vector<nlohmann::json> platforms_in(const std::string& name_space) const;

  struct Version {
    std::uint64_t number = 0;
    std::string uid;
    std::int64_t generation = 0;
    std::uint64_t wish = 0;     // of a platform: wish_of()
    bool deleting = false;
  };
  /// Of one object, without decoding it.
  [[nodiscard]] std::optional<Version> version(const ObjectId& id) const;
  /// Everything that the watch of this object tells has been seen up to here.
  [[nodiscard]] std::uint64_t progress(const ObjectId& id) const;

  [[nodiscard]] std::size_t objects() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  class Source;
  struct Entry {
    std::string body;           // CBOR, without resourceVersion
    std::string uid;
    std::string instance;
    std::uint64_t version = 0;
    std::uint64_t revision = 0; // ours: versions may come again when the API server was restored from a backup
    std::int64_t generation = 0;
    std::uint64_t wish = 0;
    std::uint32_t epoch = 0;    // of the list that saw it last
    bool deleting = false;
  };

  void apply(const Kind& kind, nlohmann::json object, std::uint32_t epoch);
  void remove(const Kind& kind, const nlohmann::json& object);
  void sweep(const WatchTarget& target, std::uint32_t epoch);
  void drop(std::map<ObjectId, Entry>::iterator it);
  void tell(const ObjectId& id, const std::string& instance, bool different, bool wish = false) const;

  Changed changed_;
  std::function<void()> listed_;
  std::map<ObjectId, Entry> entries_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::size_t bytes_ = 0;
  std::uint64_t revisions_ = 0;
};

}  // namespace kube
