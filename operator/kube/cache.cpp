#include "operator/kube/cache.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/kube/json_text.hpp"
#include "operator/kube/projection.hpp"

namespace kube {
namespace {

using nlohmann::json;

constexpr const char* kOurAnnotations = "paymentplatform.io/";

const json& child(const json& object, const char* key) {
  static const json kEmpty = json::object();
  if (!object.is_object()) return kEmpty;
  const auto it = object.find(key);
  return it != object.end() && it->is_object() ? *it : kEmpty;
}

std::int64_t generation_of(const json& metadata) {
  const auto generation = metadata.find("generation");
  return generation != metadata.end() && generation->is_number_integer() ? generation->get<std::int64_t>() : 0;
}

json decode(const std::string& body, std::uint64_t version) {
  json object = json::from_cbor(body);
  object["metadata"]["resourceVersion"] = std::to_string(version);
  return object;
}

}  // namespace

/// The API server counts changes of the spec, not those of annotations. Annotations of others say nothing to us: a tool that writes one
/// again and again must not cut plans short, nor a fight's count.
std::uint64_t wish_of(const json& platform) {
  const json& metadata = child(platform, "metadata");
  std::string said = text(metadata, "uid") + std::to_string(generation_of(metadata)) + (metadata.contains("deletionTimestamp") ? "-" : "+");
  for (const auto& [name, value] : child(metadata, "annotations").items()) {
    if (name.rfind(kOurAnnotations, 0) == 0) said += name + "=" + value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return std::hash<std::string>{}(said);
}

class Cache::Source final : public WatchSink {
 public:
  Source(Cache& cache, WatchTarget target, std::function<void(const base::Error&)> trouble)
      : cache_(cache),
        target_(std::move(target)),
        trouble_(std::move(trouble)) {}

  void begin_replace() override { ++epoch_; }
  void apply(json object) override { cache_.apply(*target_.kind, std::move(object), epoch_); }
  void remove(const json& object) override { cache_.remove(*target_.kind, object); }
  void finish_replace() override {
    cache_.sweep(target_, epoch_);
    synced_ = true;
    if (cache_.synced(target_.name_space)) cache_.listed_();
  }
  void progress(std::uint64_t resource_version) override {
    progress_ = resource_version;  // lower than before when the API server was restored from a backup: what it says counts
  }
  void trouble(const base::Error& error) override { trouble_(error); }

  [[nodiscard]] bool synced() const { return synced_; }
  [[nodiscard]] std::uint64_t progress() const { return progress_; }
  [[nodiscard]] const WatchTarget& target() const { return target_; }

 private:
  Cache& cache_;
  WatchTarget target_;
  std::function<void(const base::Error&)> trouble_;
  std::uint32_t epoch_ = 0;
  bool synced_ = false;
  std::uint64_t progress_ = 0;
};

Cache::Cache(Changed changed, std::function<void()> listed) : changed_(std::move(changed)), listed_(std::move(listed)) {}
Cache::~Cache() = default;

WatchSink& Cache::source(const WatchTarget& target, std::function<void(const base::Error&)> trouble) {
  sources_.push_back(std::make_unique<Source>(*this, target, std::move(trouble)));
  return *sources_.back();
}

bool Cache::synced() const {
  return std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->synced(); });
}

bool Cache::synced(const std::string& name_space) const {
  return std::all_of(sources_.begin(), sources_.end(),
                     [&name_space](const auto& source) { return source->synced() || !source->target().covers(name_space); });
}

