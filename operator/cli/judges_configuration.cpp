// The cluster as it has to be, and the configuration that a platform was given.
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"
#include "controllers/secrets/sources.hpp"
#include "operator/cli/judges.hpp"

namespace cli::judges {
namespace {

using controllers::object::condition_of;
using controllers::object::label_of;
using controllers::object::list_at;
using controllers::object::name_of;
using controllers::object::text_at;

constexpr const char* kIngress = "payment-ingress";
constexpr int kMinorMin = 30;      // CEL in definitions, native preStop sleep

const Object* ingress_of(const Facts& facts) { return facts.child("networking.k8s.io/v1", "Ingress", kIngress); }

constexpr const char* kNoIngress = "spec.ingress.enabled is false";

std::string reason_of(const Facts& facts, const char* condition) {
  const Object* found = condition_of(facts.platform, condition);
  return found == nullptr ? "" : text_at(*found, {"reason"});
}

/// Containers of all workloads' templates.
template <typename Visit>
void each_container(const Facts& facts, Visit visit) {
  for (const auto& [ref, object] : facts.live.children) {
    if (ref.kind != "Deployment" && ref.kind != "StatefulSet") continue;
    for (const char* list : {"containers", "initContainers"}) {
      for (const Object& container : list_at(object, {"spec", "template", "spec", list})) visit(ref, container);
    }
  }
}

}  // namespace

Judgement kubernetes_version(const Facts& facts) {
  const std::size_t dot = facts.version.find('.');
  int minor = 0;
  if (dot != std::string::npos) std::from_chars(facts.version.data() + dot + 1, facts.version.data() + facts.version.size(), minor);
  const std::string seen = "the API server is " + facts.version;
  return facts.version.starts_with("v1.") && minor >= kMinorMin ? ok(seen)
                                                                : failed(seen, fmt::format("upgrade to 1.{} or newer", kMinorMin));
}

Judgement connected(const Facts& facts) { return ok(facts.server + " answered"); }

Judgement images_pulled(const Facts& facts) {
  std::size_t pods = 0;
  for (const auto& [ref, pod] : facts.live.children) {
    if (ref.kind != "Pod") continue;
    ++pods;
    const auto problem = controllers::pod_problem(pod, {});
    if (problem && problem->reason == controllers::Reason::ImageUnavailable) {
      return failed(problem->message, "push the image, or put its name or spec.imagePullSecrets right");
    }
  }
  if (pods == 0) return failed("there is no pod", "see kubectl payment status");
  return ok(fmt::format("{} pods have their images", pods));
}

Judgement storage_class(const Facts& facts) {
  const std::string wanted = facts.decoded.mysql().storage.storage_class_name;
  const Object* claim = facts.child("v1", "PersistentVolumeClaim", controllers::database::kClaim);
  if (claim != nullptr && controllers::database::is_bound(*claim)) {
    const std::string got = text_at(*claim, {"spec", "storageClassName"});
    return ok(fmt::format("PersistentVolumeClaim {} is bound{}", name_of(*claim), got.empty() ? "" : ", class " + got));
  }
  if (!facts.storage_classes) return skipped(facts.storage_classes.error().message);
  for (const Object& one : *facts.storage_classes) {
    const bool is_default = text_at(one, {"metadata", "annotations", "storageclass.kubernetes.io/is-default-class"}) == "true";
    if (wanted.empty() ? is_default : name_of(one) == wanted) return ok("StorageClass " + name_of(one) + " exists");
  }
  if (wanted.empty()) return failed("no StorageClass is the default", "name one in spec.database.managed.storage.storageClassName");
  return failed("there is no StorageClass " + wanted, "create it, or name another in spec.database.managed.storage.storageClassName");
}

Judgement ingress_controller(const Facts& facts) {
  if (!facts.decoded.spec.ingress.enabled) return skipped(kNoIngress);
  if (!facts.ingress_classes) return skipped(facts.ingress_classes.error().message);
  const std::string& wanted = facts.decoded.spec.ingress.class_name;
  for (const Object& one : *facts.ingress_classes) {
    if (name_of(one) == wanted) return ok("IngressClass " + wanted + " exists");
  }
  return failed("there is no IngressClass " + wanted, "install its controller, or put spec.ingress.className right");
}

Judgement image_names(const Facts& facts) {
  std::set<std::string> images;
  each_container(facts, [&](const controllers::Ref&, const Object& container) { images.insert(text_at(container, {"image"})); });
  if (images.empty()) return failed("there is no workload", "see kubectl payment status");
  for (const std::string& image : images) {
    if (image.find("your-registry") != std::string::npos) return failed("image " + image, "put your registry into spec.image");
  }
  std::string seen;
  for (const std::string& image : images) seen += (seen.empty() ? "" : ", ") + image;
  return ok(seen);
}

Judgement payment_keys(const Facts& facts) {
  const Object* stalled = condition_of(facts.platform, "Stalled");
  if (stalled != nullptr && reason_of(facts, "Stalled") == "SecretIncomplete") {
    return failed(text_at(*stalled, {"message"}), "add the key to the Secret");
  }
  if (stalled == nullptr) return failed("the operator has not looked at the platform yet", "see whether it runs");
  return ok(
      fmt::format("no key is missing; Secrets {} and {}", facts.decoded.spec.secret_ref.name, facts.name(controllers::kGeneratedSecret)));
}

Judgement database_password(const Facts& facts) {
  const Object* claim = facts.child("v1", "PersistentVolumeClaim", controllers::database::kClaim);
  if (claim == nullptr) return failed("there is no data volume yet", "see kubectl payment status");
  const std::string from = text_at(*claim, {"metadata", "annotations", controllers::secrets::kRootPasswordFrom});
  if (from == "user") return ok("it comes from your Secret " + facts.decoded.spec.secret_ref.name + "; there is no default one");
  return ok("it was generated into Secret " + facts.name(controllers::kGeneratedSecret) + "; there is no default one");
}

Judgement ingress_host(const Facts& facts) {
  const crds::Ingress& spec = facts.decoded.spec.ingress;
  if (!spec.enabled) return skipped(kNoIngress);
  if (spec.host == "payment.example.com") return failed("spec.ingress.host is still payment.example.com", "put your host name there");
  return ok("spec.ingress.host is " + spec.host);
}

Judgement ingress_certificate(const Facts& facts) {
  const crds::Ingress& spec = facts.decoded.spec.ingress;
  if (!spec.enabled) return skipped(kNoIngress);
  if (spec.tls.secret_name.empty()) return failed("spec.ingress.tls.secretName is empty", "name the Secret with your certificate");
  return ok("spec.ingress.tls.secretName is " + spec.tls.secret_name);
}

Judgement ingress_https(const Facts& facts) {
  if (!facts.decoded.spec.ingress.enabled) return skipped(kNoIngress);
  const Object* ingress = ingress_of(facts);
  if (ingress == nullptr) return failed("there is no Ingress " + facts.name(kIngress), "see kubectl payment status");
  if (list_at(*ingress, {"spec", "tls"}).empty())
    return failed("Ingress " + facts.name(kIngress) + " has no spec.tls", "set spec.ingress.tls.secretName");
  return ok("Ingress " + facts.name(kIngress) + " has spec.tls; ingress-nginx then redirects HTTP to HTTPS");
}

Judgement ingress_rate_limit(const Facts& facts) {
  if (!facts.decoded.spec.ingress.enabled) return skipped(kNoIngress);
  const Object* ingress = ingress_of(facts);
  if (ingress == nullptr) return failed("there is no Ingress " + facts.name(kIngress), "see kubectl payment status");
  const std::string limit = text_at(*ingress, {"metadata", "annotations", "nginx.ingress.kubernetes.io/limit-rps"});
  if (limit.empty()) return failed("Ingress " + facts.name(kIngress) + " has no limit", "set spec.ingress.rateLimit.requestsPerSecond");
  return ok(limit + " requests a second from one client (annotation of ingress-nginx)");
}

Judgement keys_are_files(const Facts& facts) {
  std::string found;
  std::size_t containers = 0;
  each_container(facts, [&](const controllers::Ref& ref, const Object& container) {
    ++containers;
    for (const Object& variable : list_at(container, {"env"})) {
      if (controllers::object::dig(variable, {"valueFrom", "secretKeyRef"}) != nullptr) {
        found = fmt::format("container {} of {} {} has {} in its environment", text_at(container, {"name"}), ref.kind, ref.name,
                            text_at(variable, {"name"}));
      }
    }
  });
  if (!found.empty()) return failed(found, "mount Secrets as files");
  return ok(fmt::format("{} containers get keys as files from Secrets, none in its environment", containers));
}

Judgement resource_limits(const Facts& facts) {
  std::string wrong;
  bool redis_without = false;
  std::size_t containers = 0;
  each_container(facts, [&](const controllers::Ref& ref, const Object& container) {
    ++containers;
    const std::string name = fmt::format("container {} of {} {}", text_at(container, {"name"}), ref.kind, ref.name);
    const Object* asks = controllers::object::dig(container, {"resources", "requests"});
    const bool limited = !text_at(container, {"resources", "limits", "memory"}).empty();
    const bool is_redis = ref.name == facts.name("redis");
    if (asks == nullptr || !asks->contains("cpu") || !asks->contains("memory")) {
      wrong = name + " asks for no CPU or no memory";
    } else if (!limited && !is_redis) {
      wrong = name + " has no memory limit";
    }
    redis_without = redis_without || (is_redis && !limited);
  });
  if (!wrong.empty()) return failed(wrong, "set resources.requests and resources.limits of that part in the spec");
  return ok(fmt::format("{} containers ask for CPU and memory and have a memory limit{}", containers,
                        redis_without ? ", but for redis, which keeps to its maxmemory of " + facts.decoded.redis().max_memory : ""));
}

Judgement append_only(const Facts& facts) {
  const std::string mode = facts.decoded.redis().append_only;
  if (mode == "no")
    return failed("spec.redis.managed.appendOnly is no", "set it to everysec; Redis holds hints only, so no payment is lost");
  return ok("spec.redis.managed.appendOnly is " + mode);
}

}  // namespace cli::judges
