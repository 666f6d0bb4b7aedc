// The parts of a platform, its pods and Services.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controllers/component/live.hpp"
#include "controllers/database/database.hpp"
#include "controllers/object/quantity.hpp"
#include "controllers/services/services.hpp"
#include "operator/cli/conditions.hpp"
#include "operator/cli/judges.hpp"
#include "operator/cli/platforms.hpp"

namespace cli::judges {
namespace {

using controllers::Ref;
using controllers::object::condition_of;
using controllers::object::dig;
using controllers::object::list_at;
using controllers::object::name_of;
using controllers::object::number_at;
using controllers::object::text_at;

constexpr const char* kSeeStatus = "see kubectl payment status";

Judgement by_condition(const Facts& facts, const char* type) {
  const Object* condition = condition_of(facts.platform, type);
  if (condition == nullptr) return failed(fmt::format("the status has no condition {}", type), "see whether the operator runs");
  const std::string seen =
      fmt::format("{}={} {}: {}", type, text_at(*condition, {"status"}), text_at(*condition, {"reason"}), text_at(*condition, {"message"}));
  if (text_at(*condition, {"status"}) == "True") return ok(seen);
  const std::string remedy = remedy_of(text_at(*condition, {"reason"}));
  return failed(seen, remedy.empty() ? kSeeStatus : remedy);
}

Judgement by_component(const Facts& facts, const char* plain) {
  const std::string name = facts.name(plain);
  for (const Object& one : list_at(facts.platform, {"status", "components"})) {
    if (text_at(one, {"name"}) != name) continue;
    const std::int64_t ready = number_at(one, {"ready"});
    const std::int64_t desired = number_at(one, {"desired"});
    const std::string seen = fmt::format("{} {} has {} of {} pods", text_at(one, {"kind"}), name, ready, desired);
    return ready >= desired ? ok(seen) : failed(seen + ": " + text_at(one, {"message"}), kSeeStatus);
  }
  return failed("the status knows no component " + name, kSeeStatus);
}

template <typename Visit>
std::size_t each(const Facts& facts, const char* kind, Visit visit) {
  std::size_t count = 0;
  for (const auto& [ref, object] : facts.live.children) {
    if (ref.kind != kind) continue;
    ++count;
    visit(ref, object);
  }
  return count;
}

std::string describe(const controllers::Ref& ref) { return ref.kind + " " + ref.name; }

Judgement verdict(const std::vector<std::string>& wrong, std::string fine, const char* next) {
  if (wrong.empty()) return ok(std::move(fine));
  std::string seen;
  for (const std::string& one : wrong) seen += (seen.empty() ? "" : "; ") + one;
  return failed(std::move(seen), next);
}

}  // namespace

Judgement name_space(const Facts& facts) {
  const kube::PlatformKey key = key_of(facts.platform);
  return ok("namespace " + key.name_space + " holds PaymentPlatform " + key.name);
}

Judgement database(const Facts& facts) { return by_condition(facts, "DatabaseReady"); }
Judgement schema(const Facts& facts) { return by_condition(facts, "SchemaReady"); }
Judgement cache(const Facts& facts) { return by_condition(facts, "CacheReady"); }
Judgement payment_service(const Facts& facts) { return by_component(facts, "payment-service"); }
Judgement callback_service(const Facts& facts) { return by_component(facts, "callback-service"); }
Judgement reconciliation_service(const Facts& facts) { return by_component(facts, "reconciliation-service"); }

Judgement autoscalers_exist(const Facts& facts) {
  std::vector<std::string> missing;
  std::string seen;
  for (const controllers::services::Role& role : controllers::services::kRoles) {
    if (!(facts.decoded.spec.services.*role.field).autoscaling.enabled) continue;
    const bool there = facts.child("autoscaling/v2", "HorizontalPodAutoscaler", role.name) != nullptr;
    if (there) seen += (seen.empty() ? "" : ", ") + facts.name(role.name);
    if (!there) missing.push_back("there is no HorizontalPodAutoscaler " + facts.name(role.name));
  }
  if (missing.empty() && seen.empty()) return skipped("the spec asks for none");
  return verdict(missing, "HorizontalPodAutoscalers " + seen, kSeeStatus);
}

Judgement autoscalers_work(const Facts& facts) {
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "HorizontalPodAutoscaler", [&](const Ref& ref, const Object& scaler) {
    const Object* active = condition_of(scaler, "ScalingActive");
    if (active != nullptr && text_at(*active, {"status"}) == "True") return;
    wrong.push_back(describe(ref) + ": " + (active == nullptr ? "has no condition ScalingActive" : text_at(*active, {"message"})));
  });
  if (count == 0) return skipped("there is none");
  return verdict(wrong, fmt::format("{} have ScalingActive=True", count), "see whether metrics-server runs (kubectl top pods)");
}

Judgement autoscalers_reached(const Facts& facts) {
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "HorizontalPodAutoscaler", [&](const Ref& ref, const Object& scaler) {
    const std::int64_t now = number_at(scaler, {"status", "currentReplicas"});
    const std::int64_t wanted = number_at(scaler, {"status", "desiredReplicas"});
    if (now != wanted) wrong.push_back(fmt::format("{} has {} pods and wants {}", describe(ref), now, wanted));
  });
  if (count == 0) return skipped("there is none");
  return verdict(wrong, fmt::format("{} have the replicas that they want", count), "look again in a minute; then kubectl describe hpa");
}

