#pragma once

#include "controllers/component/part.hpp"

namespace controllers {

/// Annotation of a pod template: the patch that is in it. A change of the patch is a change of the template, also where the difference
/// cannot be seen field by field (in the items of an atomic list the API server fills in defaults).
inline constexpr const char* kPatchHash = "paymentplatform.io/pod-template-patch";

/// Lays the spec's podTemplates over the pod templates of `wanted`. Returns what is wrong with them: a patch that is none, and one that
/// takes away what we stand on. That is the labels by which we find pods, the images that have fields of their own, our volumes and where
/// they are mounted (data, configuration, keys), our annotations, the restart policy, and that a pod holds no token of the API.
[[nodiscard]] crds::Problems lay_patches(const Context& ctx, Objects& wanted);

}  // namespace controllers
