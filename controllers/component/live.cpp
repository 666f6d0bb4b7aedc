#include "controllers/component/live.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.hpp"

namespace controllers {

using object::dig;
using object::list_at;
using object::name_of;
using object::number_at;
using object::text_at;

namespace {

constexpr std::size_t kWordsMax = 300;      // bytes of a foreign message that a condition repeats

std::string clip(const std::string& text) { return base::clip(text, kWordsMax, "..."); }

bool any_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* w) { return word == w; });
}

bool is_pull_failure(const std::string& waiting) {
  return any_of(waiting,
                {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError"});
}

/// Why an image cannot be got, in words that stay the same while the kubelet alternates between trying and waiting.
std::string pull_failure(std::string message) {
  if (message.rfind("Back-off pulling image ", 0) == 0) {
    const auto cause = message.find("\": ");
    message = cause == std::string::npos ? std::string() : message.substr(cause + 3);
  }
  constexpr std::string_view kTrying = "ErrImagePull: ";
  if (message.rfind(kTrying, 0) == 0) message.erase(0, kTrying.size());
  return message.empty() ? message : ": " + message;
}

/// What helps a pod that the scheduler finds no node for, by its words. Source: kube-scheduler, the error texts of its plugins.
std::string placement_advice(const std::string& why) {
  constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
      {"Insufficient ", "add capacity or lower the requests"},
      {"Too many pods", "add a node"},
      {"node affinity/selector", "put nodeSelector or nodeAffinity of its podTemplate right, or label a node"},
      {"untolerated taint", "tolerate the taint in its podTemplate, or take it off a node"},
      {"were unschedulable", "uncordon a node"},
      {"affinity rules", "put podAffinity of its podTemplate right, or add a node"},
      {"topology spread constraints", "put topologySpreadConstraints of its podTemplate right, or add a node"},
      {"volume node affinity conflict", "bring back the node that its volume belongs to"},
      {"PersistentVolumeClaim", ""},      // the claim's own trouble says more
  };
  std::string advice;
  bool known = false;
  for (const auto& [words, what] : kAdvice) {
    if (why.find(words) == std::string::npos) continue;
    known = true;
    if (!what.empty()) advice += fmt::format("; {}", what);
  }
  return known ? advice : "; add capacity, or put requests and placement of its podTemplate right";
}

std::optional<Problem> container_problem(const Object& pod, const Object& container) {
  const std::string who = fmt::format("container {} of Pod {}", text_at(container, {"name"}), name_of(pod));
  const std::string waiting = text_at(container, {"state", "waiting", "reason"});
  const std::string message = clip(text_at(container, {"state", "waiting", "message"}));
  if (is_pull_failure(waiting)) {
    return Problem{Reason::ImageUnavailable,
                   fmt::format("{} cannot get image \"{}\"{}; push the image, or put its name or imagePullSecrets right", who,
                               text_at(container, {"image"}), pull_failure(message))};
  }
  if (any_of(waiting, {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "InvalidContainerConfig"})) {
    return Problem{Reason::ContainerInvalid, fmt::format("{} cannot be started: {} {}", who, waiting, message)};
  }
  const Object* last = dig(container, {"state", "terminated"});
  if (last == nullptr || number_at(*last, {"exitCode"}) == 0) last = dig(container, {"lastState", "terminated"});
  const bool failing = last != nullptr && number_at(*last, {"exitCode"}) != 0 && !object::truth_at(container, {"ready"});
  if (waiting == "CrashLoopBackOff" || failing) {
    const std::string why = last == nullptr ? message : last_words(text_at(*last, {"message"}));
    const std::string end = last == nullptr ? "" : text_at(*last, {"reason"});
    return Problem{Reason::ContainerFailing,
                   fmt::format("{} ended with exit code {} ({}){}{}; see its log", who,
                               last == nullptr ? -1 : number_at(*last, {"exitCode"}), end, why.empty() ? "" : ": ", why)};
  }
  return std::nullopt;
}

}  // namespace

const Object* find(const Snapshot& live, const char* api_version, const char* kind, const std::string& name) {
  const Ref ref{api_version, kind, name};
  if (const auto child = live.children.find(ref); child != live.children.end()) return &child->second;
  // Read by name a moment ago and not yet seen by the watch.
  if (const auto read = live.reads.find(ref); read != live.reads.end() && read->second) return &*read->second;
  return nullptr;
}

const Object* find(const Context& ctx, const char* api_version, const char* kind, std::string_view plain) {
  return find(ctx.live, api_version, kind, ctx.name(plain));
}

