#include <algorithm>
#include <list>

#include <nlohmann/json.hpp>

#include "controllers/object/path.hpp"
#include "crds/types/platform.hpp"
#include "operator/cli/live.hpp"
#include "operator/cli/manifest.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/snapshot.hpp"
#include "operator/kube/api.hpp"
#include "operator/kube/watcher.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::object::text_at;

constexpr std::chrono::seconds kListsTimeout{60};      // all of them; each page has its own, shorter one
constexpr std::size_t kReadsAtOnce = 8;

base::Error late() { return {Code::DeadlineExceeded, "no answer in time", {}, std::nullopt}; }

/// One collection into a cache, page by page.
class Listing {
 public:
  Listing(Cluster& cluster, kube::WatchTarget target, kube::WatchSink& sink) : cluster_(cluster), target_(std::move(target)), sink_(sink) {}

  void start() {
    sink_.begin_replace();
    page("");
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }
  [[nodiscard]] std::string kind() const { return std::string(target_.kind->kind); }

 private:
  void page(const std::string& token) {
    kube::Request request;
    request.method = "GET";
    request.path = target_.path() + "limit=" + std::to_string(kube::kListPageObjects);
    if (!token.empty()) request.path += "&continue=" + kube::encode(token);
    cluster_.transport().send(std::move(request), lifetime_.wrap([this](const base::Result<kube::Response>& result) { read(result); }));
  }

  void read(const base::Result<kube::Response>& result) {
    if (!result) return fail(result.error());
    if (result->status != 200) return fail(kube::error_of(*result));
    Object list = Object::parse(result->body, nullptr, false);
    const auto items = list.is_object() ? list.find("items") : list.end();
    const auto is_object = [](const Object& item) { return item.is_object(); };
    if (items == list.end() || !(items->is_null() || items->is_array()) || !std::all_of(items->begin(), items->end(), is_object)) {
      return fail({Code::Unknown, "the answer is no list of objects", {}, std::nullopt});
    }
    for (Object& item : *items) {
      item["apiVersion"] = target_.kind->api_version;      // items of a list do not carry their kind
      item["kind"] = target_.kind->kind;
      sink_.apply(std::move(item));
    }
    const std::string token = text_at(list, {"metadata", "continue"});
    if (!token.empty()) return page(token);
    sink_.finish_replace();
    ended_ = true;
  }

  void fail(const base::Error& error) {
    error_ = cluster_.told(error, "list " + std::string(target_.kind->plural) + " in namespace " + target_.name_space);
    ended_ = true;
  }

  Cluster& cluster_;
  kube::WatchTarget target_;
  kube::WatchSink& sink_;
  std::optional<base::Error> error_;
  bool ended_ = false;
  kube::Lifetime lifetime_;
};

class LiveCluster final : public Live {
 public:
  explicit LiveCluster(Cluster& cluster) : cluster_(cluster) {}

  base::Result<std::optional<Object>> platform(const kube::PlatformKey& key) override {
    return cluster_.find({key.name_space, &kube::platform_kind(), key.name});
  }

  base::Result<controllers::Snapshot> children(const Object& platform) override {
    auto seen = visible(cluster_, platform);
    if (!seen) return base::fail(seen.error());
    if (!seen->refused.empty()) return base::fail(seen->refused.begin()->second);
    return std::move(seen->live);
  }

  base::Result<std::map<Ref, std::optional<Object>>> read(const std::string& name_space, const std::vector<Ref>& refs) override {
    using Answer = base::Result<std::optional<Object>>;
    kube::Api api(cluster_.transport());
    std::map<Ref, std::optional<Object>> found;
    for (std::size_t done = 0; done < refs.size(); done += kReadsAtOnce) {
      const auto answers = std::make_shared<std::map<Ref, Answer>>();
      const std::size_t end = std::min(refs.size(), done + kReadsAtOnce);
      for (std::size_t i = done; i < end; ++i) {
        const kube::Kind* kind = kube::find_kind(refs[i].api_version, refs[i].kind);
        if (kind == nullptr) return base::fail(Code::Internal, "no path is known for " + refs[i].api_version + " " + refs[i].kind);
        api.get({name_space, kind, refs[i].name},
                [answers, ref = refs[i]](Answer answer) { answers->insert_or_assign(ref, std::move(answer)); });
      }
      const bool in_time = cluster_.wait([&] { return answers->size() == end - done; }, kListsTimeout);
      for (auto& [ref, answer] : *answers) {
        if (!answer) return base::fail(cluster_.told(answer.error(), "read " + ref.kind + " " + name_space + "/" + ref.name));
        found.emplace(ref, std::move(*answer));
      }
      if (!in_time) return base::fail(cluster_.told(late(), "read the platform's objects"));
    }
    return found;
  }

  base::Result<Object> admit(const Object& wanted, const std::optional<Object>& live) override {
    const kube::ObjectId id{text_at(wanted, {"metadata", "namespace"}), &kube::platform_kind(), text_at(wanted, {"metadata", "name"})};
    const std::string options = "?dryRun=All&fieldValidation=Strict&fieldManager=kubectl-client-side-apply";
    kube::Request request;
    if (live) {
      request.method = "PATCH";
      request.path = kube::path_of(*id.kind, id.name_space, id.name) + options;
      request.content_type = "application/merge-patch+json";
      request.body = three_way_patch(last_applied(*live), wanted, *live).dump();
    } else {
      request.method = "POST";
      request.path = kube::path_of(*id.kind, id.name_space) + options;
      request.content_type = "application/json";
      request.body = wanted.dump();
    }
    return cluster_.ask(std::move(request), (live ? "change " : "create ") + words(id));
  }

 private:
  Cluster& cluster_;
};

}  // namespace

base::Result<Visible> visible(Cluster& cluster, const Object& platform) {
  kube::Cache cache([](const kube::Cache::Change&) {}, [] {});
  std::list<Listing> listings;
  for (const kube::WatchTarget& target : targets_of(platform)) {
    listings.emplace_back(cluster, target, cache.source(target, [](const base::Error&) {}));
  }
  for (Listing& listing : listings) listing.start();
  const auto all_ended = [&] { return std::all_of(listings.begin(), listings.end(), [](const Listing& one) { return one.ended(); }); };
  const bool in_time = cluster.wait(all_ended, kListsTimeout);
  Visible seen;
  for (const Listing& listing : listings) {
    if (!listing.error()) continue;
    if (listing.error()->code != Code::PermissionDenied) return base::fail(*listing.error());
    seen.refused.emplace(listing.kind(), *listing.error());
  }
  if (!in_time) return base::fail(cluster.told(late(), "list the platform's objects"));
  seen.live = snapshot_of(cache, key_of(platform));
  return seen;
}

std::unique_ptr<Live> live_cluster(Cluster& cluster) { return std::make_unique<LiveCluster>(cluster); }

}  // namespace cli
