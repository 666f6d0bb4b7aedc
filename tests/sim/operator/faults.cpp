#include "tests/sim/operator/faults.hpp"

#include <fmt/format.h>

#include "tests/sim/operator/server.hpp"

namespace sim {
namespace {

bool is_list(const kube::Request& request) { return request.method == "GET" && request.path.find("limit=") != std::string::npos; }

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::Conflict: return "409";
    case Fault::TooMany: return "429";
    case Fault::Broken: return "500";
    case Fault::Unavailable: return "503";
    case Fault::BrokenAfter: return "500 or 504 after it was done";
    case Fault::LostAnswer: return "answer lost after it was done";
    case Fault::LostRequest: return "request lost";
    case Fault::NoConnection: return "connection refused";
    case Fault::Slow: return "slow request";
    case Fault::StaleList: return "stale list";
    case Fault::StreamCut: return "watch cut, its event lost";
    case Fault::StreamSilent: return "watch falls silent";
    case Fault::StreamExpired: return "watch ends with 410";
    case Fault::EventTwice: return "event twice";
    case Fault::EventHeld: return "event held up";
    case Fault::EventInPieces: return "event in two pieces";
    case Fault::SlowKeys: return "keys take seconds to make";
    case Fault::ControllerLag: return "controller of the cluster lags";
    case Fault::QuotaRefusal: return "refused by a quota";
    case Fault::AdmissionRefusal: return "refused by a webhook";
    case Fault::HistoryForgotten: return "history of events forgotten";
    case Fault::SchemaFails: return "schema migration fails";
    case Fault::BadImage: return "bad image";
    case Fault::NoStorageClass: return "storage class missing";
    case Fault::Crash: return "operator dies";
    case Fault::CrashAfterWrite: return "operator dies right after a write";
    case Fault::SecondOperator: return "second operator";
    case Fault::OperatorPaused: return "operator paused";
    case Fault::LeaderOvertaken: return "paused until another leads";
    case Fault::ClockSet: return "clock set";
    case Fault::StrangersObject: return "stranger has the name";
    case Fault::ImageEdited: return "kubectl edits an image";
    case Fault::EnvEdited: return "kubectl adds an environment variable";
    case Fault::Sidecar: return "injector adds a sidecar";
    case Fault::LabelsStripped: return "labels stripped";
    case Fault::OrphanStripped: return "labels of what nobody owns stripped";
    case Fault::ArgoApplies: return "Argo CD applies an old copy";
    case Fault::ObjectDeleted: return "kubectl deletes an object";
    case Fault::ReplicasEdited: return "kubectl scales";
    case Fault::AutoscalerScales: return "autoscaler scales";
    case Fault::ConfigEdited: return "kubectl edits a ConfigMap";
    case Fault::StatusEdited: return "status edited";
    case Fault::kCount: break;
  }
  return "";
}

FaultPlan::FaultPlan(std::uint64_t seed) : rng_(seed), ended_(false) {
  constexpr std::uint32_t kRates[] = {0, 0, 0, 0, 0, 0, 3, 12, 50};
  for (std::uint32_t& rate : per_mille_) rate = kRates[rng_.below(std::size(kRates))];
  constexpr Fault kThick[] = {Fault::Conflict,      Fault::TooMany,    Fault::Broken,       Fault::Unavailable,
                              Fault::BrokenAfter,   Fault::LostAnswer, Fault::Slow,         Fault::StreamCut,
                              Fault::StreamExpired, Fault::EventHeld,  Fault::ControllerLag};
  if (rng_.below(2) == 0) rate(kThick[rng_.below(std::size(kThick))]) = 250;
  rate(Fault::StreamSilent) /= 4;      // each costs the two minutes until it is noticed
  rate(Fault::StaleList) *= 3;         // lists are few
  rate(Fault::SlowKeys) *= 10;         // so are keys
}

void FaultPlan::end() {
  ended_ = true;
  refused.clear();
}

