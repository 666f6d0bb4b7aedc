#include "payment-runtime/domain/money.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace pay::domain {
namespace {

std::int64_t parsed(std::string_view text, std::string_view currency = "CNY") {
  const auto money = parse_money(text, currency);
  return money ? money->minor : -1;
}
std::string refusal(std::string_view text, std::string_view currency = "CNY") {
  const auto result = parse_money(text, currency);
  EXPECT_FALSE(result.has_value()) << text;
  if (result) return {};
  EXPECT_EQ(result.error().code, base::Code::InvalidArgument);
  EXPECT_EQ(result.error().field, "amount");
  return result.error().message;
}

TEST(ParseMoney, ReadsYuanAsFen) {
  EXPECT_EQ(parsed("100"), 10000);
  EXPECT_EQ(parsed("100.0"), 10000);
  EXPECT_EQ(parsed("100.00"), 10000);
  EXPECT_EQ(parsed("0.5"), 50);
  EXPECT_EQ(parsed("0.01"), 1);
  EXPECT_EQ(parsed("007.10"), 710);
  EXPECT_EQ(parsed("99999999.99"), kAmountMinorMax);
}

TEST(ParseMoney, RefusesWhatIsNotAPositiveAmountWithTwoDecimals) {
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

TEST(ParseMoney, RefusesMoreThanTheColumnHolds) {
  EXPECT_EQ(refusal("100000000"), "must be at most 99999999.99");
  EXPECT_EQ(refusal("100000000.00"), "must be at most 99999999.99");
  EXPECT_EQ(refusal(std::string(400, '9')), "must be at most 99999999.99");
  EXPECT_EQ(refusal("18446744073709551617"), "must be at most 99999999.99");   // 2^64 + 1
}

TEST(ParseMoney, HasTheDecimalsOfItsCurrency) {
  EXPECT_EQ(parse_money("100", "JPY"), (Money{100, "JPY"}));
  EXPECT_EQ(parse_money("100", "USD"), (Money{10000, "USD"}));
  EXPECT_EQ(parse_money("100", "KWD"), (Money{100000, "KWD"}));
  EXPECT_EQ(parsed("0.001", "KWD"), 1);
  EXPECT_EQ(parsed("9999999999", "JPY"), kAmountMinorMax);
  EXPECT_EQ(parsed("9999999.999", "KWD"), kAmountMinorMax);

  EXPECT_EQ(refusal("100.0", "JPY"), "must have no decimals");
  EXPECT_EQ(refusal("100.", "JPY"), "must be a whole number such as 100");
  EXPECT_EQ(refusal("a", "JPY"), "must be a whole number such as 100");
  EXPECT_EQ(refusal("10000000000", "JPY"), "must be at most 9999999999");
  EXPECT_EQ(refusal("0.0001", "KWD"), "must have at most three decimals");
  EXPECT_EQ(refusal("a", "KWD"), "must be a decimal number such as 100 or 100.000");
  EXPECT_EQ(refusal("10000000", "KWD"), "must be at most 9999999.999");
}

TEST(ParseMoney, RefusesWhatIsNoCurrencyToPayWith) {
  for (const std::string_view currency : {"", "CN", "CNYX", "cny", "XDR", "XAU", "XTS", "HRK", "AAA", "ZZZ", "C Y", "付"}) {
    const auto result = parse_money("1", currency);
    ASSERT_FALSE(result) << currency;
    EXPECT_EQ(result.error().code, base::Code::InvalidArgument);
    EXPECT_EQ(result.error().field, "currency");
  }
}

TEST(Currency, ExponentsAreThoseOfIso4217) {
  for (const std::string_view code :
       {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}) {
    EXPECT_EQ(currency_exponent(code), 0) << code;
  }
  for (const std::string_view code : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}) EXPECT_EQ(currency_exponent(code), 3) << code;
  for (const std::string_view code : {"AED", "CNY", "EUR", "HKD", "MGA", "MRU", "TWD", "USD", "ZWG"}) {
    EXPECT_EQ(currency_exponent(code), 2) << code;
  }
  EXPECT_EQ(currency_exponent("CLF"), std::nullopt);   // a unit of account
}

/// The same grammar, read with wide integers and no shortcuts.
std::int64_t oracle(const std::string& text, int exponent) {
  const auto point = text.find('.');
  const std::string whole = text.substr(0, point);
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  fraction.resize(static_cast<std::size_t>(exponent), '0');
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
  const auto [currency, exponent] = *rc::gen::element(std::pair{"JPY", 0}, std::pair{"CNY", 2}, std::pair{"KWD", 3});
  const std::string fraction = *digits(0, exponent + 1);
  const std::string text = fraction.empty() ? whole : whole + "." + fraction;
  RC_ASSERT(parsed(text, currency) == oracle(text, exponent));
}

RC_GTEST_PROP(AmountProperty, WhatIsPrintedIsReadBackTheSame, ()) {
  const Money money{*rc::gen::inRange<std::int64_t>(1, kAmountMinorMax + 1), *rc::gen::element<std::string>("JPY", "CNY", "KWD")};
  RC_ASSERT(parse_money(format_amount(money), money.currency) == money);
}

TEST(FormatAmount, AlwaysShowsTheDecimalsOfTheCurrency) {
  EXPECT_EQ(format_amount({10000, "CNY"}), "100.00");
  EXPECT_EQ(format_amount({1, "CNY"}), "0.01");
  EXPECT_EQ(format_amount({0, "CNY"}), "0.00");
  EXPECT_EQ(format_amount({-1234, "CNY"}), "-12.34");
  EXPECT_EQ(format_amount({INT64_MIN, "CNY"}), "-92233720368547758.08");
  EXPECT_EQ(format_amount({-5, "JPY"}), "-5");
  EXPECT_EQ(format_amount({5, "KWD"}), "0.005");
}

}  // namespace
}  // namespace pay::domain
