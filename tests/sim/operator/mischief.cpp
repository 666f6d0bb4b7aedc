#include "tests/sim/operator/mischief.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/component/objects.hpp"

namespace sim {

using controllers::object::text_at;

namespace {

constexpr const char* kEditor = "kubectl-edit";
constexpr const char* kInjector = "sidecar-injector";
constexpr const char* kStripper = "label-stripper";
constexpr const char* kArgo = "argocd-controller";

}  // namespace

std::vector<std::string> Mischief::managers() { return {kEditor, kInjector, kStripper, kArgo}; }

void Mischief::run() {
  window_ = seconds(20 + world_.rng().below(160));
  if (one_in(8)) {
    happened(Fault::StrangersObject, "a stranger has a ConfigMap of that name");
    world_.server().create({{"apiVersion", "v1"},
                            {"kind", "ConfigMap"},
                            {"metadata", {{"name", "redis"}, {"namespace", kNamespace}, {"annotations", {{kStranger, "yes"}}}}},
                            {"data", {{"a", "b"}}}},
                           kEditor);
  }
  plan_operators();
  plan_script();
  plan_environment();
  plan_strangers();
  world_.run_for(window_);
  put_right();
}

microseconds Mischief::some_time() { return milliseconds(world_.rng().below(static_cast<std::uint64_t>(milliseconds(window_).count()))); }

void Mischief::happened(Fault fault, const std::string& what) {
  world_.faults().happened(fault);
  world_.trace(fmt::format("{}: {}", name_of(fault), what));
}

void Mischief::several(std::uint64_t most, const std::function<void()>& act) {
  const std::uint64_t times = world_.rng().below(most + 1);
  for (std::uint64_t i = 0; i < times; ++i) world_.at(some_time(), act);
}

void Mischief::plan_script() {
  std::vector<microseconds> times;
  for (std::size_t i = 0; i < script_.deeds.size(); ++i) times.push_back(seconds(1) + some_time());
  std::sort(times.begin(), times.end());
  world_.at(milliseconds(world_.rng().below(3'000)), [this] { begin(world_, script_); });
  for (std::size_t i = 0; i < times.size(); ++i) {
    world_.at(seconds(3) + times[i], [this, i] { script_.deeds[i].act(world_); });
  }
  window_ += seconds(5);
}

void Mischief::plan_operators() {
  world_.start_operator();
  const auto any_operator = [this]() -> int {
    const auto ids = world_.operators();
    return ids.empty() ? 0 : ids[world_.rng().below(ids.size())];
  };
  several(3, [this, any_operator] {
    const int id = any_operator();
    if (id == 0) return;
    world_.faults().happened(Fault::Crash);
    world_.kill_operator(id);
    world_.at(milliseconds(world_.rng().below(8'000)), [this] { world_.start_operator(); });
  });
  if (one_in(2)) world_.at(some_time(), [this] { world_.crash_at_write(1 + world_.rng().below(60)); });
  if (world_.elects()) {
    world_.at(some_time(), [this] {
      if (!world_.operators().empty()) world_.faults().happened(Fault::SecondOperator);
      world_.start_operator();
    });
  }
  if (one_in(3)) {
    several(2, [this, any_operator] {
      const int id = any_operator();
      if (id == 0) return;
      happened(Fault::OperatorPaused, fmt::format("operator {} is paused", id));
      world_.process(id).loop().pause();
      world_.at(milliseconds(world_.rng().below(60'000)), [this, id, led = world_.leader() == id] {
        if (!world_.runs(id)) return;
        if (led && world_.leader() != id) world_.faults().happened(Fault::LeaderOvertaken);
        world_.trace(fmt::format("operator {} goes on", id));
        world_.process(id).loop().resume();
      });
    });
  }
  if (one_in(4)) {
    several(2, [this, any_operator] {
      const int id = any_operator();
      const seconds ahead(static_cast<std::int64_t>(world_.rng().below(7'200)) - 3'600);
      if (id == 0) return;
      happened(Fault::ClockSet, fmt::format("the clock of operator {} is set by {} s", id, ahead.count()));
      world_.process(id).loop().set_clock_ahead(ahead);
    });
  }
}

void Mischief::plan_environment() {
  several(3, [this] {
    const std::uint64_t version = world_.server().store().version();
    happened(Fault::HistoryForgotten, "the server forgets its history");
    world_.server().store().forget_up_to(version - world_.rng().below(20));
  });
  several(2, [this] {
    constexpr const char* kPlurals[] = {"deployments", "secrets",  "configmaps",  "persistentvolumeclaims",
                                        "jobs",        "services", "statefulsets"};
    const Refused refused{kPlurals[world_.rng().below(std::size(kPlurals))], one_in(2), one_in(2) ? 403 : 422};
    world_.trace(fmt::format("{} are refused with {}", refused.plural, refused.status));
    world_.faults().refused.push_back(refused);
    world_.at(milliseconds(world_.rng().below(40'000)), [this] { world_.faults().refused.clear(); });
  });
  if (one_in(5)) world_.cluster().schema_failures = static_cast<int>(1 + world_.rng().below(5));
  if (one_in(8)) world_.cluster().bad_images.insert(one_in(2) ? "localhost/payment-runtime:0.2.0" : "localhost/mariadb:10.11");
  if (one_in(8)) {
    happened(Fault::NoStorageClass, "the cluster has no storage class");
    world_.cluster().storage_classes.clear();
  }
  several(3, [this] {
    world_.cluster().load["payment-service"] = static_cast<std::int64_t>(world_.rng().below(6));
    world_.cluster().soon({&kind_named("HorizontalPodAutoscaler"), kNamespace, "payment-service"});
  });
}

void Mischief::plan_strangers() {
  if (one_in(3)) return;
  several(5, [this] { strange_act(); });
}

std::vector<Stored> Mischief::children(bool owned_only) {
  std::vector<Stored> found;
  for (const kube::Kind& kind : kube::child_kinds()) {
    if (kind.kind == "Pod") continue;
    for (const Stored& object : world_.server().store().list(kind, kNamespace)) {
      const bool owned =
          world_.platform() && controllers::object::controller_uid(*object) == text_at(*world_.platform(), {"metadata", "uid"});
      const bool ours = controllers::object::label_of(*object, controllers::kInstanceLabel) == kPlatform;
      if (owned || (ours && !owned_only && controllers::object::controller_uid(*object).empty())) found.push_back(object);
    }
  }
  return found;
}

Stored Mischief::any(const std::vector<Stored>& objects) { return objects.empty() ? nullptr : objects[world_.rng().below(objects.size())]; }

Stored Mischief::any_of_kind(const char* kind) {
  std::vector<Stored> found = children(true);
  std::erase_if(found, [kind](const Stored& object) { return text_at(*object, {"kind"}) != kind; });
  return any(found);
}

void Mischief::strange_act() {
  Server& server = world_.server();
  const auto edit = [&](Fault fault, const Stored& object, const char* who, const std::function<void(Object&)>& change) {
    if (!object) return;
    happened(fault, describe(place_of(*object)));
    server.update(place_of(*object), who, change);
  };
  switch (world_.rng().below(10)) {
    case 0:
      return edit(Fault::ImageEdited, any_of_kind("Deployment"), kEditor,
                  [](Object& object) { object["spec"]["template"]["spec"]["containers"][0]["image"] = "localhost/other:1"; });
    case 1:
      return edit(Fault::EnvEdited, any_of_kind("Deployment"), kEditor, [](Object& object) {
        object["spec"]["template"]["spec"]["containers"][0]["env"].push_back({{"name", "DEBUG"}, {"value", "1"}});
      });
    case 2:
      return edit(Fault::Sidecar, any_of_kind("Deployment"), kInjector, [](Object& object) {
        Object& containers = object["spec"]["template"]["spec"]["containers"];
        for (const Object& one : containers) {
          if (one["name"] == "proxy") return;
        }
        containers.push_back({{"name", "proxy"}, {"image", "localhost/proxy:1"}});
      });
    case 3: return edit(Fault::LabelsStripped, any(children(true)), kStripper, [](Object& object) { object["metadata"].erase("labels"); });
    case 4: {
      // What is to be deleted with the platform, and has lost its labels, nobody can find.
      const bool outlives = world_.platform() && text_at(*world_.platform(), {"spec", "deletionPolicy"}) != "Delete";
      const Stored kept = any(children(!outlives));
      if (!kept || !kept->at("metadata").contains("labels")) return;
      const bool owned = !controllers::object::controller_uid(*kept).empty();
      // Of what nobody owns, labels are all that tells it from a stranger's: the operator says so, and somebody has to put them back.
      if (!owned) stripped_.emplace_back(place_of(*kept), kept->at("metadata").at("labels"));
      return edit(owned ? Fault::LabelsStripped : Fault::OrphanStripped, kept, kStripper,
                  [](Object& object) { object["metadata"].erase("labels"); });
    }
    case 5: {
      const Stored object = any(children(true));
      if (!object) return;
      world_.trace(fmt::format("{} reads {}", kArgo, describe(place_of(*object))));
      Object copy = owned_by(*object, "payment-operator");
      copy["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop";
      // Applied later than it was read.
      world_.at(milliseconds(world_.rng().below(20'000)), [this, copy] {
        if (!world_.server().store().find(place_of(copy))) return;
        happened(Fault::ArgoApplies, describe(place_of(copy)));
        world_.server().apply(copy, kArgo, true);
      });
      return;
    }
    case 6: {
      const Stored object = any(children(true));
      if (!object) return;
      happened(Fault::ObjectDeleted, describe(place_of(*object)));
      server.remove(place_of(*object));
      return;
    }
    case 7:
      return edit(Fault::ReplicasEdited, server.store().find({&kind_named("Deployment"), kNamespace, "callback-service"}), kEditor,
                  [this](Object& object) { object["spec"]["replicas"] = 1 + world_.rng().below(4); });
    case 8:
      return edit(Fault::ConfigEdited, any_of_kind("ConfigMap"), kEditor, [](Object& object) {
        for (auto& [key, value] : object["data"].items()) value = "nonsense";
        object["data"]["more"] = "of it";
      });
    default:
      if (world_.platform()) {
        happened(Fault::StatusEdited, "by hand");
        server.update(
            place_of(*world_.platform()), kEditor, [](Object& object) { object["status"]["conditions"] = Object::array(); }, "status");
      }
  }
}

void Mischief::put_right() {
  world_.trace("the faults are over");
  world_.faults().end();
  world_.cluster().bad_images.clear();
  world_.cluster().storage_classes = {"standard", "fast-ssd"};
  world_.cluster().load.clear();
  for (const kube::Kind& kind : kube::child_kinds()) {
    for (const Stored& object : world_.server().store().list(kind, kNamespace)) {
      if (object->at("metadata").value("annotations", Object::object()).contains(kStranger)) {
        world_.server().remove(place_of(*object));
      } else {
        world_.cluster().soon(place_of(*object));
      }
    }
  }
  for (const auto& [place, labels] : stripped_) {
    world_.server().update(place, "kubectl", [&labels = labels](Object& object) { object["metadata"]["labels"] = labels; });
  }
  for (const int id : world_.operators()) world_.process(id).loop().resume();
  if (world_.operators().empty()) world_.start_operator();
}

}  // namespace sim