bool FaultPlan::hits(Fault fault) {
  if (ended_ || rate(fault) == 0 || rng_.below(1'000) >= rate(fault)) return false;
  happened(fault);
  return true;
}

microseconds FaultPlan::some(microseconds least, microseconds most) {
  return least + microseconds(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

std::optional<kube::Response> FaultPlan::refusal_of(const kube::Request& request) {
  const auto address = parse_path(request.path.substr(0, request.path.find('?')));
  if (!address || address->place.kind == nullptr || request.method == "DELETE" || request.method == "GET") return std::nullopt;
  const bool first = request.method == "POST" || request.path.find("force=false") != std::string::npos;
  for (const Refused& one : refused) {
    if (one.plural != address->place.kind->plural || (one.creations_only && !first) || !address->subresource.empty()) continue;
    happened(one.status == 403 ? Fault::QuotaRefusal : Fault::AdmissionRefusal);
    if (one.status == 403) return failure(403, "Forbidden", one.plural + " is forbidden: exceeded quota: all, used: 1, limited: 1");
    return failure(one.status, "Invalid", "admission webhook \"policy.example.com\" denied the request", "metadata.annotations");
  }
  return std::nullopt;
}

Fate FaultPlan::fate_of(const kube::Request& request) {
  Fate fate;
  if (ended_) return fate;
  fate.there = some(microseconds(200), milliseconds(4));
  fate.back = some(microseconds(200), milliseconds(4));
  const bool write = request.method != "GET";
  if (hits(Fault::Slow)) (rng_.below(2) == 0 ? fate.there : fate.back) += some(milliseconds(50), seconds(14));
  if (hits(Fault::NoConnection)) fate.never_sent = true;
  if (hits(Fault::LostRequest)) fate.never_arrives = true;
  if (hits(Fault::LostAnswer)) fate.answer_is_lost = true;
  fate.instead = refusal_of(request);
  if (write && hits(Fault::Conflict))
    fate.instead = failure(409, "Conflict", "the object has been modified; please apply your changes again");
  if (hits(Fault::Broken)) fate.instead = failure(500, "InternalError", "etcdserver: request timed out");
  if (hits(Fault::Unavailable)) fate.instead = failure(503, "ServiceUnavailable", "the server is shutting down");
  if (hits(Fault::TooMany)) {
    fate.instead = failure(429, "TooManyRequests", "too many requests, please try again later");
    fate.instead->retry_after = seconds(rng_.below(4));
  }
  if (write && hits(Fault::BrokenAfter))
    fate.covered = failure(rng_.below(2) == 0 ? 500 : 504, "Timeout", "the operation may have completed");
  if (is_list(request) && hits(Fault::StaleList)) fate.stale_by = 1 + rng_.below(200);
  return fate;
}

Fate FaultPlan::opening_fate() {
  Fate fate;
  if (ended_) return fate;
  fate.there = some(microseconds(200), milliseconds(4));
  if (hits(Fault::Slow)) fate.there += some(milliseconds(50), seconds(14));
  if (hits(Fault::NoConnection)) fate.never_sent = true;
  if (hits(Fault::Unavailable)) fate.instead = failure(503, "ServiceUnavailable", "the server is shutting down");
  if (hits(Fault::TooMany)) fate.instead = failure(429, "TooManyRequests", "too many requests, please try again later");
  if (hits(Fault::StreamExpired)) fate.instead = failure(410, "Expired", "too old resource version");
  return fate;
}

LineFate FaultPlan::line_fate() {
  LineFate fate;
  if (ended_) return fate;
  fate.delay = some(microseconds(200), milliseconds(8));
  if (hits(Fault::EventHeld)) fate.delay += some(milliseconds(20), seconds(20));
  fate.twice = hits(Fault::EventTwice);
  fate.in_pieces = hits(Fault::EventInPieces);
  if (hits(Fault::StreamCut)) fate.then = LineFate::Then::Break;
  if (hits(Fault::StreamExpired)) fate.then = LineFate::Then::Expire;
  if (hits(Fault::StreamSilent)) fate.then = LineFate::Then::FallSilent;
  return fate;
}

microseconds FaultPlan::key_making() {
  constexpr milliseconds kUsual{600};      // the two of a platform end in another second than they began, without any fault
  return hits(Fault::SlowKeys) ? some(seconds(1), seconds(10)) : kUsual;
}

microseconds FaultPlan::controller_lag() {
  if (ended_) return {};
  return hits(Fault::ControllerLag) ? milliseconds(100 * rng_.below(300)) : milliseconds(rng_.below(4) == 0 ? 500 : 0);
}

std::string FaultPlan::describe() const {
  std::string text;
  for (std::size_t i = 0; i < per_mille_.size(); ++i) {
    if (per_mille_[i] > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name_of(static_cast<Fault>(i)), per_mille_[i]);
  }
  return text.empty() ? "no faults" : text + " per mille";
}

}  // namespace sim
