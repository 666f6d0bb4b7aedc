#include "operator/engine/leader.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/obs/log.hpp"
#include "operator/kube/kinds.hpp"

namespace engine {
namespace {

using base::Code;
using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::string_view kApiVersion = "coordination.k8s.io/v1";

std::string text(const json& object, const json::json_pointer& path) {
  return object.contains(path) && object[path].is_string() ? object[path].get<std::string>() : std::string{};
}

std::int64_t number(const json& object, const json::json_pointer& path) {
  return object.contains(path) && object[path].is_number_integer() ? object[path].get<std::int64_t>() : 0;
}

base::Result<kube::LeaseRecord> parse(const std::string& body) {
  const json lease = json::parse(body, nullptr, false);
  const std::string version = lease.is_object() ? text(lease, json::json_pointer("/metadata/resourceVersion")) : "";
  if (version.empty()) return base::fail(Code::Unknown, "the answer is not a Lease");
  return kube::LeaseRecord{version, text(lease, json::json_pointer("/spec/holderIdentity")),
                           std::chrono::seconds(number(lease, json::json_pointer("/spec/leaseDurationSeconds"))),
                           number(lease, json::json_pointer("/spec/leaseTransitions"))};
}

}  // namespace

Leader::Leader(kube::Loop& loop, kube::Transport& transport, base::Rng& rng, LeaderOptions options, obs::Metrics& metrics,
               std::function<void(bool)> changed)
    : loop_(loop),
      transport_(transport),
      rng_(rng),
      options_(std::move(options)),
      leads_(metrics.gauge("leader_election_master_status", "1 while this process leads.", {{"name", options_.name}})),
      changed_(std::move(changed)),
      lease_{.self = options_.identity, .times = options_.times} {}

milliseconds Leader::write_time() const {
  // The steady clock stands still while a virtual machine is suspended, the wall clock does not.
  const bool suspended = loop_.clock().now() - renewed_wall_ >= options_.times.renew_deadline;
  return suspended ? milliseconds(0) : kube::exclusive_for(lease_, loop_.clock().steady_now());
}

void Leader::leave(std::function<void()> done) {
  left_ = std::move(done);
  timer_.cancel();
  leads_.Set(0);
  feed(kube::lease_input::Stop{});
}

void Leader::feed(const kube::LeaseInput& input) {
  for (const kube::LeaseAction& action : kube::step(lease_, input, loop_.clock().steady_now(), rng_)) {
    std::visit([this](const auto& a) { act(a); }, action);
  }
}

void Leader::act(const kube::lease_action::Read&) {
  kube::Request request;
  request.method = "GET";
  request.path = kube::path_of(kApiVersion, "leases", options_.name_space, options_.name);
  send(std::move(request), false);
}

void Leader::act(const kube::lease_action::Write& action) {
  const kube::LeaseRecord& record = action.record;
  const std::string now = base::to_rfc3339(loop_.clock().now(), true);
  json spec = {{"holderIdentity", record.holder},
               {"leaseDurationSeconds", record.duration.count()},
               {"leaseTransitions", record.transitions},
               {"renewTime", now}};
  if (action.acquires) spec["acquireTime"] = now;
  const bool create = record.version.empty();
  kube::Request request;
  request.method = create ? "POST" : "PATCH";
  request.path = kube::path_of(kApiVersion, "leases", options_.name_space, create ? "" : options_.name);
  request.content_type = create ? "application/json" : "application/merge-patch+json";
  json metadata = create ? json{{"name", options_.name}} : json{{"resourceVersion", record.version}};
  json body = {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
  if (create) body.update({{"apiVersion", kApiVersion}, {"kind", "Lease"}});
  request.body = body.dump();
  send(std::move(request), true);
}

void Leader::act(const kube::lease_action::WakeAfter& action) {
  timer_ = kube::Timer(loop_, action.delay, [this] { feed(kube::lease_input::Wake{}); });
}

void Leader::act(const kube::lease_action::Lead&) {
  leads_.Set(1);
  changed_(true);
}

void Leader::act(const kube::lease_action::Follow&) {
  leads_.Set(0);
  obs::warn("lease lost", {{"lease", options_.name}, {"holder", lease_.seen.holder}});
  changed_(false);
}

void Leader::act(const kube::lease_action::Left&) {
  if (left_) loop_.post(std::exchange(left_, nullptr));
}

void Leader::send(kube::Request request, bool writes) {
  asked_wall_ = loop_.clock().now();
  request.timeout = options_.times.renew_deadline / 2;    // so that one that is lost leaves time for another
  transport_.send(std::move(request),
                  lifetime_.wrap([this, writes](const base::Result<kube::Response>& result) { answered(writes, result); }));
}

void Leader::answered(bool wrote, const base::Result<kube::Response>& result) {
  if (!result) return trouble(result.error());
  if (!wrote && result->status == 404) return feed(kube::lease_input::Seen{});
  if (result->status < 200 || result->status >= 300) return trouble(kube::error_of(*result));
  const auto record = parse(result->body);
  if (!record) return trouble(record.error());
  troubled_ = false;
  if (wrote) renewed_wall_ = asked_wall_;
  seen(*record);
  wrote ? feed(kube::lease_input::Written{*record}) : feed(kube::lease_input::Seen{*record});
}

void Leader::trouble(const base::Error& error) {
  // To lose a race for the lease is everyday; of trouble the first word is enough.
  const bool race = error.code == Code::Aborted || error.code == Code::AlreadyExists;
  if (!race && !std::exchange(troubled_, true)) {
    obs::warn("lease not answered", {{"lease", options_.name_space + "/" + options_.name}, {"error", base::describe(error)}});
  }
  feed(kube::lease_input::Failed{error});
}

void Leader::seen(const kube::LeaseRecord& record) {
  if (std::exchange(holder_, record.holder) == record.holder || record.holder == options_.identity || record.holder.empty()) return;
  obs::info("standing by", {{"lease", options_.name}, {"holder", record.holder}});
}

}  // namespace engine
