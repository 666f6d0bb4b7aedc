// One watch for every kind of object in every namespace that the operator looks after, into one cache; and what keeps one of them from
// being known.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/kube/cache.hpp"
#include "operator/kube/watcher.hpp"

namespace engine {

// A watch hears a bookmark every minute, and is opened anew every five and whenever it is silent for two. One of which nothing was heard
// for so long is stuck in this process or on its way out of it, and a new process is the remedy.
inline constexpr std::chrono::seconds kWatchStuck{300};

class Watches {
 public:
  Watches(kube::Loop& loop, kube::Transport& transport, base::Rng& rng, kube::Cache& cache)
      : loop_(loop),
        transport_(transport),
        rng_(rng),
        cache_(cache) {}

  /// Of all namespaces when the list is empty; names that are watched one by one are watched with each of these prefixes, and without.
  void start(std::vector<std::string> namespaces, std::vector<std::string> name_prefixes);

  /// Which collection is not known, and why; empty when all are.
  [[nodiscard]] std::string not_ready() const;
  /// Which watch has given no sign of life for too long; empty when none.
  [[nodiscard]] std::string not_alive() const;
  /// Of the quietest watch.
  [[nodiscard]] base::SteadyPoint::duration silence() const;

 private:
  [[nodiscard]] const kube::Watcher* quietest() const;
  void add(const kube::WatchTarget& target);
  void trouble(const kube::WatchTarget& target, const base::Error& error);

  kube::Loop& loop_;
  kube::Transport& transport_;
  base::Rng& rng_;
  kube::Cache& cache_;
  std::vector<std::unique_ptr<kube::Watcher>> watchers_;
  std::map<std::string, std::string> troubles_;     // collection -> what keeps it from being known
};

}  // namespace engine
