#include "operator/kube/event.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "common/obs/log.hpp"

namespace kube {
namespace {

constexpr std::size_t kNoteBytesMax = 1024;
constexpr std::size_t kInstanceBytesMax = 128;

}  // namespace

void write_event(Api& api, const Regarding& regarding, const EventText& text, const std::string& instance, base::TimePoint now,
                 base::Rng& rng) {
  const auto& [name_space, name] = regarding.platform;
  const nlohmann::json event = {{"apiVersion", "events.k8s.io/v1"},
                                {"kind", "Event"},
                                {"metadata", {{"name", fmt::format("{}.{:016x}", name, rng.next_u64())}, {"namespace", name_space}}},
                                {"eventTime", base::to_rfc3339(now, true)},
                                {"reportingController", "paymentplatform.io/payment-operator"},
                                {"reportingInstance", base::clip(instance, kInstanceBytesMax)},
                                {"action", "Reconcile"},
                                {"reason", text.reason},
                                {"type", text.warning ? "Warning" : "Normal"},
                                {"note", base::clip(text.note, kNoteBytesMax)},
                                {"regarding",
                                 {{"apiVersion", platform_kind().api_version},
                                  {"kind", platform_kind().kind},
                                  {"name", name},
                                  {"namespace", name_space},
                                  {"uid", regarding.uid}}}};
  api.write("POST", path_of("events.k8s.io/v1", "events", name_space, ""), event, [reason = text.reason](const auto& result) {
    if (!result) obs::warn("event was not written", {{"reason", reason}, {"error", base::describe(result.error())}});
  });
}

}  // namespace kube
