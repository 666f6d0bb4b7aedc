// What is decided and has to wait. A new release of the runtime rolls step by step: schema, callback-service, reconciliation-service,
// payment-service, each when the one before it is well. A restart that no edit of the spec asked for waits for a maintenance window or an
// approval: that of the database always, those of the other parts where the platform has maintenance windows. So do passwords that a
// user has changed, for which the database has to be told. A server that may spoil the data waits for an approval, whoever asked for it.
#pragma once

#include <optional>
#include <string>

#include "controllers/platform/changes.hpp"
#include "controllers/platform/status.hpp"
#include "controllers/secrets/sources.hpp"

namespace controllers {

/// Annotation of the platform: the plan hash that may go ahead.
inline constexpr const char* kApprove = "paymentplatform.io/approve";
/// Annotation of our workloads: hash of the parts of the spec that the pods are made from, as of the last apply; a template that differs
/// under the same hash was not asked for.
inline constexpr const char* kAsked = "paymentplatform.io/asked";
/// Annotation of all that we apply: which way of rendering wrote it.
inline constexpr const char* kLayout = "paymentplatform.io/layout";
/// Raised by a release that renders anything differently for the same spec; see docs/adr.
constexpr std::int64_t kLayoutNow = 1;

/// Puts the annotations on.
void mark(const Object& platform, Objects& wanted);

/// Whether the pod template of a live workload changes.
[[nodiscard]] bool changes_pods(const Apply& apply);

/// What a new template of this live workload restarts: "3 pods of payment-service, one after another"; "" for what has no pods of ours.
[[nodiscard]] std::string restarts_of(const Object& live);

/// An object that a newer operator wrote: nothing of this platform is ours to change any more.
[[nodiscard]] std::optional<Refusal> refuse_newer(const Snapshot& live);

/// For what does not go ahead by itself; an approval is more than an open window.
enum class Permission { None, Window, Approval };

/// What of a rotation goes ahead, and what other changes may go ahead with it.
struct Ahead {
  secrets::NewPasswords news;
  Permission permission;
};

/// Takes out of `changes` what has to wait, and says so in the plan. Other fields of a workload that waits are still put right.
/// Not empty: a rotation goes ahead, by the permission that there is or along with an edit of the spec that restarts pods; the changes
/// are then to be found anew, with the user's passwords as they are.
[[nodiscard]] std::optional<Ahead> hold_back(const Context& ctx, const Object& platform, const Health& health,
                                             const secrets::Decision& decision, Permission permission, Changes& changes, Plan& plan);

}  // namespace controllers
