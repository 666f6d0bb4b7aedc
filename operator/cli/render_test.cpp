#include "operator/cli/testing.hpp"

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Render : public testing::CliTest {
 protected:
  void SetUp() override { unreachable = base::Error{base::Code::NotFound, "rendering needs no cluster", {}, std::nullopt}; }
};

TEST_F(Render, GivesEveryObjectOfAnInstall) {
  EXPECT_EQ(run({"render", "-n", "shop", "-f", std::string(SOURCE_DIR) + "/examples/quickstart.yaml"}), kExitDone) << err.str();
  for (const char* kind : {"StatefulSet", "PersistentVolumeClaim", "Deployment", "Service", "ConfigMap", "Job", "CronJob", "Secret",
                           "HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceAccount"}) {
    EXPECT_THAT(out.str(), HasSubstr(std::string("\nkind: ") + kind + "\n"));
  }
  EXPECT_THAT(out.str(), AllOf(HasSubstr("namespace: shop"), Not(HasSubstr("ownerReferences"))));
}

TEST_F(Render, TakesTheDefaultImagesFromTheFlags) {
  EXPECT_EQ(run({"render", "-f", std::string(SOURCE_DIR) + "/examples/quickstart.yaml", "--runtime-image", "host/runtime:9"}), kExitDone);
  EXPECT_THAT(out.str(), HasSubstr("host/runtime:9"));
}

TEST_F(Render, NeedsTheSecretThatOnlyTheUserHasAndTakesItFromTheSameFile) {
  const std::string platform =
      "apiVersion: paymentplatform.io/v1alpha1\nkind: PaymentPlatform\nmetadata: {name: shop}\nspec: {channels: {wechatPay: {enabled: "
      "true}}}\n";
  input = platform;
  EXPECT_EQ(run({"render", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("SecretIncomplete"));
  input =
      platform +
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: payment-service-secret}\nstringData: {wechat-app-id: a, wechat-mch-id: b, "
      "wechat-private-key: hunter2, wechat-merchant-serial-no: d, wechat-api-v3-key: e, wechat-public-key: f, wechat-public-key-id: g}\n";
  EXPECT_EQ(run({"render", "-f", "-"}), kExitDone) << err.str();
  EXPECT_THAT(out.str(), AllOf(HasSubstr("name: payment-service-secret"), Not(HasSubstr("hunter2"))));
}

TEST_F(Render, AWrongFieldIsRefusedWithItsPath) {
  input = "apiVersion: paymentplatform.io/v1alpha1\nkind: PaymentPlatform\nmetadata: {name: shop}\nspec: {databse: {}}\n";
  EXPECT_EQ(run({"render", "-f", "-"}), kExitError);
  EXPECT_THAT(err.str(), HasSubstr("spec.databse is not a field"));
}

}  // namespace
}  // namespace cli
