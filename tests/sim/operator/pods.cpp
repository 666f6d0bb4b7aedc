// Volume claims, and pods from their creation to their end: a node, volumes, images, and what the processes in them wait for.
#include <fmt/format.h>

#include "tests/sim/operator/cluster.hpp"

namespace sim {

using controllers::object::is_deleting;
using controllers::object::label_of;
using controllers::object::list_at;
using controllers::object::text_at;

namespace {

constexpr seconds kStartTakes{2};
constexpr seconds kEndTakes{1};
constexpr minutes kMigrationWaits{10};      // for the database, then it fails
constexpr const char* kKubelet = "kubelet";

Place beside(const Place& place, const char* kind, const std::string& name) { return {&kind_named(kind), place.name_space, name}; }

std::vector<std::string> claims_of(const Object& pod) {
  std::vector<std::string> names;
  for (const Object& volume : list_at(pod, {"spec", "volumes"})) {
    const std::string name = text_at(volume, {"persistentVolumeClaim", "claimName"});
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

bool has_ended(const Object& pod) {
  const std::string phase = text_at(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

/// What is mounted as the file of this name, or "".
std::string mounted(Cluster& cluster, const Place& place, const Object& pod, const std::string& key) {
  for (const Object& volume : list_at(pod, {"spec", "volumes"})) {
    for (const Object& source : list_at(volume, {"projected", "sources"})) {
      for (const Object& item : list_at(source, {"secret", "items"})) {
        if (text_at(item, {"key"}) != key) continue;
        const Stored secret = cluster.server().store().find(beside(place, "Secret", text_at(source, {"secret", "name"})));
        return secret ? text_at(*secret, {"data", key}) : "";
      }
    }
  }
  return {};
}

bool has_keys(Cluster& cluster, const Place& object, const Object& items) {
  const Stored found = cluster.server().store().find(object);
  if (!found) return false;
  for (const Object& item : items) {
    if (text_at(*found, {"data", text_at(item, {"key"})}).empty()) return false;
  }
  return true;
}

/// Every ConfigMap and Secret with every key that it mounts.
bool volumes_are_there(Cluster& cluster, const Place& place, const Object& pod) {
  for (const Object& volume : list_at(pod, {"spec", "volumes"})) {
    if (volume.contains("configMap") &&
        !has_keys(cluster, beside(place, "ConfigMap", text_at(volume, {"configMap", "name"})), list_at(volume, {"configMap", "items"}))) {
      return false;
    }
    for (const Object& source : list_at(volume, {"projected", "sources"})) {
      if (controllers::object::truth_at(source, {"secret", "optional"})) continue;
      if (!has_keys(cluster, beside(place, "Secret", text_at(source, {"secret", "name"})), list_at(source, {"secret", "items"})))
        return false;
    }
  }
  return true;
}

/// The disk of the database whose pod is ready; null when none is.
Disk* running_database(Cluster& cluster, const Place& place) {
  for (const Stored& pod : cluster.server().store().list(kind_named("Pod"), place.name_space)) {
    if (label_of(*pod, "app") != "mysql" || !is_ready_pod(*pod)) continue;
    for (const std::string& name : claims_of(*pod)) {
      if (const Stored claim = cluster.server().store().find(beside(place, "PersistentVolumeClaim", name))) {
        return &cluster.disks[text_at(*claim, {"metadata", "uid"})];
      }
    }
  }
  return nullptr;
}

Object condition(const char* type, bool truth, const std::string& now, const std::string& message = {}) {
  return {{"type", type}, {"status", truth ? "True" : "False"}, {"lastTransitionTime", now}, {"message", message}};
}

Object statuses(const Object& containers, bool ready, const Object& state) {
  Object list = Object::array();
  for (const Object& container : containers) {
    list.push_back({{"name", container["name"]}, {"image", container["image"]}, {"ready", ready}, {"state", state}});
  }
  return list;
}

class Kubelet {
 public:
  Kubelet(Cluster& cluster, const Place& place, const Object& pod) : cluster_(cluster), place_(place), pod_(pod) {}

  void look() {
    if (text_at(pod_, {"spec", "nodeName"}).empty() && !schedule()) return;
    if (has_ended(pod_) || is_ready_pod(pod_)) return;
    if (!volumes_are_there(cluster_, place_, pod_)) return waits("ContainerCreating", "");
    for (const char* list : {"initContainers", "containers"}) {
      for (const Object& container : list_at(pod_, {"spec", list})) {
        if (!cluster_.bad_images.contains(text_at(container, {"image"}))) continue;
        cluster_.faults().happened(Fault::BadImage);
        return waits("ImagePullBackOff", "Back-off pulling image");
      }
    }
    const std::string app = label_of(pod_, "app");
    if (app == "mysql") return start_database();
    if (app == "schema") return migrate();
    const bool for_schema = !list_at(pod_, {"spec", "initContainers"}).empty();
    const Disk* disk = running_database(cluster_, place_);
    if (for_schema && (disk == nullptr || !disk->migrated)) return waits("PodInitializing", "");
    if (app == "reconciliation-cronjob") return end("Succeeded", "");
    becomes_ready();
  }

 private:
  void write(const Object& status) {
    cluster_.server().update(place_, kKubelet, [&](Object& pod) { pod["status"].update(status); }, "status");
  }

  /// Whether it has a node now.
  bool schedule() {
    for (const std::string& name : claims_of(pod_)) {
      const Stored claim = cluster_.server().store().find(beside(place_, "PersistentVolumeClaim", name));
      if (claim && !is_deleting(*claim) && text_at(*claim, {"status", "phase"}) == "Bound") continue;
      if (controllers::object::condition_of(pod_, "PodScheduled") == nullptr) {
        write({{"conditions", Object::array({condition("PodScheduled", false, cluster_.now_text(), "a volume claim is not bound")})}});
      }
      return false;
    }
    cluster_.server().update(place_, "kube-scheduler", [](Object& pod) { pod["spec"]["nodeName"] = "node-1"; });
    write({{"conditions", Object::array({condition("PodScheduled", true, cluster_.now_text())})}});
    return true;
  }

  void waits(const std::string& reason, const std::string& message) {
    const Object state = {{"waiting", {{"reason", reason}, {"message", message}}}};
    write({{"phase", "Pending"}, {"containerStatuses", statuses(pod_["spec"]["containers"], false, state)}});
  }

  /// Whether what runs in it has had its time; starts it when it does not run yet.
  bool has_started() {
    const auto since = base::parse_rfc3339(text_at(pod_, {"status", "startTime"}));
    if (!since) {
      write({{"phase", "Running"}, {"startTime", cluster_.now_text()}});
    } else if (cluster_.schedule().wall() - *since >= kStartTakes) {
      return true;
    }
    cluster_.look_in(place_, kStartTakes);
    return false;
  }

  void becomes_ready() {
    if (!has_started()) return;
    write({{"conditions",
            Object::array({condition("PodScheduled", true, cluster_.now_text()), condition("Ready", true, cluster_.now_text())})},
           {"containerStatuses", statuses(pod_["spec"]["containers"], true, {{"running", {{"startedAt", cluster_.now_text()}}}})}});
  }

  void end(const char* phase, const std::string& message) {
    const bool good = std::string_view(phase) == "Succeeded";
    const Object state = {{"terminated", {{"exitCode", good ? 0 : 1}, {"reason", good ? "Completed" : "Error"}, {"message", message}}}};
    write({{"phase", phase}, {"containerStatuses", statuses(pod_["spec"]["containers"], false, state)}});
  }

  void crash(const std::string& message) {
    const Object state = {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", message}}}};
    write({{"phase", "Pending"}, {"containerStatuses", statuses(pod_["spec"]["containers"], false, state)}});
  }

  void start_database() {
    const Stored claim = cluster_.server().store().find(beside(place_, "PersistentVolumeClaim", claims_of(pod_).at(0)));
    Disk& disk = cluster_.disks[claim ? text_at(*claim, {"metadata", "uid"}) : ""];
    const std::string password = mounted(cluster_, place_, pod_, "mysql-password");
    if (disk.root_password.empty()) disk.root_password = password;
    if (disk.root_password != password) return crash("Access denied for user 'root'");
    becomes_ready();
  }

  void migrate() {
    if (!has_started()) return;
    Disk* disk = running_database(cluster_, place_);
    if (disk == nullptr) {
      const auto since = base::parse_rfc3339(text_at(pod_, {"status", "startTime"}));
      if (cluster_.schedule().wall() - *since >= kMigrationWaits) return end("Failed", "the database did not answer");
      return cluster_.look_in(place_, kMigrationWaits);
    }
    if (cluster_.schema_failures > 0) {
      --cluster_.schema_failures;
      cluster_.faults().happened(Fault::SchemaFails);
      return end("Failed", "migration 7 failed");
    }
    if (disk->root_password != mounted(cluster_, place_, pod_, "mysql-password")) return end("Failed", "Access denied for user 'root'");
    disk->migrated = true;
    end("Succeeded", "");
  }

  Cluster& cluster_;
  const Place& place_;
  const Object& pod_;
};

}  // namespace

void look_at_pod(Cluster& cluster, const Place& place, const Object& pod) {
  if (!is_deleting(pod)) return Kubelet(cluster, place, pod).look();
  const auto since = base::parse_rfc3339(text_at(pod, {"metadata", "deletionTimestamp"}));
  const bool runs = !text_at(pod, {"spec", "nodeName"}).empty() && !has_ended(pod);
  if (runs && since && cluster.schedule().wall() - *since < kEndTakes) return cluster.look_in(place, kEndTakes);
  cluster.server().store().erase(place);
}

void look_at_claim(Cluster& cluster, const Place& place, const Object& claim) {
  bool awaited = false;      // by a pod, with a node or without
  bool mounted = false;      // only this keeps a claim that is deleted
  for (const Stored& pod : cluster.server().store().list(kind_named("Pod"), place.name_space)) {
    for (const std::string& name : claims_of(*pod)) {
      if (name != place.name || has_ended(*pod)) continue;
      awaited = true;
      mounted = mounted || !text_at(*pod, {"spec", "nodeName"}).empty();
    }
  }
  if (is_deleting(claim)) {
    if (mounted) return;
    cluster.server().update(place, kControllerManager, [](Object& object) { object["metadata"]["finalizers"] = Object::array(); });
    return;
  }
  const bool bound = text_at(claim, {"status", "phase"}) == "Bound";
  if (!bound && (!awaited || !cluster.storage_classes.contains(text_at(claim, {"spec", "storageClassName"})))) return;
  if (!bound) {
    const std::string volume = "pvc-" + text_at(claim, {"metadata", "uid"});
    cluster.server().update(place, kControllerManager, [&](Object& object) { object["spec"]["volumeName"] = volume; });
  }
  const Object capacity = {{"storage", text_at(claim, {"spec", "resources", "requests", "storage"})}};
  cluster.set_status(place, {{"phase", "Bound"}, {"capacity", capacity}});
}

}  // namespace sim