Judgement ingress_exists(const Facts& facts) {
  if (!facts.decoded.spec.ingress.enabled) return skipped("spec.ingress.enabled is false");
  const bool there = facts.child("networking.k8s.io/v1", "Ingress", "payment-ingress") != nullptr;
  return there ? ok("Ingress " + facts.name("payment-ingress") + ", host " + facts.decoded.spec.ingress.host)
               : failed("there is no Ingress " + facts.name("payment-ingress"), kSeeStatus);
}

Judgement claim_bound(const Facts& facts) {
  const Object* claim = facts.child("v1", "PersistentVolumeClaim", controllers::database::kClaim);
  if (claim == nullptr) return failed("there is no PersistentVolumeClaim " + facts.name(controllers::database::kClaim), kSeeStatus);
  const std::string wanted = facts.decoded.mysql().storage.size;
  const std::string size = text_at(*claim, {"status", "capacity", "storage"});
  std::string seen = fmt::format("PersistentVolumeClaim {} is {}", name_of(*claim), text_at(*claim, {"status", "phase"}));
  if (!size.empty()) seen += fmt::format("; its volume has {}, the spec asks for {} (how full it is, is not seen from here)", size, wanted);
  if (!controllers::database::is_bound(*claim)) return failed(seen, kSeeStatus);
  if (controllers::object::less_quantity(size, wanted)) return failed(seen, "see whether its StorageClass has allowVolumeExpansion");
  return ok(seen);
}

Judgement pods_run(const Facts& facts) {
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "Pod", [&](const Ref& ref, const Object& pod) {
    const std::string phase = text_at(pod, {"status", "phase"});
    if (phase != "Running" && phase != "Succeeded") wrong.push_back(describe(ref) + " is " + phase);
  });
  if (count == 0) return failed("there is no pod", kSeeStatus);
  return verdict(wrong, fmt::format("{} pods are Running or Succeeded", count), "kubectl payment status, or kubectl describe pod");
}

Judgement no_pod_crashes(const Facts& facts) {
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "Pod", [&](const Ref&, const Object& pod) {
    const auto problem = controllers::pod_problem(pod, {});
    if (problem && (problem->reason == controllers::Reason::ContainerFailing || problem->reason == controllers::Reason::ContainerInvalid))
      wrong.push_back(problem->message);
  });
  return verdict(wrong, fmt::format("none of {} pods", count), "kubectl logs --previous");
}

Judgement replicas(const Facts& facts) {
  std::vector<std::string> wrong;
  std::string seen;
  for (const controllers::services::Role& role : controllers::services::kRoles) {
    const Object* deployment = facts.child("apps/v1", "Deployment", role.name);
    const std::int64_t least = controllers::services::least_replicas(facts.decoded.spec.services.*role.field);
    const std::int64_t now = deployment == nullptr ? 0 : number_at(*deployment, {"status", "availableReplicas"});
    seen += fmt::format("{}{} {}", seen.empty() ? "" : ", ", facts.name(role.name), now);
    if (now < least) wrong.push_back(fmt::format("Deployment {} has {} available pods, of at least {}", facts.name(role.name), now, least));
  }
  return verdict(wrong, seen, kSeeStatus);
}

Judgement no_pod_out_of_memory(const Facts& facts) {
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "Pod", [&](const Ref& ref, const Object& pod) {
    for (const Object& container : list_at(pod, {"status", "containerStatuses"})) {
      for (const char* state : {"state", "lastState"}) {
        if (text_at(container, {state, "terminated", "reason"}) == "OOMKilled") {
          wrong.push_back("container " + text_at(container, {"name"}) + " of " + describe(ref));
        }
      }
    }
  });
  return verdict(wrong, fmt::format("none of {} pods", count), "raise resources.limits.memory of that service");
}

Judgement cluster_addresses(const Facts& facts) {
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "Service", [&](const Ref& ref, const Object& service) {
    if (text_at(service, {"spec", "clusterIP"}).empty()) wrong.push_back(describe(ref) + " has none");
  });
  if (count == 0) return failed("there is no Service", kSeeStatus);
  return verdict(wrong, fmt::format("{} Services", count), "kubectl describe service");
}

Judgement endpoints(const Facts& facts) {
  if (!facts.endpoint_slices) return skipped(facts.endpoint_slices.error().message);
  std::vector<std::string> wrong;
  const std::size_t count = each(facts, "Service", [&](const Ref& ref, const Object&) {
    std::size_t ready = 0;
    for (const Object& slice : *facts.endpoint_slices) {
      if (controllers::object::label_of(slice, "kubernetes.io/service-name") != ref.name) continue;
      for (const Object& endpoint : list_at(slice, {"endpoints"})) {
        const Object* condition = dig(endpoint, {"conditions", "ready"});
        ready += condition == nullptr || *condition != false ? 1U : 0U;
      }
    }
    if (ready == 0) wrong.push_back(describe(ref) + " has no ready endpoint");
  });
  return verdict(wrong, fmt::format("{} Services have ready endpoints", count), kSeeStatus);
}

}  // namespace cli::judges
