#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::HasSubstr;
using testing::json;
using testing::Object;

class Reconcile : public testing::CliTest {
 protected:
  void SetUp() override {
    put_all(settled());
    // The job's controller: a pod that waits, runs and ends, seen at the moments when the command looks.
    server.asked = [this](const kube::Request& request) {
      if (request.method != "GET" || request.path.find("/jobs/reconciliation-cronjob-") == std::string::npos) return;
      const std::string path = request.path.substr(0, request.path.find('?'));
      const std::string job = path.substr(path.rfind('/') + 1);
      server.answers.erase("GET " + path);
      if (looks > 0 && away > 0) {
        --away;
        return server.answer("GET " + path, 503, {{"kind", "Status"}, {"reason", "ServiceUnavailable"}, {"message", "no leader"}});
      }
      step(path, job, ++looks);
    };
  }

  void step(const std::string& path, const std::string& job, int look) {
    Object pod = {{"apiVersion", "v1"},
                  {"kind", "Pod"},
                  {"metadata", {{"name", job + "-x"}, {"namespace", "payment"}, {"labels", {{"batch.kubernetes.io/job-name", job}}}}},
                  {"status", {{"phase", "Pending"}}}};
    const auto set_state = [&](const Object& state) {
      pod["status"]["containerStatuses"] =
          Object::array({{{"name", "sidecar"}, {"state", {{"running", Object::object()}}}}, {{"name", "reconcile"}, {"state", state}}});
    };
    if (look == 2) set_state({{"waiting", {{"reason", "PodInitializing"}}}});
    if (look == 3) set_state({{"running", Object::object()}});
    if (look >= 4) set_state({{"terminated", {{"exitCode", exit_code}}}});
    if (look >= 4) {
      Object ended = server.memory.objects.at(path);
      ended["status"]["conditions"] =
          Object::array({{{"type", exit_code == 0 ? "Complete" : "Failed"}, {"status", "True"}, {"reason", "BackoffLimitExceeded"}}});
      server.memory.put(path, ended);
    }
    server.memory.put("/api/v1/namespaces/payment/pods/" + job + "-x", pod);
    server.logs["/api/v1/namespaces/payment/pods/" + job + "-x/log?follow=true&container=reconcile"] = "{\"event\":\"reconciled\"}\n";
  }

  int looks = 0;
  int away = 0;      // answers that the API server is too busy to give, after the first look
  int exit_code = 0;
};

TEST_F(Reconcile, MakesAJobAsTheCronJobDoesAndShowsItsLogOnce) {
  EXPECT_EQ(run({"reconcile"}), kExitDone) << err.str();
  EXPECT_EQ(out.str(), "{\"event\":\"reconciled\"}\n");
  ASSERT_EQ(server.memory.writes.size(), 1U);
  const json job = json::parse(server.memory.writes[0].body);
  EXPECT_EQ(job["metadata"]["ownerReferences"][0]["name"], "reconciliation-cronjob");
  EXPECT_EQ(job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"], "manual");
  EXPECT_EQ(job["spec"]["template"]["spec"]["containers"][0]["args"][0], "reconcile");
}

TEST_F(Reconcile, EndsWithTheExitCodeOfAFailedJob) {
  exit_code = 3;
  EXPECT_EQ(run({"reconcile"}), 3);
  EXPECT_THAT(err.str(), HasSubstr("failed: BackoffLimitExceeded"));
}

TEST_F(Reconcile, AnApiServerThatIsAwayForAMomentDoesNotEndIt) {
  away = 3;
  EXPECT_EQ(run({"reconcile"}), kExitDone) << err.str();
  EXPECT_EQ(away, 0);
  EXPECT_THAT(err.str(), HasSubstr("the run goes on in the cluster"));
  EXPECT_EQ(server.memory.writes.size(), 1U) << "one Job";
}

TEST_F(Reconcile, BeforeThereIsACronJobSaysWhereToLook) {
  server.memory.erase("/apis/batch/v1/namespaces/payment/cronjobs/reconciliation-cronjob");
  EXPECT_EQ(run({"reconcile"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("kubectl payment status -n payment quickstart says why"));
}

}  // namespace
}  // namespace cli
