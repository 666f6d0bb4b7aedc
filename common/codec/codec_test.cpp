#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/codec/base64.hpp"
#include "common/codec/csv.hpp"
#include "common/codec/hex.hpp"
#include "common/codec/json.hpp"
#include "common/codec/yaml.hpp"

namespace codec {
namespace {

TEST(Base64, MatchesRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(plain), text);
    EXPECT_EQ(from_base64(text).value(), plain);
  }
}

TEST(Base64, RefusesASecondSpellingOfTheSameBytes) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm9-", "=Zg=", "====", "Zg=a"}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

TEST(Hex, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
  EXPECT_EQ(from_hex("AbCd").value(), "\xab\xcd");
  EXPECT_FALSE(from_hex("abc").has_value());
  EXPECT_FALSE(from_hex("zz").has_value());
}

TEST(Json, TellsApartHowAnAmountWasWritten) {
  const std::pair<const char*, const char*> cases[] = {
      {"100", "100"},   {"100.5", "100.5"},     {"100.50", "100.50"},
      {"1e2", "1e2"},   {"\"100.5\"", "100.5"}, {"-1", "-1"},
      {"1E+2", "1E+2"}, {"0.10", "0.10"},       {"123456789012345678901234567890", "123456789012345678901234567890"}};
  for (const auto& [written, text] : cases) {
    NumberTexts numbers;
    const auto parsed = parse_json(std::string{"{\"other\":1.25,\"amount\":"} + written + "}", {}, &numbers);
    ASSERT_TRUE(parsed.has_value()) << written;
    EXPECT_EQ(decimal_text(*parsed, "amount", numbers), text);
  }
}

TEST(Json, ZeroBytesAreRefused) {
  EXPECT_FALSE(parse_json(std::string_view{"{}\0{", 4}).has_value());
  EXPECT_FALSE(parse_json(std::string_view{"[1]\0", 4}).has_value());
}

TEST(Json, ANumberThatIsTooLongOrTooLargeNamesItsMember) {
  for (const std::string& number :
       {std::string{"1e400"}, std::string{"-1e400"}, std::string(5000, '9'), std::string(100, '9'), "0." + std::string(64, '1')}) {
    EXPECT_EQ(parse_json(R"({"a":1,"amount":)" + number + "}").error().field, "amount") << number.size();
    EXPECT_EQ(parse_json(R"({"amount":[)" + number + "]}").error().field, "") << number.size();
    EXPECT_EQ(parse_json(number).error().field, "") << number.size();
  }
  EXPECT_EQ(parse_json(R"({"amount":x})").error().field, "");
}

TEST(Json, NumberTextsAreKeptOfTheOutermostObjectOnly) {
  NumberTexts numbers;
  ASSERT_TRUE(parse_json(R"({"a":[1,2.50,{"b/c~":3.0}],"d":4e0})", {}, &numbers).has_value());
  EXPECT_EQ(numbers, (NumberTexts{{"/d", "4e0"}}));
}

TEST(Json, DecimalTextOfOtherTypesIsAbsent) {
  NumberTexts numbers;
  const auto parsed = parse_json(R"({"a":true,"b":null,"c":[1],"d":{}})", {}, &numbers);
  for (const char* key : {"a", "b", "c", "d", "e"}) EXPECT_EQ(decimal_text(*parsed, key, numbers), std::nullopt) << key;
}

TEST(Json, RefusesWhatIsMalformedOrAmbiguous) {
  for (const char* text :
       {"", " ", "{", "{}}", "{}{}", "{'a':1}", "{\"a\":01}", "{\"a\":1,}", "{\"a\":.5}", "{\"a\":NaN}", "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}", "\"\xff\"", "\"\\ud800\"", "{\"a\":1e999}", "[1 2]", "nul", "\"\n\""}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, base::Code::InvalidArgument);
    EXPECT_FALSE(parsed.error().message.empty());
  }
}

