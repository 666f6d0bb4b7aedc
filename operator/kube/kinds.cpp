#include "operator/kube/kinds.hpp"

namespace kube {
namespace {

constexpr Kind kPlatform{"paymentplatform.io/v1alpha1", "PaymentPlatform", "paymentplatforms", ""};

constexpr Kind kChildren[] = {
    {"v1", "Service", "services", ""},
    {"v1", "ConfigMap", "configmaps", ""},
    {"v1", "Secret", "secrets", "payment-generated"},   // users' Secrets are never listed or watched
    {"v1", "ServiceAccount", "serviceaccounts", ""},
    {"v1", "PersistentVolumeClaim", "persistentvolumeclaims", ""},
    {"v1", "Pod", "pods", ""},
    {"apps/v1", "Deployment", "deployments", ""},
    {"apps/v1", "StatefulSet", "statefulsets", ""},
    {"batch/v1", "Job", "jobs", ""},
    {"batch/v1", "CronJob", "cronjobs", ""},
    {"autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", ""},
    {"policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", ""},
    {"networking.k8s.io/v1", "Ingress", "ingresses", ""},
};

}  // namespace

const Kind& platform_kind() { return kPlatform; }

std::span<const Kind> child_kinds() { return kChildren; }

const Kind* find_kind(std::string_view api_version, std::string_view kind) {
  if (kind == kPlatform.kind && api_version == kPlatform.api_version) return &kPlatform;
  for (const Kind& candidate : kChildren) {
    if (candidate.kind == kind && candidate.api_version == api_version) return &candidate;
  }
  return nullptr;
}

std::string path_of(std::string_view api_version, std::string_view plural, std::string_view name_space, std::string_view name) {
  std::string path = api_version.find('/') == std::string_view::npos ? "/api/" : "/apis/";
  path += api_version;
  if (!name_space.empty()) path.append("/namespaces/").append(encode(name_space));
  path.append("/").append(plural);
  if (!name.empty()) path.append("/").append(encode(name));
  return path;
}

std::string path_of(const Kind& kind, std::string_view name_space, std::string_view name) {
  return path_of(kind.api_version, kind.plural, name_space, name);
}

std::string encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4U], kHex[byte & 15U]});
    }
  }
  return out;
}

}  // namespace kube
