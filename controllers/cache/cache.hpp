#pragma once

#include "controllers/component/part.hpp"

namespace controllers::cache {

inline constexpr const char* kName = "redis";
constexpr std::int32_t kPort = 6379;

[[nodiscard]] Objects desired(const Context& ctx);
[[nodiscard]] ComponentStatus health(const Context& ctx);

}  // namespace controllers::cache
