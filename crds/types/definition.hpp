#pragma once

#include <string>

namespace crds {

/// kubectl apply refuses larger ones: it keeps the whole object in an annotation of at most 262,144 bytes.
constexpr std::size_t kDefinitionBytesMax = 250'000;

/// crds/paymentplatforms.yaml: the CustomResourceDefinition, from the described types.
[[nodiscard]] std::string definition_yaml();

/// docs/reference/paymentplatform.md: every field with its type, default and bounds.
[[nodiscard]] std::string reference_markdown();

}  // namespace crds
