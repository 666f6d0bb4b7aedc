// The table of contents: what a reconcile does, in order. Each line's chapter is a room of its own.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/platform/changes.hpp"
#include "controllers/platform/components.hpp"
#include "controllers/platform/deletion.hpp"
#include "controllers/platform/gates.hpp"
#include "controllers/platform/held_pods.hpp"
#include "controllers/platform/images.hpp"
#include "controllers/platform/names.hpp"
#include "controllers/platform/patches.hpp"
#include "controllers/platform/pause.hpp"
#include "controllers/platform/plan.hpp"
#include "controllers/platform/status.hpp"
#include "controllers/secrets/sources.hpp"
#include "controllers/services/runtime_config.hpp"
#include "controllers/services/services.hpp"

namespace controllers {
namespace {

constexpr std::chrono::seconds kLookAgain{
    15};      // for what no watch tells us of: a user's Secret, a stranger under our name, time that passed
constexpr std::chrono::seconds kLookAtPasswords{300};      // of a user, while all is well

/// What the spec asks for and cannot have.
crds::Problems without_effect(const Context& ctx) {
  const Object* claim = find(ctx, "v1", "PersistentVolumeClaim", database::kClaim);
  if (claim == nullptr) return {};
  const auto wish = database::without_effect(ctx, *claim);
  return wish ? crds::Problems{*wish} : crds::Problems{};
}

std::vector<std::string> warnings(const Context& ctx) {
  std::vector<std::string> warnings;
  const crds::Spec& spec = ctx.platform.spec;
  if (spec.security.api_authentication == "Development") {
    warnings.push_back("security.apiAuthentication is Development, so that anybody who reaches the services can create payments");
  }
  if (ctx.wechat_simulated()) warnings.push_back("channels.simulator is enabled, so that no real money moves");
  if (spec.channels.wechat_pay.enabled && !ctx.wechat_simulated() && !spec.ingress.enabled) {
    warnings.push_back("there is no ingress, so that WeChat Pay cannot call back and payments are only found by asking");
  }
  if (ctx.platform.mysql().flush_log_at_trx_commit != 1) {
    warnings.push_back("database.managed.flushLogAtTrxCommit is not 1, so that a crash of the node may forget payments");
  }
  for (const crds::Problem& wish : without_effect(ctx)) warnings.push_back(wish.path + " " + wish.message);
  return warnings;
}

Refusal invalid(const crds::Problems& problems) {
  std::string text;
  for (const crds::Problem& problem : problems) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", problem.path, problem.message);
  return {Reason::InvalidSpec, text};
}

/// Reasons to change nothing at all, in the spec itself.
std::optional<Refusal> refuse_spec(const crds::Platform& platform, const crds::Problems& problems, const Images& images) {
  if (!problems.empty()) return invalid(problems);
  if (images.runtime.empty())
    return Refusal{Reason::InvalidSpec, "spec.image is required: the operator was started without --runtime-image"};
  if (images.mysql.empty())
    return Refusal{Reason::InvalidSpec, "spec.database.managed.image is required: the operator was started without --mysql-image"};
  if (images.redis.empty())
    return Refusal{Reason::InvalidSpec, "spec.redis.managed.image is required: the operator was started without --redis-image"};
  if (services::connections_per_process(platform) < 1) {
    return Refusal{
        Reason::InvalidSpec,
        fmt::format(
            "spec.database.managed.maxConnections {} is not enough for one connection from each pod that autoscaling may start; raise "
            "it or lower maxReplicas",
            platform.mysql().max_connections)};
  }
  return std::nullopt;
}

/// The data volume was initialised with a password that only the Secret payment-generated held.
std::optional<Refusal> refuse_lost_secret(const Context& ctx, const secrets::Decision& decision) {
  const bool claim = find(ctx, "v1", "PersistentVolumeClaim", database::kClaim) != nullptr;
  if (!decision.root_generated || !claim || find(ctx, "v1", "Secret", kGeneratedSecret) != nullptr) return std::nullopt;
  return Refusal{Reason::SecretLost,
                 fmt::format("Secret {} is gone, and with it the root password of the data on PersistentVolumeClaim {}; restore the Secret "
                             "from a backup. Or start with an empty database, and lose every payment: kubectl delete -n {} "
                             "persistentvolumeclaim/{} pod/{}-0 --wait=false (the claim goes when its pod does)",
                             ctx.name(kGeneratedSecret), ctx.name(database::kClaim), ctx.platform.name_space, ctx.name(database::kClaim),
                             ctx.name(database::kName))};
}

std::optional<Refusal> refuse_conflicts(const Changes& changes) {
  if (changes.conflicts.empty()) return std::nullopt;
  constexpr std::size_t kNamed = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(kNamed, changes.conflicts.size()); ++i) names += (names.empty() ? "" : ", ") + changes.conflicts[i];
  if (changes.conflicts.size() > kNamed) names += fmt::format(" and {} more", changes.conflicts.size() - kNamed);
  return Refusal{Reason::NameConflict,
                 fmt::format("{} exist{} already and belong{} to somebody else; delete or rename, or make the platform anew with a "
                             "spec.namePrefix or in a namespace of its own",
                             names, changes.conflicts.size() == 1 ? "s" : "", changes.conflicts.size() == 1 ? "s" : "")};
}

void drop(std::vector<Apply>& applies, const std::function<bool(const Object&)>& held) {
  applies.erase(std::remove_if(applies.begin(), applies.end(), [&](const Apply& apply) { return held(apply.object); }), applies.end());
}

/// Of exactly the state that was seen.
Replace replacement(const Object& live, std::string reason) {
  return {ref_of(live), object::uid_of(live), object::text_at(live, {"metadata", "resourceVersion"}), std::move(reason)};
}

/// Until the generated Secret is there: no volume claim, whose password must be safe in the cluster first, nor the pod that would only look
/// for the claim; and no schema Job, which a Secret younger than itself would have made anew (retry_schema).
void wait_for_generated_secret(const Context& ctx, const secrets::Decision& decision, Plan& plan) {
  if (find(ctx, "v1", "Secret", kGeneratedSecret) != nullptr) return;
  drop(plan.apply, [&](const Object& object) {
    const std::string kind = object::text_at(object, {"kind"});
    return kind == "Job" || (decision.root_generated && (kind == "PersistentVolumeClaim" || kind == "StatefulSet"));
  });
}

/// The volume claim is replaced while nothing is on it yet.
void gate_claim(const Context& ctx, Plan& plan) {
  const Object* claim = find(ctx, "v1", "PersistentVolumeClaim", database::kClaim);
  if (claim == nullptr) return;
  if (auto why = database::claim_to_replace(ctx, *claim)) {
    drop(plan.apply, [](const Object& object) { return object::text_at(object, {"kind"}) == "PersistentVolumeClaim"; });
    plan.replace.push_back(replacement(*claim, *why));
  }
}

/// A schema Job that failed is made anew after a while: what made it fail may have been put right, and nothing tells us. One that ran with
/// passwords that are no more is made anew at once, since the database still knows the old ones.
void retry_schema(const Context& ctx, Plan& plan) {
  const Object* job = jobs::live_schema_job(ctx);
  if (job == nullptr || object::is_deleting(*job)) return;
  if (secrets::is_newer_than(find(ctx, "v1", "Secret", kGeneratedSecret), *job)) {
    plan.replace.push_back(replacement(*job, "the passwords that it set were generated anew since"));
    return;
  }
  const auto failed = jobs::failed_at(*job);
  if (!failed) return;
  const auto again = *failed + jobs::kRetryFailedJob;
  // Further ahead than the wait is long: our clock is behind the cluster's, and would wait for as long as it is.
  const bool behind = *failed > ctx.now + jobs::kRetryFailedJob;
  if (ctx.now >= again || behind) {
    plan.replace.push_back(replacement(*job, "the Job failed and is tried again"));
  } else {
    plan.look_again(std::chrono::duration_cast<std::chrono::seconds>(again - ctx.now) + std::chrono::seconds(1));
  }
}

/// Replicas of a Deployment that is held back have nothing to be set on.
void drop_orphaned_scales(Plan& plan) {
  std::vector<Apply> kept;
  for (Apply& scale : plan.scale) {
    const Ref ref = ref_of(scale.object);
    const bool made = std::any_of(plan.apply.begin(), plan.apply.end(), [&](const Apply& apply) { return ref_of(apply.object) == ref; });
    if (!scale.uid.empty() || made) kept.push_back(std::move(scale));
  }
  plan.scale = std::move(kept);
}

Summary summarize(const Context& ctx) {
  Summary summary;
  summary.health = health(ctx);
  summary.runtime_image = ctx.images.runtime;
  summary.payment_endpoint = services::payment_endpoint(ctx);
  summary.callback_endpoint = services::callback_endpoint(ctx);
  summary.warnings = warnings(ctx);
  for (crds::Problem& wish : without_effect(ctx)) summary.without_effect.push_back(std::move(wish.path));
  return summary;
}

/// Nothing is read or written but the status.
Plan refuse(const Object& object, const crds::Platform& platform, const Snapshot& live, const Refusal& refusal, base::TimePoint now) {
  Plan plan;
  Summary summary;
  summary.refusal = refusal;
  summary.paused = platform.paused;
  if (!live.neighbours.empty()) plan.requeue_after = kLookAgain;  // nothing tells us when one of them goes
  report(object, platform, live, summary, now, plan);
  return plan;
}

/// What is known before anything is decided.
struct Input {
  const Object& object;
  const crds::Platform& platform;
  const Snapshot& live;
  const Images& images;
  base::TimePoint now;
};

/// A migration that is to run anyway sets the passwords that it finds. Generated ones give way without being asked only where no service
/// has ever run with them.
std::optional<secrets::NewPasswords> of_a_migration(const Context& ctx, const Object& object, const secrets::Decision& decision) {
  if (!decision.rotation) return std::nullopt;
  const Object* job = jobs::live_schema_job(ctx);
  if (job != nullptr && object::condition_is_true(*job, "Complete")) return std::nullopt;
  const bool first =
      proven_image(object, ctx.name("payment-service")).empty() && proven_image(object, ctx.name("callback-service")).empty();
  if (first && decision.missing.empty()) return secrets::NewPasswords::Take;
  return decision.rotation->changes ? std::optional(secrets::NewPasswords::TakeChanged) : std::nullopt;
}

Plan carry_out(const Input& input, secrets::NewPasswords news, Permission permission) {
  const auto& [object, platform, live, images, now] = input;
  Plan plan;
  const bool at_rest = is_ready_for(object, platform.generation) && !is_pending(object, Reason::PasswordRotation);
  const secrets::Decision decision = secrets::decide(platform, live, at_rest, news);
  if (!decision.reads.empty()) {
    plan.reads = decision.reads;  // which Secret has which key decides of what there should be, down to the name of a Job
    return plan;
  }
  const Context ctx{platform, live, now, images, decision.keys, decision.passwords};
  if (const auto along = of_a_migration(ctx, object, decision)) return carry_out(input, *along, permission);
  Objects wanted = {database::desired_claim(ctx, decision.root_generated)};
  append(wanted, desired(ctx));
  wanted.push_back(secrets::generated(ctx).object);
  if (const crds::Problems wrong = lay_patches(ctx, wanted); !wrong.empty()) return refuse(object, platform, live, invalid(wrong), now);
  mark(object, wanted);
  Changes found = changes(ctx, wanted);
  plan.reads.insert(plan.reads.end(), found.reads.begin(), found.reads.end());
  if (!plan.reads.empty()) return plan;

  Summary summary = summarize(ctx);
  summary.paused = platform.paused;
  summary.refusal = refuse_conflicts(found);
  if (!summary.refusal) summary.refusal = refuse_lost_secret(ctx, decision);
  if (summary.refusal) {
    plan.look_again(kLookAgain);
    report(object, platform, live, summary, now, plan);
    return plan;
  }

  const auto ahead = hold_back(ctx, object, *summary.health, decision, permission, found, plan);
  if (ahead) return carry_out(input, ahead->news, ahead->permission);
  plan.apply = std::move(found.apply);
  drop(plan.apply,
       [](const Object& apply) { return object::text_at(apply, {"kind"}) == "Secret"; });  // generated or left alone, never applied
  if (find(ctx, "v1", "Secret", kGeneratedSecret) == nullptr) plan.generate.push_back(secrets::generated(ctx));
  plan.remove = std::move(found.remove);
  plan.scale = services::scale(ctx);
  plan.finalizers = wanted_finalizers(object, platform.spec.deletion_policy == "Delete");
  wait_for_generated_secret(ctx, decision, plan);
  gate_claim(ctx, plan);
  retry_schema(ctx, plan);
  if (!decision.missing.empty()) {
    hold_for_keys(ctx, decision.missing, plan);
    std::string others;
    for (std::size_t i = 1; i < decision.missing.size(); ++i) others += (i == 1 ? "; also missing: " : ", ") + decision.missing[i].key;
    summary.refusal = Refusal{Reason::SecretIncomplete, decision.missing.front().message + others};
    plan.look_again(kLookAgain);
  }
  keep_what_is_called(ctx, plan);
  drop_orphaned_scales(plan);
  if (found.waiting) plan.look_again(kLookAgain);
  if (decision.users_passwords || decision.rotation) plan.look_again(kLookAtPasswords);

  summary.pending = !plan.empty();
  if (!summary.health->good() && !plan.requeue_after) plan.look_again(kLookAgain);
  if (const auto soon = until_trouble(ctx); soon && !summary.health->good()) plan.look_again(*soon);
  if (platform.paused) plan = only_told(ctx, std::move(plan));
  report(object, platform, live, summary, now, plan);
  return plan;
}

}  // namespace

Plan reconcile(const Object& object, const Snapshot& live, const Settings& settings, base::TimePoint now) {
  crds::Problems problems;
  const crds::Platform platform = crds::decode_platform(object, problems);
  if (const auto newer = refuse_newer(live)) return refuse(object, platform, live, *newer, now);
  if (object::is_deleting(object)) return plan_deletion(object, platform, live, now);

  const Images images = resolve_images(object, platform, live, settings);
  std::optional<Refusal> refusal = refuse_spec(platform, problems, images);
  if (!refusal) refusal = refuse_names(object, platform, live, settings);
  if (refusal) return refuse(object, platform, live, *refusal, now);
  return carry_out({object, platform, live, images, now}, secrets::NewPasswords::Wait, Permission::None);
}

}  // namespace controllers