TEST(Json, DepthAndSizeAreBounded) {
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')).has_value());
  EXPECT_FALSE(parse_json(std::string(33, '[') + std::string(33, ']')).has_value());
  EXPECT_FALSE(parse_json(std::string(100'000, '[')).has_value());
  EXPECT_FALSE(parse_json("\"12345678\"", {.bytes = 9, .depth = 1}).has_value());
  EXPECT_TRUE(parse_json("\"1234567\"", {.bytes = 9, .depth = 1}).has_value());
  EXPECT_FALSE(parse_json("0." + std::string(100, '1')).has_value());
}

TEST(Json, MembersNameTheFieldAtFault) {
  const auto parsed = parse_json(R"({"text":"x","number":5,"half":0.5,"big":18446744073709551615})").value();
  EXPECT_EQ(string_member(parsed, "text").value(), "x");
  EXPECT_EQ(integer_member(parsed, "number").value(), 5);
  EXPECT_EQ(string_member(parsed, "none").error().field, "none");
  EXPECT_EQ(string_member(parsed, "number").error().field, "number");
  EXPECT_FALSE(integer_member(parsed, "half").has_value());
  EXPECT_FALSE(integer_member(parsed, "big").has_value());
  EXPECT_FALSE(integer_member(nlohmann::json::array(), "x").has_value());
}

TEST(Json, DumpReplacesBytesThatAreNotUtf8) { EXPECT_EQ(dump_json(nlohmann::json("a\xff")), "\"a\xEF\xBF\xBD\""); }

TEST(Csv, LinesLoseByteOrderMarkAndLineEnds) {
  EXPECT_EQ(text_lines("\xEF\xBB\xBF"
                       "a\r\nb\n\nc"),
            (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_TRUE(text_lines("").empty());
}

TEST(Csv, BacktickCellsKeepCommasAndQuotes) {
  EXPECT_EQ(backtick_cells("`a,b`c,`\"x\",``,`"), (std::vector<std::string_view>{"a,b`c", "\"x\"", "`", ""}));
  EXPECT_EQ(backtick_cells("`1,`,`2"), (std::vector<std::string_view>{"1", "", "2"}));
  EXPECT_TRUE(backtick_cells("a,b").empty());
  EXPECT_EQ(backtick_line({"1", "", "a,b", "x`y"}), "`1,`,`a,b,`xy");
  EXPECT_EQ(comma_cells("a,,b"), (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(Yaml, EveryValueKnowsItsPlace) {
  const auto root = parse_yaml("a: 1\nlist:\n  - {port: 8086, routes: \"public\"}\n  - two\nempty:\n", "f.yaml");
  ASSERT_TRUE(root.has_value()) << root.error().message;
  const Yaml* list = root->find("list");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 2U);
  const Yaml* port = list->items[0].find("port");
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->scalar, "8086");
  EXPECT_EQ(port->line, 3);
  EXPECT_EQ(port->column, 12);
  EXPECT_TRUE(list->items[0].find("routes")->quoted);
  EXPECT_EQ(root->find("empty")->kind, Yaml::Kind::Null);
  EXPECT_EQ(root->find("nothing"), nullptr);
}

TEST(Yaml, MistakesArePointedAt) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: 1\na: 2\n", "f.yaml:2:1: a: this key stands twice"},
      {"a: &x 1\nb: *x\n", "f.yaml:1:4: anchors are not supported"},
      {"a: !!int 1\n", "f.yaml:1:4: tags are not supported"},
      {"? [a]\n: 1\n", "f.yaml:1:3: a key must be a plain text"},
      {"a: 1\n---\nb: 2\n", "f.yaml:1:1: only one YAML document is expected"},
  };
  for (const auto& [text, message] : cases) {
    const auto root = parse_yaml(text, "f.yaml");
    ASSERT_FALSE(root.has_value()) << text;
    EXPECT_EQ(root.error().message, message);
  }
  EXPECT_EQ(parse_yaml("a: [1\nb: 2\n", "f.yaml").error().message.substr(0, 7), "f.yaml:");
}

TEST(Yaml, DepthAndSizeAreBounded) {
  EXPECT_FALSE(parse_yaml(std::string(40, '[') + std::string(40, ']'), "f").has_value());
  EXPECT_FALSE(parse_yaml(std::string(200'000, '['), "f").has_value());
  EXPECT_FALSE(parse_yaml(std::string(kYamlBytesMax + 1, 'a'), "f").has_value());
}

TEST(Yaml, AFileMayHoldSeveralDocumentsWithPlacesOfTheWholeFile) {
  const auto documents = parse_yaml_documents("a: 1\n---\n# nothing\n---\nb: 2\n", "f.yaml");
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->size(), 3U);
  EXPECT_EQ((*documents)[1].kind, Yaml::Kind::Null);
  EXPECT_EQ((*documents)[2].find("b")->line, 5);
  EXPECT_EQ(parse_yaml_documents("a: 1\n---\nb: 1\nb: 2\n", "f.yaml").error().message, "f.yaml:4:1: b: this key stands twice");
  EXPECT_TRUE(parse_yaml_documents("", "f.yaml")->empty());
}

TEST(Yaml, BecomesJsonAsKubectlReadsIt) {
  const auto yaml = parse_yaml("n: 3\nd: 0.5\nt: true\ny: yes\no: off\nq: \"3\"\nz:\nw: 08:15\nl: [a, 1]\n", "f.yaml");
  ASSERT_TRUE(yaml);
  EXPECT_EQ(to_json(*yaml),
            nlohmann::json::parse(R"({"n":3,"d":0.5,"t":true,"y":true,"o":false,"q":"3","z":null,"w":"08:15","l":["a",1]})"));
}

}  // namespace
}  // namespace codec
