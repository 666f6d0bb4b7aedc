// What the services answer, and what the jobs did.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "controllers/component/live.hpp"
#include "controllers/jobs/jobs.hpp"
#include "operator/cli/judges.hpp"

namespace cli::judges {
namespace {

using controllers::object::condition_is_true;
using controllers::object::label_of;
using controllers::object::text_at;

constexpr std::int64_t kDuplicate = 40901;      // of the payment service's answers
constexpr const char* kPayment = "payment-service";

std::string see_log(const Facts& facts, const char* plain) { return "kubectl logs deploy/" + facts.name(plain); }

Judgement health(const Facts& facts, const char* service) {
  const base::Result<Answer>& answer = facts.health.at(service);
  if (!answer) return unanswered(answer.error(), see_log(facts, service));
  const std::string status = text_at(answer->body, {"status"});
  const std::string seen = fmt::format("/actuator/health of {} answers {} {}", facts.name(service), answer->status, status);
  return status == "UP" ? ok(seen) : failed(seen, see_log(facts, service));
}

std::string said(const Answer& answer) {
  return fmt::format("{} {}", answer.status, base::clip(answer.body.dump(-1, ' ', false, Object::error_handler_t::replace), 200, "..."));
}

}  // namespace

Judgement payment_health(const Facts& facts) { return health(facts, kPayment); }
Judgement callback_health(const Facts& facts) { return health(facts, "callback-service"); }
Judgement reconciliation_health(const Facts& facts) { return health(facts, "reconciliation-service"); }

Judgement database_reached(const Facts& facts) {
  const base::Result<Answer>& answer = facts.health.at(kPayment);
  if (!answer) return unanswered(answer.error(), see_log(facts, kPayment));
  const std::string status = text_at(answer->body, {"components", "database", "status"});
  if (status.empty()) return failed("payment-service says nothing of a database: " + said(*answer), see_log(facts, kPayment));
  const std::string seen = "payment-service says that its database is " + status;
  if (status == "UP") return ok(seen);
  return failed(seen + ": " + text_at(answer->body, {"components", "database", "details", "problem"}), "see kubectl payment status");
}

Judgement payment_created(const Facts& facts) {
  if (!facts.payments) return skipped(facts.no_payments);
  const Facts::Payments& payments = *facts.payments;
  if (!payments.first) return unanswered(payments.first.error(), see_log(facts, kPayment));
  if (payments.first->status != 200) return failed("the answer is " + said(*payments.first), see_log(facts, kPayment));
  return ok(fmt::format("businessNo {} became payment {}", payments.business_no, text_at(payments.first->body, {"data", "paymentNo"})));
}

Judgement payment_refused_twice(const Facts& facts) {
  if (!facts.payments) return skipped(facts.no_payments);
  const Facts::Payments& payments = *facts.payments;
  if (!payments.second) return unanswered(payments.second.error(), see_log(facts, kPayment));
  const std::int64_t code = controllers::object::number_at(payments.second->body, {"code"});
  if (payments.second->status == 409 && code == kDuplicate) {
    return ok(fmt::format("businessNo {} again: 409, code {}", payments.business_no, code));
  }
  return failed("the same request again was answered " + said(*payments.second), "take no payments before this is understood");
}

Judgement payment_queried(const Facts& facts) {
  if (!facts.payments) return skipped(facts.no_payments);
  const Facts::Payments& payments = *facts.payments;
  if (!payments.query) return unanswered(payments.query.error(), see_log(facts, kPayment));
  if (payments.query->status != 200) return failed("the answer is " + said(*payments.query), see_log(facts, kPayment));
  return ok(fmt::format("businessNo {} is {}", payments.business_no, text_at(payments.query->body, {"data", "state"})));
}

Judgement reconciliation_ran(const Facts& facts) {
  const Object* newest = nullptr;
  for (const auto& [ref, job] : facts.live.children) {
    if (ref.kind != "Job" || label_of(job, "app") != controllers::jobs::kCronJob || !controllers::jobs::is_finished(job)) continue;
    const auto begun = [](const Object& one) { return text_at(one, {"status", "startTime"}); };
    if (newest == nullptr || begun(job) > begun(*newest)) newest = &job;
  }
  if (newest == nullptr) return skipped("no run has ended yet; kubectl payment reconcile makes one now");
  const std::string seen =
      fmt::format("Job {}, started {}", controllers::object::name_of(*newest), text_at(*newest, {"status", "startTime"}));
  if (condition_is_true(*newest, "Complete")) return ok(seen + ", is complete; its report is in the database and in its log");
  return failed(seen + ", failed", "kubectl logs job/" + controllers::object::name_of(*newest));
}

}  // namespace cli::judges
