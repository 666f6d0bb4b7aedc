#include <tuple>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "payment-runtime/channels/wechat_v3/bill.hpp"
#include "payment-runtime/channels/wechat_v3/channel.hpp"
#include "payment-runtime/channels/wechat_v3/evidence.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"

namespace pay::channels::wechat_v3 {
namespace {

using base::Code;

TEST(Protocol, MessagesAreLinesThatEachEnd) {
  EXPECT_EQ(request_message("GET", "/v3/certificates", "1554208460", "593BEC0C930BF1AFEB40B4A08C8FB242", ""),
            "GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n");
  EXPECT_EQ(answer_message("1554209980", "c5ac7061fccab6bf3e254dcf98995b8c", "{}"), "1554209980\nc5ac7061fccab6bf3e254dcf98995b8c\n{}\n");
}

TEST(Protocol, AuthorizationIsReadInAnyOrderAndRefusedWhenAmbiguous) {
  const auto read = parse_authorization(R"(WECHATPAY2-SHA256-RSA2048 signature="s==",mchid="1",serial_no="2",timestamp="3",nonce_str="4")");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->signature, "s==");
  EXPECT_EQ(parse_authorization(to_header(*read))->nonce, "4");
  for (const char* text : {"", "Basic x", "WECHATPAY2-SHA256-RSA2048", R"(WECHATPAY2-SHA256-RSA2048 mchid="1")",
                           R"(WECHATPAY2-SHA256-RSA2048 mchid="1",mchid="2",nonce_str="4",timestamp="3",serial_no="2",signature="s")",
                           R"(WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="4",timestamp="3",serial_no="2",signature="s",)",
                           R"(WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="4",timestamp="3",serial_no="2",signature="s)",
                           R"(WECHATPAY2-SHA256-RSA2048 mchid="1",other="4",timestamp="3",serial_no="2",signature="s")"}) {
    EXPECT_FALSE(parse_authorization(text).has_value()) << text;
  }
}

TEST(Protocol, TimesAreBeijings) {
  EXPECT_EQ(to_beijing(base::parse_rfc3339("2026-01-31T16:00:00Z").value()), "2026-02-01T00:00:00+08:00");
}

TEST(Errors, WhatMayHaveHappenedDecidesTheCode) {
  const auto code = [](int status, const char* body, bool is_signed) { return to_error(status, body, is_signed).code; };
  EXPECT_EQ(code(400, R"({"code":"PARAM_ERROR","message":"x"})", true), Code::InvalidArgument);
  EXPECT_EQ(code(400, R"({"code":"PARAM_ERROR","message":"x"})", false), Code::Unknown) << "anybody could have written that";
  EXPECT_EQ(code(404, R"({"code":"ORDER_NOT_EXIST"})", true), Code::NotFound);
  EXPECT_EQ(code(404, R"({"code":"ORDER_NOT_EXIST"})", false), Code::Unknown);
  EXPECT_EQ(code(401, R"({"code":"SIGN_ERROR"})", true), Code::Unauthenticated);
  EXPECT_EQ(code(403, R"({"code":"NO_AUTH"})", true), Code::PermissionDenied);
  EXPECT_EQ(code(429, "", false), Code::Unavailable);
  EXPECT_EQ(code(500, R"({"code":"SYSTEM_ERROR"})", true), Code::Unknown);
  EXPECT_EQ(code(502, "<html>", false), Code::Unknown);
  EXPECT_EQ(code(302, "", false), Code::Unknown);
}

