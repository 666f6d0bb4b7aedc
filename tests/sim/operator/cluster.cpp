#include "tests/sim/operator/cluster.hpp"

#include <utility>

namespace sim {

using controllers::object::condition_is_true;
using controllers::object::controller_uid;
using controllers::object::list_at;
using controllers::object::text_at;

namespace {

const kube::Kind* const kOwning[] = {&kube::platform_kind(), &kind_named("Deployment"), &kind_named("StatefulSet"), &kind_named("Job"),
                                     &kind_named("CronJob")};

bool owns_others(const kube::Kind* kind) {
  for (const kube::Kind* one : kOwning) {
    if (one == kind) return true;
  }
  return false;
}

}  // namespace

bool is_ready_pod(const Object& pod) { return condition_is_true(pod, "Ready") && !controllers::object::is_deleting(pod); }

Object owner_reference(const Object& owner) {
  return {{"apiVersion", owner["apiVersion"]}, {"kind", owner["kind"]}, {"name", owner["metadata"]["name"]},
          {"uid", owner["metadata"]["uid"]},   {"controller", true},    {"blockOwnerDeletion", true}};
}

Cluster::Cluster(Schedule& schedule, Server& server, FaultPlan& faults) : schedule_(schedule), server_(server), faults_(faults) {
  server_.store().subscribe([this](const Change& change) { changed(change); });
}

void Cluster::look_in(const Place& place, microseconds delay) {
  // In step: what happens together is seen together. Fewer looks at a world, and the faults tear them apart well enough.
  constexpr milliseconds kBeat{500};
  const base::SteadyPoint due(std::chrono::ceil<milliseconds>((schedule_.now() + delay).time_since_epoch()) / kBeat * kBeat + kBeat);
  Booked& booked = booked_[place];
  if (booked.id != 0 && booked.due <= due) return;
  if (booked.id != 0) schedule_.cancel(booked.id);
  booked = {due, schedule_.after(std::chrono::duration_cast<microseconds>(due - schedule_.now()), [this, place] {
              booked_.erase(place);
              look(place);
            })};
}

void Cluster::changed(const Change& change) {
  const Object& object = change.now ? *change.now : *change.before;
  const std::string kind(change.place.kind->kind);
  if (change.now) soon(change.place);
  // Whoever controls a pod or a Job looks at what became of it.
  if (kind == "Pod" || kind == "Job") {
    for (const Object& owner : list_at(object, {"metadata", "ownerReferences"})) {
      if (const kube::Kind* owning = find_kind(text_at(owner, {"apiVersion"}), text_at(owner, {"kind"}))) {
        soon({owning, change.place.name_space, text_at(owner, {"name"})});
      }
    }
  }
  if (kind == "Pod") {
    for (const Object& volume : list_at(object, {"spec", "volumes"})) {
      const std::string claim = text_at(volume, {"persistentVolumeClaim", "claimName"});
      if (!claim.empty()) soon({&kind_named("PersistentVolumeClaim"), change.place.name_space, claim});
    }
    const bool was = change.before && is_ready_pod(*change.before);
    const bool is = change.now && is_ready_pod(*change.now);
    if (!was && is && controllers::object::label_of(object, "app") == "mysql") wake_pods(change.place.name_space);
  }
  if (kind == "Deployment") soon({&kind_named("HorizontalPodAutoscaler"), change.place.name_space, change.place.name});
  if (kind == "Secret" || kind == "ConfigMap" || kind == "PersistentVolumeClaim") wake_pods(change.place.name_space);
  if (!change.now && owns_others(change.place.kind)) {
    for (const kube::Kind& child : kube::child_kinds()) {
      for (const Stored& one : server_.store().list(child, change.place.name_space)) {
        if (controller_uid(*one) == text_at(object, {"metadata", "uid"})) soon(place_of(*one));
      }
    }
  }
}

void Cluster::look(const Place& place) {
  const Stored object = server_.store().find(place);
  if (!object) return;
  const std::string_view kind = place.kind->kind;
  if (!list_at(*object, {"metadata", "ownerReferences"}).empty()) {
    look_for_owner(*this, place, *object);
    if (!server_.store().find(place)) return;
  }
  if (kind == "Pod") return look_at_pod(*this, place, *object);
  if (kind == "PersistentVolumeClaim") return look_at_claim(*this, place, *object);
  if (controllers::object::is_deleting(*object)) return;
  if (kind == "Deployment") look_at_deployment(*this, place, *object);
  if (kind == "StatefulSet") look_at_stateful_set(*this, place, *object);
  if (kind == "Job") look_at_job(*this, place, *object);
  if (kind == "CronJob") look_at_cron_job(*this, place, *object);
  if (kind == "HorizontalPodAutoscaler") look_at_autoscaler(*this, place, *object);
}

std::vector<Stored> Cluster::pods_of(const Object& owner) const {
  std::vector<Stored> pods;
  const std::string uid = text_at(owner, {"metadata", "uid"});
  for (const Stored& pod : server_.store().list(kind_named("Pod"), text_at(owner, {"metadata", "namespace"}))) {
    if (controller_uid(*pod) == uid) pods.push_back(pod);
  }
  return pods;
}

void Cluster::wake_pods(const std::string& name_space) {
  for (const Stored& pod : server_.store().list(kind_named("Pod"), name_space)) {
    if (!is_ready_pod(*pod)) soon(place_of(*pod));
  }
}

Answer Cluster::create_pod(const Object& owner, const std::string& name, const Object& pod_template, const Object& labels) {
  Object pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", pod_template["metadata"]}, {"spec", pod_template["spec"]}};
  pod["metadata"]["name"] = name;
  pod["metadata"]["namespace"] = owner["metadata"]["namespace"];
  pod["metadata"]["labels"].update(labels);
  pod["metadata"]["ownerReferences"] = Object::array({owner_reference(owner)});
  pod["status"] = {{"phase", "Pending"}};
  return server_.create(std::move(pod), kControllerManager);
}

void Cluster::set_status(const Place& place, const Object& status) {
  server_.update(place, kControllerManager, [&status](Object& object) { object["status"].update(status); }, "status");
}

void look_for_owner(Cluster& cluster, const Place& place, const Object& object) {
  for (const Object& owner : list_at(object, {"metadata", "ownerReferences"})) {
    const kube::Kind* kind = find_kind(text_at(owner, {"apiVersion"}), text_at(owner, {"kind"}));
    if (kind == nullptr) return;
    const Stored found = cluster.server().store().find({kind, place.name_space, text_at(owner, {"name"})});
    if (found && text_at(*found, {"metadata", "uid"}) == text_at(owner, {"uid"})) return;
  }
  cluster.server().remove(place, {text_at(object, {"metadata", "uid"}), {}});
}

}  // namespace sim
