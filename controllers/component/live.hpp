// What the cluster says about our workloads, reduced to what a status needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/component/context.hpp"

namespace controllers {

[[nodiscard]] const Object* find(const Snapshot& live, const char* api_version, const char* kind, const std::string& name);
/// The child with this plain name.
[[nodiscard]] const Object* find(const Context& ctx, const char* api_version, const char* kind, std::string_view plain);
[[nodiscard]] Ref ref_of(const Object& object);

/// Pods with this `app` label; deleted ones are left out.
[[nodiscard]] std::vector<const Object*> pods_of(const Context& ctx, const std::string& app);

struct Problem {
  Reason reason;      // ImageUnavailable | Unschedulable | ContainerFailing | ContainerInvalid
  std::string message;
};

/// A pod or a claim that is younger than this and still waits for its place is on its way, not in trouble.
constexpr std::chrono::seconds kPlacementTakes{10};

/// Whether a time that an object states lies at least this long ago; one that cannot be read does.
[[nodiscard]] bool is_past(const std::string& since, std::chrono::seconds by, base::TimePoint now);

/// When a pod or a claim that is still on its way will have waited for long enough to be in trouble; nothing tells us of that moment.
[[nodiscard]] std::optional<std::chrono::seconds> until_trouble(const Context& ctx);

/// What keeps a pod of this app from running, in the words of the kubelet or the scheduler; of several pods the newest in trouble tells.
[[nodiscard]] std::optional<Problem> first_pod_problem(const Context& ctx, const std::string& app);
/// The same for one pod.
[[nodiscard]] std::optional<Problem> pod_problem(const Object& pod, base::TimePoint now);
/// The last words of a terminated container: the message of a JSON log line, or the last line of text.
[[nodiscard]] std::string last_words(const std::string& message);

/// Image of the container of this name in a workload's template, or "". By name: others may put containers of theirs before ours.
[[nodiscard]] std::string image_of(const Object& workload, const std::string& container);
/// Whether a container of this pod waits for just this image and does not get it.
[[nodiscard]] bool cannot_pull(const Object& pod, const std::string& image);

}  // namespace controllers
