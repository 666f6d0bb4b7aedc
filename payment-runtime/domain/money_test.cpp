#include "payment-runtime/domain/money.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace pay::domain {
namespace {

std::int64_t parsed(std::string_view text) { return parse_amount(text).value_or(-1); }
std::string refusal(std::string_view text) {
  const auto result = parse_amount(text);
  EXPECT_FALSE(result.has_value()) << text;
  if (result) return {};
  EXPECT_EQ(result.error().code, base::Code::InvalidArgument);
  EXPECT_EQ(result.error().field, "amount");
  return result.error().message;
}

TEST(ParseAmount, ReadsYuanAsFen) {
  EXPECT_EQ(parsed("100"), 10000);
  EXPECT_EQ(parsed("100.0"), 10000);
  EXPECT_EQ(parsed("100.00"), 10000);
  EXPECT_EQ(parsed("0.5"), 50);
  EXPECT_EQ(parsed("0.01"), 1);
  EXPECT_EQ(parsed("007.10"), 710);
  EXPECT_EQ(parsed("99999999.99"), kAmountMinorMax);
}

TEST(ParseAmount, RefusesWhatIsNotAPositiveAmountWithTwoDecimals) {
  for (const std::string_view text :
       {"", ".", "1.", ".5", "+1", "1e2", "1E2", " 1", "1 ", "1,00", "0x10", "1.2.3", "abc", "1_000", "NaN", "\xef\xbc\x91"}) {
    EXPECT_EQ(refusal(text), "must be a decimal number such as 100 or 100.00") << text;
  }
  EXPECT_EQ(refusal("-1"), "must not be negative");
  EXPECT_EQ(refusal("-0.00"), "must not be negative");
  EXPECT_EQ(refusal("0"), "must be greater than 0");
  EXPECT_EQ(refusal("0.00"), "must be greater than 0");
  EXPECT_EQ(refusal("1.234"), "must have at most two decimals");
  EXPECT_EQ(refusal("1.000"), "must have at most two decimals");
}

TEST(ParseAmount, RefusesMoreThanTheColumnHolds) {
  EXPECT_EQ(refusal("100000000"), "must be at most 99999999.99");
  EXPECT_EQ(refusal("100000000.00"), "must be at most 99999999.99");
  EXPECT_EQ(refusal(std::string(400, '9')), "must be at most 99999999.99");
  EXPECT_EQ(refusal("18446744073709551617"), "must be at most 99999999.99");   // 2^64 + 1
}

/// The same grammar, read with wide integers and no shortcuts.
std::int64_t oracle(const std::string& text) {
  const auto point = text.find('.');
  const std::string whole = text.substr(0, point);
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  fraction.resize(2, '0');
  __extension__ __int128 value = 0;
  for (const char c : whole + fraction) value = value * 10 + (c - '0');
  return value >= 1 && value <= kAmountMinorMax ? static_cast<std::int64_t>(value) : -1;
}

RC_GTEST_PROP(AmountProperty, AgreesWithAWideIntegerOracle, ()) {
  const auto digits = [](int low, int high) {
    return rc::gen::mapcat(rc::gen::inRange(low, high), [](int size) {
      return rc::gen::container<std::string>(static_cast<std::size_t>(size), rc::gen::inRange('0', static_cast<char>('9' + 1)));
    });
  };
  const std::string whole = *digits(1, 20);
  const std::string fraction = *digits(0, 3);
  const std::string text = fraction.empty() ? whole : whole + "." + fraction;
  RC_ASSERT(parse_amount(text).value_or(-1) == oracle(text));
}

RC_GTEST_PROP(AmountProperty, WhatIsPrintedIsReadBackTheSame, ()) {
  const auto minor = *rc::gen::inRange<std::int64_t>(1, kAmountMinorMax + 1);
  RC_ASSERT(parse_amount(format_amount(minor)).value_or(-1) == minor);
}

TEST(FormatAmount, AlwaysShowsTwoDecimals) {
  EXPECT_EQ(format_amount(10000), "100.00");
  EXPECT_EQ(format_amount(1), "0.01");
  EXPECT_EQ(format_amount(0), "0.00");
  EXPECT_EQ(format_amount(-1234), "-12.34");
  EXPECT_EQ(format_amount(INT64_MIN), "-92233720368547758.08");
}

}  // namespace
}  // namespace pay::domain
