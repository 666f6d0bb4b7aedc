// MySQL (or MariaDB) as one pod on one volume claim that outlives everything else.
#pragma once

#include <optional>
#include <string>

#include "controllers/component/part.hpp"

namespace controllers::database {

// Plain names: ctx.name() has the platform's prefix.
inline constexpr const char* kName = "mysql";
inline constexpr const char* kClaim = "data-mysql-0";      // as a StatefulSet's own template would name it
constexpr std::int32_t kPort = 3306;

[[nodiscard]] Objects desired(const Context& ctx);
[[nodiscard]] ComponentStatus health(const Context& ctx);

/// The volume claim is applied by us and mounted by name, so that it can be put right and kept.
[[nodiscard]] Object desired_claim(const Context& ctx, bool root_generated);
/// Annotation of the claim: the image that last ran its data well. A server of another major release would change the files for good.
inline constexpr const char* kRanWith = "paymentplatform.io/ran-with";
/// Its value on a live claim, as far as it is in our own words, or "".
[[nodiscard]] std::string ran_with(const Object& claim);
/// Why data that one image has run is not safe with another: another server, or an older release series of the same. "" when nothing in the
/// images' names speaks against it; a digest without a tag says nothing.
[[nodiscard]] std::string risk_to_data(const std::string& ran_with, const std::string& wanted);
/// Why the live claim has to be deleted and made anew; only ever while nothing is bound to it.
[[nodiscard]] std::optional<std::string> claim_to_replace(const Context& ctx, const Object& live);
/// What the spec asks of a bound claim and cannot have: it neither shrinks nor changes its class.
[[nodiscard]] std::optional<crds::Problem> without_effect(const Context& ctx, const Object& live);
[[nodiscard]] bool is_bound(const Object& claim);

}  // namespace controllers::database
