#pragma once

#include <nlohmann/json.hpp>

namespace controllers::object {

/// Whether two Kubernetes quantities (texts or numbers) are the same amount: "0.5" and "500m", "1Gi" and "1024Mi".
/// What is no quantity is equal only to itself.
[[nodiscard]] bool same_quantity(const nlohmann::json& left, const nlohmann::json& right);

/// Whether left is a smaller amount than right; false when either is no quantity.
[[nodiscard]] bool less_quantity(const nlohmann::json& left, const nlohmann::json& right);

}  // namespace controllers::object