void Cache::apply(const Kind& kind, json object, std::uint32_t epoch) {
  project(object);
  if (!object.is_object() || !object.contains("metadata") || !object["metadata"].is_object()) return;
  json& metadata = object["metadata"];
  ObjectId id{text(metadata, "namespace"), &kind, text(metadata, "name")};
  Entry entry;
  entry.version = version_number(text(metadata, "resourceVersion"));
  metadata.erase("resourceVersion");
  entry.uid = text(metadata, "uid");
  entry.deleting = metadata.contains("deletionTimestamp");
  entry.generation = generation_of(metadata);
  if (&kind == &platform_kind()) entry.wish = wish_of(object);
  entry.epoch = epoch;
  entry.revision = ++revisions_;
  entry.instance = &kind == &platform_kind() ? id.name : text(child(metadata, "labels"), std::string(kInstanceLabel).c_str());
  json::to_cbor(object, entry.body);
  entry.body.shrink_to_fit();

  const auto [it, fresh] = entries_.try_emplace(id);
  const bool different = fresh || it->second.body != entry.body;
  const bool wish = it->second.wish != entry.wish;
  const std::string before = it->second.instance;
  bytes_ += entry.body.size();
  bytes_ -= it->second.body.size();
  it->second = std::move(entry);
  // Told even when nothing that we keep is different: a reconcile may be waiting for this version.
  if (!fresh && before != it->second.instance) tell(id, before, true);
  tell(id, it->second.instance, different, wish);
}

void Cache::remove(const Kind& kind, const json& object) {
  const json& metadata = child(object, "metadata");
  const auto it = entries_.find(ObjectId{text(metadata, "namespace"), &kind, text(metadata, "name")});
  if (it != entries_.end()) drop(it);
}

void Cache::sweep(const WatchTarget& target, std::uint32_t epoch) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto here = it++;
    if (target.covers(here->first) && here->second.epoch != epoch) drop(here);
  }
}

void Cache::drop(std::map<ObjectId, Entry>::iterator it) {
  const ObjectId id = it->first;
  const std::string instance = std::move(it->second.instance);
  bytes_ -= it->second.body.size();
  entries_.erase(it);
  tell(id, instance, true);
}

void Cache::tell(const ObjectId& id, const std::string& instance, bool different, bool wish) const {
  if (!instance.empty()) changed_(Change{{id.name_space, instance}, id.kind, different, wish});
}

std::optional<json> Cache::platform(const PlatformKey& key) const {
  const auto it = entries_.find(ObjectId{key.name_space, &platform_kind(), key.name});
  if (it == entries_.end()) return std::nullopt;
  return decode(it->second.body, it->second.version);
}

void Cache::each_child(const PlatformKey& key, const std::function<void(const ObjectId& id, std::uint64_t revision)>& look) const {
  for (auto it = entries_.lower_bound(ObjectId{key.name_space, nullptr, ""}); it != entries_.end(); ++it) {
    if (it->first.name_space != key.name_space) break;
    if (it->first.kind == &platform_kind() || it->second.instance != key.name) continue;
    look(it->first, it->second.revision);
  }
}

json Cache::object(const ObjectId& id) const {
  const Entry& entry = entries_.at(id);
  return decode(entry.body, entry.version);
}

std::vector<json> Cache::children(const PlatformKey& key) const {
  std::vector<json> found;
  each_child(key, [&](const ObjectId& id, std::uint64_t) { found.push_back(object(id)); });
  return found;
}

std::vector<PlatformKey> Cache::platforms() const {
  std::vector<PlatformKey> keys;
  for (const auto& [id, entry] : entries_) {
    if (id.kind == &platform_kind()) keys.push_back({id.name_space, id.name});
  }
  return keys;
}

std::vector<json> Cache::platforms_in(const std::string& name_space) const {
  std::vector<json> found;
  for (auto it = entries_.lower_bound(ObjectId{name_space, nullptr, ""}); it != entries_.end() && it->first.name_space == name_space;
       ++it) {
    if (it->first.kind == &platform_kind()) found.push_back(decode(it->second.body, it->second.version));
  }
  return found;
}

std::optional<Cache::Version> Cache::version(const ObjectId& id) const {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return std::nullopt;
  return Version{it->second.version, it->second.uid, it->second.generation, it->second.wish, it->second.deleting};
}

std::uint64_t Cache::progress(const ObjectId& id) const {
  for (const auto& source : sources_) {
    if (source->target().covers(id)) return source->progress();
  }
  return 0;
}

}  // namespace kube