TEST(Errors, WordsOfTheChannelAreNotCutInsideACharacter) {
  std::string words;
  for (int i = 0; i < 100; ++i) words += "付";
  for (const char* code : {"A", "AB", "ABC"}) {
    const std::string body = std::string{R"({"code":")"} + code + R"(","message":")" + words + R"("})";
    const std::string message = to_error(400, body, true).message;
    EXPECT_LE(message.size(), 200U);
    EXPECT_GE(message.size(), 198U);
    EXPECT_EQ(message.substr(message.size() - 3), "付") << code;
  }
}

nlohmann::json transaction() {
  return {{"appid", "wx1"},
          {"mchid", "1900000109"},
          {"out_trade_no", "ORDER1"},
          {"trade_state", "SUCCESS"},
          {"transaction_id", "4200001"},
          {"success_time", "2026-01-31T12:00:00+08:00"},
          {"amount", {{"total", 100}, {"currency", "CNY"}}}};
}

TEST(Evidence, NamesTheAccountByMerchantAndApplication) {
  const auto evidence = to_evidence(transaction());
  ASSERT_TRUE(evidence.has_value()) << base::describe(evidence.error());
  EXPECT_EQ(evidence->account, "1900000109/wx1");
  EXPECT_EQ(evidence->account, account_of("1900000109", "wx1"));
}

TEST(Evidence, OfMoneyIsRefusedByTheFieldThatCannotBeRight) {
  const std::tuple<const char*, const char*, nlohmann::json> cases[] = {
      {"transaction_id", "/transaction_id", ""},
      {"transaction_id", "/transaction_id", std::string(65, '4')},
      {"transaction_id", "/transaction_id", "4200 001"},
      {"success_time", "/success_time", ""},
      {"success_time", "/success_time", "2026-01-31 12:00:00"},
      {"success_time", "/success_time", "yesterday"},
      {"success_time", "/success_time", "2026-02-30T12:00:00+08:00"},
      {"amount.currency", "/amount/currency", std::string(40, 'C')},
      {"amount.currency", "/amount/currency", "cny"},
      {"amount.currency", "/amount/currency", ""},
      {"amount.total", "/amount/total", 0},
      {"amount.total", "/amount/total", -100},
  };
  for (const auto& [field, pointer, value] : cases) {
    nlohmann::json spoiled = transaction();
    spoiled[nlohmann::json::json_pointer{pointer}] = value;
    const auto evidence = to_evidence(spoiled);
    ASSERT_FALSE(evidence.has_value()) << spoiled.dump();
    EXPECT_EQ(evidence.error().code, Code::InvalidArgument);
    EXPECT_EQ(evidence.error().field, field);
  }
}

std::string bill_of(const std::string& rows, const std::string& count, const std::string& sum, const char* amount_column = "订单金额") {
  return std::string{"\xEF\xBB\xBF交易时间,公众账号ID,微信订单号,商户订单号,交易状态,货币种类,商品名称,"} + amount_column + "\r\n" + rows +
         "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`" + count + ",`" + sum +
         ",`0.00,`0.00,`0.00000,`" + sum + ",`0.00\r\n";
}
constexpr const char* kRow = "`2026-01-31 23:59:59,`wx1,`4200001,`ORDER1,`SUCCESS,`CNY,`a,b`c,`100.50\r\n";

TEST(Bill, RowsAreReadByTheNamesOfColumns) {
  for (const char* column : {"订单金额", "总金额"}) {
    const auto rows = parse_bill(bill_of(kRow, "1.0", "100.50", column));
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().out_trade_no, "ORDER1");
    EXPECT_EQ(rows->front().channel_trade_no, "4200001");
    EXPECT_EQ(rows->front().amount, (domain::Money{10'050, "CNY"}));
    EXPECT_EQ(base::to_rfc3339(rows->front().at), "2026-01-31T15:59:59Z");
  }
}

TEST(Bill, AnEmptyDayIsAnEmptyList) { EXPECT_TRUE(parse_bill(bill_of("", "0", "0.00"))->empty()); }

TEST(Bill, WhatDoesNotFitItselfIsRefused) {
  const std::string row = kRow;
  const std::pair<const char*, std::string> cases[] = {
      {"no text", ""},
      {"cut before the summary",
       "交易时间,微信订单号,商户订单号,交易状态,货币种类,订单金额\r\n`2026-01-31 23:59:59,`4,`O,`SUCCESS,`CNY,`1.00\r\n"},
      {"count", bill_of(row, "2", "100.50")},
      {"sum", bill_of(row, "1", "100.51")},
      {"row too short", bill_of("`2026-01-31 23:59:59,`wx1\r\n", "1", "0.00")},
      {"amount", bill_of("`2026-01-31 23:59:59,`wx1,`4,`O,`SUCCESS,`CNY,`x,`1e2\r\n", "1", "100.00")},
      {"time", bill_of("`2026-02-30 23:59:59,`wx1,`4,`O,`SUCCESS,`CNY,`x,`1.00\r\n", "1", "1.00")},
      {"state", bill_of("`2026-01-31 23:59:59,`wx1,`4,`O,`NEW,`CNY,`x,`1.00\r\n", "1", "1.00")},
      {"currency", bill_of("`2026-01-31 23:59:59,`wx1,`4,`O,`SUCCESS,`CNYCNYCNY,`x,`1.00\r\n", "1", "1.00")},
      {"order number", bill_of("`2026-01-31 23:59:59,`wx1,`4,`" + std::string(65, 'O') + ",`SUCCESS,`CNY,`x,`1.00\r\n", "1", "1.00")},
      {"text after the summary", bill_of(row, "1", "100.50") + "more\r\n"},
      {"missing column", bill_of(row, "1", "100.50", "别的")},
  };
  for (const auto& [name, text] : cases) {
    const auto rows = parse_bill(text);
    ASSERT_FALSE(rows.has_value()) << name;
    EXPECT_EQ(rows.error().code, Code::DataLoss) << name;
  }
}

}  // namespace
}  // namespace pay::channels::wechat_v3
