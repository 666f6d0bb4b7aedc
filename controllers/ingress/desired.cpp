// The way in: payments and callbacks, and nothing else. The simulator's control side and the management ports have no path here.
#include "controllers/component/objects.hpp"
#include "controllers/ingress/ingress.hpp"

namespace controllers::ingress {
namespace {

Object path_to(const Context& ctx, const char* path, const char* service) {
  return {{"path", path}, {"pathType", "Prefix"}, {"backend", {{"service", {{"name", ctx.name(service)}, {"port", {{"name", "http"}}}}}}}};
}

}  // namespace

Objects desired(const Context& ctx) {
  const crds::Ingress& spec = ctx.platform.spec.ingress;
  if (!spec.enabled) return {};
  Object object = object_of(ctx, "networking.k8s.io/v1", "Ingress", "payment-ingress", {"payment-ingress", "ingress"});
  Object annotations = Object::object();
  if (spec.rate_limit.requests_per_second > 0) {
    annotations["nginx.ingress.kubernetes.io/limit-rps"] = std::to_string(spec.rate_limit.requests_per_second);
  }
  for (const auto& [key, value] : spec.annotations) annotations[key] = value;      // the user's word is the last
  if (!annotations.empty()) object["metadata"]["annotations"] = annotations;

  object["spec"]["rules"] = Object::array({{{"host", spec.host},
                                            {"http",
                                             {{"paths", Object::array({path_to(ctx, "/api/payment", "payment-service"),
                                                                       path_to(ctx, "/api/callback", "callback-service")})}}}}});
  if (!spec.class_name.empty()) object["spec"]["ingressClassName"] = spec.class_name;
  if (!spec.tls.secret_name.empty()) {
    object["spec"]["tls"] = Object::array({{{"hosts", Object::array({spec.host})}, {"secretName", spec.tls.secret_name}}});
  }
  return {std::move(object)};
}

}  // namespace controllers::ingress
