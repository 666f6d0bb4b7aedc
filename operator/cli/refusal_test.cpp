#include "operator/cli/refusal.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Refusal, OfAnUnknownFieldNamesItAndNothingElse) {
  const std::string object = R"({\"metadata\":{\"managedFields\":[)" + std::string(9000, 'x') + R"(]}})";
  EXPECT_EQ(reason_in("PaymentPlatform.paymentplatform.io \"\" is invalid: patch: Invalid value: \"" + object +
                      "\": strict decoding error: unknown field \"spec.redis.managed.maxMemry\""),
            "spec.redis.managed.maxMemry is not a field of this version");
  EXPECT_EQ(reason_in("PaymentPlatform in version \"v1alpha1\" cannot be handled as a PaymentPlatform: strict decoding error: "
                      "unknown field \"spec.a\", unknown field \"spec.b\""),
            "spec.a is not a field of this version, spec.b is not a field of this version");
  EXPECT_EQ(reason_in("strict decoding error: unknown field \"spec.a"), "spec.a is not a field of this version");
}

TEST(Refusal, RepeatsNoLongValueAndIsOneLine) {
  EXPECT_EQ(reason_in("a is invalid: spec: Invalid value: \"" + std::string(500, 'v') + "\": must\n  be short"),
            "a is invalid: spec: Invalid value: \"...\": must be short");
  EXPECT_EQ(reason_in("secrets is forbidden: User \"dev\" cannot list resource \"secrets\""),
            "secrets is forbidden: User \"dev\" cannot list resource \"secrets\"");
  EXPECT_LE(reason_in(std::string(100'000, 'w')).size(), 600U);
  EXPECT_EQ(reason_in("an odd \" mark"), "an odd \" mark");
}

}  // namespace
}  // namespace cli
