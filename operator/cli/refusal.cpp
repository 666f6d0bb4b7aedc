#include "operator/cli/refusal.hpp"

#include <algorithm>
#include <cctype>

#include "common/base/text.hpp"

namespace cli {
namespace {

constexpr std::size_t kQuotedBytesMax = 80;      // a longer value is the object itself
constexpr std::size_t kReasonBytesMax = 600;     // a dozen wrong fields
// How a server says that a field is not in the schema, after the whole object for a patch.
constexpr std::string_view kStrict = "strict decoding error: ";
constexpr std::string_view kUnknownField = "unknown field \"";

/// Where the quotation that begins here ends, quotation marks with a backslash skipped; one that never ends is none.
std::size_t end_of_quotation(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2U : 1U;
  return at < text.size() ? at + 1 : begin + 1;
}

std::string without_long_quotations(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text[at] == '"' ? end_of_quotation(text, at) : at + 1;
    out += end - at > kQuotedBytesMax ? "\"...\"" : text.substr(at, end - at);
    at = end;
  }
  return out;
}

/// unknown field "spec.a" -> spec.a is not a field of this version
std::string without_unknown_fields(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!text.substr(at).starts_with(kUnknownField)) {
      out += text[at++];
      continue;
    }
    const std::size_t begin = at + kUnknownField.size();
    const std::size_t end = std::min(text.find('"', begin), text.size());
    out += std::string(text.substr(begin, end - begin)) + " is not a field of this version";
    at = std::min(end + 1, text.size());
  }
  return out;
}

std::string in_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

}  // namespace

std::string reason_in(std::string_view said) {
  const std::size_t strict = said.rfind(kStrict);
  if (strict != std::string_view::npos) said.remove_prefix(strict + kStrict.size());
  return base::clip(in_one_line(without_unknown_fields(without_long_quotations(said))), kReasonBytesMax, "...");
}

}  // namespace cli