Ref ref_of(const Object& object) { return {text_at(object, {"apiVersion"}), text_at(object, {"kind"}), name_of(object)}; }

bool is_past(const std::string& since, std::chrono::seconds by, base::TimePoint now) {
  const auto time = base::parse_rfc3339(since);
  return !time || now - *time >= by;
}

std::optional<std::chrono::seconds> until_trouble(const Context& ctx) {
  std::optional<std::chrono::seconds> soonest;
  const auto look = [&](const std::string& since) {
    const auto time = base::parse_rfc3339(since);
    if (!time || ctx.now - *time >= kPlacementTakes) return;
    const auto left = std::chrono::ceil<std::chrono::seconds>(*time + kPlacementTakes - ctx.now);
    soonest = std::min(soonest.value_or(left), left);
  };
  for (const auto& [ref, object] : ctx.live.children) {
    const Object* scheduled = ref.kind == "Pod" ? object::condition_of(object, "PodScheduled") : nullptr;
    if (scheduled != nullptr && text_at(*scheduled, {"status"}) == "False") look(text_at(*scheduled, {"lastTransitionTime"}));
    const bool unbound = ref.kind == "PersistentVolumeClaim" && text_at(object, {"status", "phase"}) == "Pending";
    if (unbound) look(text_at(object, {"metadata", "creationTimestamp"}));
  }
  return soonest;
}

std::vector<const Object*> pods_of(const Context& ctx, const std::string& app) {
  std::vector<const Object*> pods;
  for (const auto& [ref, object] : ctx.live.children) {
    if (ref.kind == "Pod" && object::label_of(object, "app") == app && !object::is_deleting(object)) pods.push_back(&object);
  }
  return pods;
}

std::optional<Problem> pod_problem(const Object& pod, base::TimePoint now) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Object& container : list_at(pod, {"status", list})) {
      if (auto problem = container_problem(pod, container)) return problem;
    }
  }
  const Object* scheduled = object::condition_of(pod, "PodScheduled");
  if (scheduled != nullptr && text_at(*scheduled, {"status"}) == "False" &&
      is_past(text_at(*scheduled, {"lastTransitionTime"}), kPlacementTakes, now)) {
    const std::string why = text_at(*scheduled, {"message"});
    return Problem{Reason::Unschedulable, fmt::format("Pod {} has no node: {}{}", name_of(pod), clip(why), placement_advice(why))};
  }
  if (text_at(pod, {"status", "phase"}) == "Failed") {
    return Problem{Reason::ContainerFailing, fmt::format("Pod {} failed: {} {}", name_of(pod), text_at(pod, {"status", "reason"}),
                                                         clip(text_at(pod, {"status", "message"})))};
  }
  return std::nullopt;
}

std::optional<Problem> first_pod_problem(const Context& ctx, const std::string& app) {
  std::vector<const Object*> pods = pods_of(ctx, app);
  const auto made = [](const Object* pod) { return text_at(*pod, {"metadata", "creationTimestamp"}); };
  std::stable_sort(pods.begin(), pods.end(), [&made](const Object* one, const Object* other) { return made(one) > made(other); });
  for (const Object* pod : pods) {
    if (auto problem = pod_problem(*pod, ctx.now)) return problem;
  }
  return std::nullopt;
}

std::string last_words(const std::string& message) {
  std::size_t end = message.find_last_not_of(" \r\n\t");
  if (end == std::string::npos) return {};
  const std::size_t line = message.rfind('\n', end);
  const std::string last = message.substr(line == std::string::npos ? 0 : line + 1, end - (line == std::string::npos ? 0 : line + 1) + 1);
  const Object record = Object::parse(last, nullptr, false);
  if (!record.is_object()) return clip(last);
  std::string words;
  for (const char* key : {"event", "problem", "message", "error"}) {
    const std::string part = text_at(record, {key});
    if (!part.empty()) words += (words.empty() ? "" : ": ") + part;
  }
  return clip(words.empty() ? last : words);
}

std::string image_of(const Object& workload, const std::string& container) {
  for (const Object& candidate : list_at(workload, {"spec", "template", "spec", "containers"})) {
    if (text_at(candidate, {"name"}) == container) return text_at(candidate, {"image"});
  }
  return {};
}

bool cannot_pull(const Object& pod, const std::string& image) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Object& container : list_at(pod, {"status", list})) {
      if (text_at(container, {"image"}) == image && is_pull_failure(text_at(container, {"state", "waiting", "reason"}))) return true;
    }
  }
  return false;
}

}  // namespace controllers
