#include "operator/engine/watches.hpp"

#include <algorithm>
#include <utility>

#include "common/obs/log.hpp"

namespace engine {
namespace {

std::string name_of(const kube::WatchTarget& target) {
  return std::string(target.kind->plural) + (target.name.empty() ? "" : "/" + target.name) +
         (target.name_space.empty() ? "" : " in " + target.name_space);
}

}  // namespace

void Watches::start(std::vector<std::string> namespaces, std::vector<std::string> name_prefixes) {
  if (namespaces.empty()) namespaces.emplace_back();
  name_prefixes.emplace_back();
  for (const std::string& name_space : namespaces) {
    add({&kube::platform_kind(), name_space});
    for (const kube::Kind& kind : kube::child_kinds()) {
      if (kind.only_name.empty()) {
        add({&kind, name_space});
      } else {
        for (const std::string& prefix : name_prefixes) add({&kind, name_space, prefix + std::string(kind.only_name)});
      }
    }
  }
  for (const auto& watcher : watchers_) watcher->start();
}

void Watches::add(const kube::WatchTarget& target) {
  kube::WatchSink& sink = cache_.source(target, [this, target](const base::Error& error) { trouble(target, error); });
  watchers_.push_back(std::make_unique<kube::Watcher>(target, loop_, transport_, rng_, sink));
}

void Watches::trouble(const kube::WatchTarget& target, const base::Error& error) {
  const std::string collection = name_of(target);
  // A stream that expires or breaks is everyday; a list that fails keeps us from working.
  const bool known = cache_.synced(target.name_space);
  const bool platforms_unknown = !known && error.code == base::Code::NotFound && target.kind == &kube::platform_kind();
  const std::string hint = platforms_unknown ? "; install crds/paymentplatforms.yaml" : "";
  obs::log().log(known ? obs::Level::Info : obs::Level::Warn, "watch interrupted",
                 {{"collection", collection}, {"error", base::describe(error) + hint}});
  troubles_[collection] = base::describe(error) + hint;
}

std::string Watches::not_ready() const {
  if (watchers_.empty()) return "the watches have not been started";
  if (cache_.synced()) return {};
  std::string why = "waiting for the first list of every collection";
  for (const auto& [collection, problem] : troubles_) why += "; " + collection + ": " + problem;
  return why;
}

const kube::Watcher* Watches::quietest() const {
  const auto it = std::min_element(watchers_.begin(), watchers_.end(),
                                   [](const auto& left, const auto& right) { return left->alive_at() < right->alive_at(); });
  return it == watchers_.end() ? nullptr : it->get();
}

base::SteadyPoint::duration Watches::silence() const {
  const kube::Watcher* watcher = quietest();
  return watcher == nullptr ? base::SteadyPoint::duration{} : loop_.clock().steady_now() - watcher->alive_at();
}

std::string Watches::not_alive() const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silence());
  if (seconds < kWatchStuck) return {};
  return "the watch of " + name_of(quietest()->target()) + " has given no sign of life for " + std::to_string(seconds.count()) + " s";
}

}  // namespace engine
