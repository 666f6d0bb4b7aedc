// One function a line of the checklist that a program can judge; checklist.cpp says which line is judged by which.
#pragma once

#include "operator/cli/checklist.hpp"

namespace cli::judges {

[[nodiscard]] inline Judgement ok(std::string evidence) { return {Outcome::Ok, std::move(evidence)}; }
[[nodiscard]] inline Judgement failed(std::string evidence, std::string next) {
  return {Outcome::Failed, std::move(evidence), std::move(next)};
}
[[nodiscard]] inline Judgement skipped(std::string reason) { return {Outcome::Skipped, std::move(reason)}; }
/// Of what could not be asked: a missing right of the user is no fault of the platform.
[[nodiscard]] inline Judgement unanswered(const base::Error& error, std::string next) {
  return error.code == base::Code::PermissionDenied ? skipped(error.message) : failed(error.message, std::move(next));
}

// The cluster
Judgement kubernetes_version(const Facts& facts);
Judgement connected(const Facts& facts);
Judgement images_pulled(const Facts& facts);
Judgement storage_class(const Facts& facts);
Judgement ingress_controller(const Facts& facts);

// The configuration
Judgement image_names(const Facts& facts);
Judgement payment_keys(const Facts& facts);
Judgement database_password(const Facts& facts);
Judgement ingress_host(const Facts& facts);
Judgement ingress_certificate(const Facts& facts);
Judgement keys_are_files(const Facts& facts);
Judgement ingress_rate_limit(const Facts& facts);
Judgement ingress_https(const Facts& facts);
Judgement resource_limits(const Facts& facts);
Judgement append_only(const Facts& facts);

// The parts
Judgement name_space(const Facts& facts);
Judgement database(const Facts& facts);
Judgement schema(const Facts& facts);
Judgement cache(const Facts& facts);
Judgement payment_service(const Facts& facts);
Judgement callback_service(const Facts& facts);
Judgement reconciliation_service(const Facts& facts);
Judgement autoscalers_exist(const Facts& facts);
Judgement autoscalers_work(const Facts& facts);
Judgement autoscalers_reached(const Facts& facts);
Judgement ingress_exists(const Facts& facts);
Judgement claim_bound(const Facts& facts);

// Pods and Services
Judgement pods_run(const Facts& facts);
Judgement no_pod_crashes(const Facts& facts);
Judgement replicas(const Facts& facts);
Judgement no_pod_out_of_memory(const Facts& facts);
Judgement cluster_addresses(const Facts& facts);
Judgement endpoints(const Facts& facts);

// Behaviour
Judgement payment_health(const Facts& facts);
Judgement callback_health(const Facts& facts);
Judgement reconciliation_health(const Facts& facts);
Judgement database_reached(const Facts& facts);
Judgement payment_created(const Facts& facts);
Judgement payment_refused_twice(const Facts& facts);
Judgement payment_queried(const Facts& facts);
Judgement reconciliation_ran(const Facts& facts);

}  // namespace cli::judges
