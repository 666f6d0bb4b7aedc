#pragma once

#include "controllers/platform/plan.hpp"
#include "crds/types/platform.hpp"

namespace controllers {

inline constexpr const char* kFinalizer = "paymentplatform.io/cleanup";
constexpr std::chrono::minutes kPodsMayTake{10};      // then the volume goes all the same; its own protection still waits for its pod

/// The finalizers that the platform should have: ours under deletionPolicy Delete, and only then. Absent: they are right as they are.
[[nodiscard]] std::optional<std::vector<std::string>> wanted_finalizers(const Object& platform, bool ours);

/// A platform that is being deleted. Under Retain there is nothing to do: garbage collection takes what we own, volumes and generated
/// Secrets stay. Under Delete: workloads first, and when their pods are gone the claim and the Secret. The spec is not validated here.
[[nodiscard]] Plan plan_deletion(const Object& platform, const crds::Platform& decoded, const Snapshot& live, base::TimePoint now);

}  // namespace controllers
