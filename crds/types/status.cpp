#include "crds/types/status.hpp"

namespace crds {

namespace {
constexpr Format kReason{"^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?)?$", "a word in CamelCase"};
}

template <>
Description<Condition> describe() {
  return Description<Condition>()
      .field("type", &Condition::type, "Ready, Reconciling, Stalled, or a part with Ready at the end.",
             {.length_max = 63, .required = true})
      .field("status", &Condition::status, "True, False or Unknown.", {.one_of = {"True", "False", "Unknown"}, .required = true})
      .field("observedGeneration", &Condition::observed_generation, "The generation that this was said of.",
             {.max = INT64_MAX, .schema_default = false})
      .field("lastTransitionTime", &Condition::last_transition_time, "When the status last changed.", {.length_max = 32, .required = true})
      .field("reason", &Condition::reason, "Why, as one word of a closed list.", {.length_max = 63, .format = kReason, .required = true})
      .field("message", &Condition::message, "What is so, of which object, and what to do next.",
             {.length_max = kMessageMax, .required = true});
}

template <>
Description<Component> describe() {
  return Description<Component>()
      .field("name", &Component::name, "Name of the object.", {.required = true})
      .field("kind", &Component::kind, "Its kind.", {.length_max = 63, .required = true})
      .field("ready", &Component::ready, "Replicas that are ready.", {.schema_default = false})
      .field("desired", &Component::desired, "Replicas that should be.", {.schema_default = false})
      .field("image", &Component::image, "Image that it last ran well.", {.length_max = 512})
      .field("message", &Component::message, "What keeps it from being ready.", {.length_max = kMessageMax});
}

template <>
Description<Endpoints> describe() {
  return Description<Endpoints>()
      .field("payment", &Endpoints::payment, "Where payments are created.", {.length_max = 512})
      .field("callback", &Endpoints::callback, "Where channels call back.", {.length_max = 512});
}

template <>
Description<PendingChange> describe() {
  return Description<PendingChange>()
      .field("component", &PendingChange::component, "Kind and name of the object.", {.length_max = 320, .required = true})
      .field("reason", &PendingChange::reason, "Why it waits, as one word of a closed list.", {.length_max = 63})
      .field("change", &PendingChange::change, "What would change: field, old and new value.", {.length_max = kMessageMax})
      .field("restarts", &PendingChange::restarts, "The pods that would restart, and what that means.", {.length_max = kMessageMax})
      .field("waitsFor", &PendingChange::waits_for, "What it waits for, and how to let it happen.", {.length_max = kMessageMax});
}

template <>
Description<Status> describe() {
  return Description<Status>()
      .field("observedGeneration", &Status::observed_generation, "The generation that this status was made for; -1 before the first.",
             {.min = -1, .max = INT64_MAX})
      .field("conditions", &Status::conditions, "Ready, Reconciling and Stalled for the whole; one more for each part.",
             {.list_key = {"type"}})
      .field("components", &Status::components, "The workloads of the platform.", {.items_max = 64, .list_key = {"name"}})
      .field("services", &Status::services, "Ready services of all services.", {.length_max = 16})
      .field("version", &Status::version,
             "Release of payment-runtime that the services have been seen to run well; during a roll the one before.", {.length_max = 128})
      .field("endpoints", &Status::endpoints, "Addresses.")
      .field("pendingChanges", &Status::pending_changes, "Changes that are held back: see `waitsFor`.",
             {.items_max = kPendingChangesMax, .list_key = {"component"}});
}

}  // namespace crds
