// JSON from outside: bounded in size and depth, duplicate keys refused (two readers of one text must not disagree), errors as values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.hpp"

namespace codec {

constexpr std::size_t kJsonBytesMax = 1U << 20;     // as the largest request body
constexpr std::size_t kJsonDepthMax = 32;
constexpr std::size_t kJsonNumberTextMax = 64;      // longer number texts are refused

struct JsonLimits {
  std::size_t bytes = kJsonBytesMax;
  std::size_t depth = kJsonDepthMax;
};

/// The text of every member of the outermost object that is a number but not a plain integer, by JSON pointer ("/amount" -> "1e2"): a
/// parsed double no longer says whether 100.5, 100.50 or 1005e-1 was written.
using NumberTexts = std::map<std::string, std::string>;

/// InvalidArgument with the byte offset when `text` is not one JSON value within the limits; a number that is too
/// large or too long names its member of the outermost object as the field.
[[nodiscard]] base::Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits = {}, NumberTexts* numbers = nullptr);

/// Compact; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string dump_json(const nlohmann::json& value);

/// The exact text of the number or string at `key` of an object; nullopt when it is absent or of another type.
[[nodiscard]] std::optional<std::string> decimal_text(const nlohmann::json& object, const std::string& key, const NumberTexts& numbers);

/// Members of an object: InvalidArgument naming the field when it is absent or of another type.
[[nodiscard]] base::Result<std::string> string_member(const nlohmann::json& object, const std::string& key);
[[nodiscard]] base::Result<std::int64_t> integer_member(const nlohmann::json& object, const std::string& key);

}  // namespace codec
