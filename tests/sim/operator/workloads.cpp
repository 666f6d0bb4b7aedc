// Deployments, StatefulSets and autoscalers: the pods that there should be.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "tests/sim/operator/cluster.hpp"

namespace sim {

using controllers::object::is_deleting;
using controllers::object::label_of;
using controllers::object::number_at;
using controllers::object::text_at;

namespace {

constexpr const char* kTemplateHash = "pod-template-hash";
constexpr const char* kRevision = "deployment.kubernetes.io/revision";

std::string hash_of(const Object& pod_template) {
  return fmt::format("{:08x}", std::hash<std::string>{}(pod_template.dump()) & 0xffffffffU);
}

std::int64_t bound(const Object& strategy, const char* name, std::int64_t replicas, bool up) {
  const Object* value = controllers::object::dig(strategy, {"rollingUpdate", name});
  if (value == nullptr) return 0;
  if (value->is_number()) return value->get<std::int64_t>();
  const std::int64_t percent = std::stoll(value->get<std::string>());
  return (percent * replicas + (up ? 99 : 0)) / 100;
}

struct Pods {
  std::vector<Stored> fresh;      // of the present template
  std::vector<Stored> old;
  std::size_t ending = 0;
  [[nodiscard]] static std::int64_t ready(const std::vector<Stored>& pods) {
    return std::count_if(pods.begin(), pods.end(), [](const Stored& pod) { return is_ready_pod(*pod); });
  }
};

Pods sort_pods(const std::vector<Stored>& all, const char* label, const std::string& hash) {
  Pods pods;
  for (const Stored& pod : all) {
    if (is_deleting(*pod)) {
      ++pods.ending;
    } else {
      (label_of(*pod, label) == hash ? pods.fresh : pods.old).push_back(pod);
    }
  }
  return pods;
}

}  // namespace

void look_at_deployment(Cluster& cluster, const Place& place, const Object& deployment) {
  const Object& spec = deployment["spec"];
  const std::string hash = hash_of(spec["template"]);
  const std::int64_t replicas = spec["replicas"].get<std::int64_t>();
  Pods pods = sort_pods(cluster.pods_of(deployment), kTemplateHash, hash);
  const auto size = [](const std::vector<Stored>& list) { return static_cast<std::int64_t>(list.size()); };
  const auto remove = [&](const Stored& pod) { cluster.server().remove(place_of(*pod)); };

  const bool recreate = text_at(spec, {"strategy", "type"}) == "Recreate";
  const std::int64_t surge = recreate ? 0 : bound(spec["strategy"], "maxSurge", replicas, true);
  const std::int64_t unavailable = recreate ? replicas : bound(spec["strategy"], "maxUnavailable", replicas, false);
  if (recreate) {
    for (const Stored& pod : pods.old) remove(pod);
  } else {
    std::int64_t spare = Pods::ready(pods.fresh) + Pods::ready(pods.old) - (replicas - unavailable);
    for (const Stored& pod : pods.old) {
      if (!is_ready_pod(*pod)) {
        remove(pod);
      } else if (spare > 0) {
        --spare;
        remove(pod);
      }
    }
  }
  const bool may_create = !recreate || (pods.old.empty() && pods.ending == 0);
  std::int64_t wanted = may_create ? std::min(replicas - size(pods.fresh), replicas + surge - size(pods.fresh) - size(pods.old)) : 0;
  for (int n = 0; wanted > 0; ++n) {
    if (cluster.create_pod(deployment, fmt::format("{}-{}-{}", place.name, hash, n), spec["template"], {{kTemplateHash, hash}}).good())
      --wanted;
  }
  for (std::int64_t extra = size(pods.fresh) - replicas; extra > 0; --extra) remove(pods.fresh[static_cast<std::size_t>(extra) - 1]);

  pods = sort_pods(cluster.pods_of(deployment), kTemplateHash, hash);
  const std::int64_t ready = Pods::ready(pods.fresh) + Pods::ready(pods.old);
  cluster.set_status(place, {{"observedGeneration", deployment["metadata"]["generation"]},
                             {"replicas", size(pods.fresh) + size(pods.old)},
                             {"updatedReplicas", size(pods.fresh)},
                             {"readyReplicas", ready},
                             {"availableReplicas", ready}});
  cluster.server().update(place, kControllerManager, [&](Object& object) {
    // The number of templates so far, with the last one's hash kept beside it where the real one has its ReplicaSets.
    Object& annotations = object["metadata"]["annotations"];
    if (annotations.is_null()) annotations = Object::object();
    if (annotations.value("sim/template", "") == hash) return;
    annotations["sim/template"] = hash;
    annotations[kRevision] = std::to_string(std::stoi("0" + annotations.value(kRevision, "")) + 1);
  });
}

void look_at_stateful_set(Cluster& cluster, const Place& place, const Object& set) {
  const Object& spec = set["spec"];
  const std::string revision = place.name + "-" + hash_of(spec["template"]);
  const std::int64_t replicas = spec["replicas"].get<std::int64_t>();
  constexpr const char* kLabel = "controller-revision-hash";
  Pods pods = sort_pods(cluster.pods_of(set), kLabel, revision);
  for (const Stored& pod : pods.old) cluster.server().remove(place_of(*pod));
  for (std::int64_t n = 0; n < replicas; ++n) {
    const std::string name = fmt::format("{}-{}", place.name, n);
    // One of that name at a time: a pod that is ending keeps it.
    if (!cluster.server().store().find({&kind_named("Pod"), place.name_space, name})) {
      cluster.create_pod(set, name, spec["template"], {{kLabel, revision}, {"apps.kubernetes.io/pod-index", std::to_string(n)}});
    }
  }
  pods = sort_pods(cluster.pods_of(set), kLabel, revision);
  const auto fresh = static_cast<std::int64_t>(pods.fresh.size());
  const bool rolled = Pods::ready(pods.fresh) >= replicas;
  const std::string before = text_at(set, {"status", "currentRevision"});
  cluster.set_status(place, {{"observedGeneration", set["metadata"]["generation"]},
                             {"replicas", fresh + static_cast<std::int64_t>(pods.old.size())},
                             {"readyReplicas", Pods::ready(pods.fresh)},
                             {"availableReplicas", Pods::ready(pods.fresh)},
                             {"updatedReplicas", fresh},
                             {"currentRevision", rolled || before.empty() ? revision : before},
                             {"updateRevision", revision}});
}

void look_at_autoscaler(Cluster& cluster, const Place& place, const Object& autoscaler) {
  const Place target{&kind_named("Deployment"), place.name_space, text_at(autoscaler, {"spec", "scaleTargetRef", "name"})};
  const Stored deployment = cluster.server().store().find(target);
  if (!deployment) return;
  const std::int64_t now = number_at(*deployment, {"spec", "replicas"}, 1);
  if (now == 0) return;      // switched off by hand
  const auto found = cluster.load.find(target.name);
  const std::int64_t wish = found == cluster.load.end() ? 1 : found->second;
  const std::int64_t wanted =
      std::clamp(wish, number_at(autoscaler, {"spec", "minReplicas"}, 1), number_at(autoscaler, {"spec", "maxReplicas"}, 1));
  if (now != wanted) {
    cluster.faults().happened(Fault::AutoscalerScales);
    cluster.server().update(target, kControllerManager, [wanted](Object& object) { object["spec"]["replicas"] = wanted; }, "scale");
  }
  cluster.set_status(place, {{"currentReplicas", wanted}, {"desiredReplicas", wanted}});
}

}  // namespace sim
