#include "controllers/object/quantity.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace controllers::object {
namespace {

constexpr std::size_t kDigitsMax = 18;     // more than any quantity in use; keeps the arithmetic below in range

struct Suffix {
  std::string_view text;
  int ten;
  int two;
};
constexpr std::array<Suffix, 16> kSuffixes = {{{"n", -9, 0},
                                               {"u", -6, 0},
                                               {"m", -3, 0},
                                               {"", 0, 0},
                                               {"k", 3, 0},
                                               {"M", 6, 0},
                                               {"G", 9, 0},
                                               {"T", 12, 0},
                                               {"P", 15, 0},
                                               {"E", 18, 0},
                                               {"Ki", 0, 10},
                                               {"Mi", 0, 20},
                                               {"Gi", 0, 30},
                                               {"Ti", 0, 40},
                                               {"Pi", 0, 50},
                                               {"Ei", 0, 60}}};

/// In billionths, the smallest unit there is; nullopt when the text is no quantity or beyond reason.
std::optional<__int128> parse(const nlohmann::json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : std::string();
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const bool negative = !text.empty() && text[0] == '-';

  __int128 mantissa = 0;
  std::size_t digits = 0;
  int decimals = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      if (++digits > kDigitsMax) return std::nullopt;
      mantissa = mantissa * 10 + (text[at] - '0');
      decimals += point ? 1 : 0;
    } else {
      break;
    }
  }
  if (digits == 0) return std::nullopt;
  const std::string_view rest = std::string_view(text).substr(at);
  const auto suffix = std::find_if(kSuffixes.begin(), kSuffixes.end(), [&](const Suffix& candidate) { return candidate.text == rest; });
  if (suffix == kSuffixes.end()) return std::nullopt;

  int power = suffix->ten + 9 - decimals;
  constexpr __int128 kMax = static_cast<__int128>(1) << 120U;
  __int128 nanos = mantissa;
  for (int i = 0; i < suffix->two; ++i) {
    if (nanos > kMax) return std::nullopt;
    nanos *= 2;
  }
  for (; power > 0; --power) {
    if (nanos > kMax / 10) return std::nullopt;
    nanos *= 10;
  }
  for (; power < 0; ++power) nanos = (nanos + 9) / 10;    // below a billionth Kubernetes rounds up
  return negative ? -nanos : nanos;
}

}  // namespace

bool same_quantity(const nlohmann::json& left, const nlohmann::json& right) {
  if (left == right) return true;
  const auto a = parse(left);
  const auto b = parse(right);
  return a && b && *a == *b;
}

bool less_quantity(const nlohmann::json& left, const nlohmann::json& right) {
  const auto a = parse(left);
  const auto b = parse(right);
  return a && b && *a < *b;
}

}  // namespace controllers::object
