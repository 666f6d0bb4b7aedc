#include "operator/cli/commands.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Commands, CarryNamespaceAndContext) {
  const Place shop{"shop", ""};
  EXPECT_EQ(runnable("kubectl payment resume quickstart", shop), "kubectl payment resume -n shop quickstart");
  EXPECT_EQ(runnable("see kubectl payment status", shop), "see kubectl payment status -n shop");
  EXPECT_EQ(runnable("approval: kubectl annotate paymentplatform a x=y --overwrite", {"shop", "east"}),
            "approval: kubectl annotate -n shop --context east paymentplatform a x=y --overwrite");
  EXPECT_EQ(runnable("kubectl payment status, or kubectl describe pod", shop),
            "kubectl payment status -n shop, or kubectl describe -n shop pod");
  EXPECT_EQ(runnable("kubectl payment status", {"", ""}), "kubectl payment status");
}

TEST(Commands, ThatSayWhereTheyActAreLeftAlone) {
  EXPECT_EQ(runnable("kubectl delete pod mysql-0 -n shop; kubectl payment status", {"shop", "east"}),
            "kubectl delete --context east pod mysql-0 -n shop; kubectl payment status -n shop --context east");
  EXPECT_EQ(runnable(runnable("kubectl payment status", {"shop", "east"}), {"", "east"}), "kubectl payment status -n shop --context east")
      << "once is enough";
  EXPECT_EQ(runnable("`kubectl config get-contexts` lists them", {"shop", "east"}), "`kubectl config get-contexts` lists them");
  EXPECT_EQ(runnable("my-kubectl logs and a kubectl", {"shop", ""}), "my-kubectl logs and a kubectl");
}

}  // namespace
}  // namespace cli
