#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::HasSubstr;
using testing::json;

class Pause : public testing::CliTest {
 protected:
  json annotation(const char* name = "quickstart") {
    const json& metadata =
        server.memory.objects.at("/apis/paymentplatform.io/v1alpha1/namespaces/payment/paymentplatforms/" + std::string(name))["metadata"];
    return metadata.value("annotations", json::object()).value("paymentplatform.io/paused", json());
  }
};

TEST_F(Pause, SetsTheAnnotationAndResumeTakesItAway) {
  put(settled().platform);
  EXPECT_EQ(run({"pause"}), kExitDone) << err.str();
  EXPECT_EQ(annotation(), "true");
  EXPECT_THAT(out.str(), HasSubstr("PaymentPlatform payment/quickstart is paused"));
  EXPECT_THAT(out.str(), HasSubstr("until kubectl payment resume -n payment quickstart\n"));
  EXPECT_EQ(run({"resume", "quickstart"}), kExitDone) << err.str();
  EXPECT_TRUE(annotation().is_null());
  EXPECT_THAT(out.str(), HasSubstr("goes on"));
}

TEST_F(Pause, TwiceIsOnce) {
  put(settled().platform);
  EXPECT_EQ(run({"resume"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("is not paused"));
  EXPECT_EQ(run({"pause"}), kExitDone);
  const std::size_t writes = server.memory.writes.size();
  EXPECT_EQ(run({"pause"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("is paused already"));
  EXPECT_EQ(server.memory.writes.size(), writes);
}

TEST_F(Pause, ThatTheSpecAsksForCannotBeEndedByAnAnnotation) {
  auto fake = settled();
  fake.edit_spec({{"paused", true}});
  put(fake.platform);
  EXPECT_EQ(run({"resume"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("spec.paused of quickstart is true"));
  EXPECT_TRUE(server.memory.writes.empty());
}

TEST_F(Pause, WithoutTheRightNamesIt) {
  put(settled().platform);
  server.answer("PATCH /apis/paymentplatform.io", 403,
                {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "User \"dev\" cannot patch resource \"paymentplatforms\""}});
  EXPECT_EQ(run({"pause"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("you may not change PaymentPlatform payment/quickstart"));
  EXPECT_THAT(err.str(), HasSubstr("cannot patch resource"));
}

}  // namespace
}  // namespace cli
