#include "crds/types/cron.hpp"

#include <array>
#include <bitset>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace crds {
namespace {

/// item(,item)* where an item is *, n, or n-m, each with an optional step.
std::string field_pattern(const char* number) {
  const std::string item = fmt::format(R"((\*|{0}(-{0})?)(/[1-9][0-9]?)?)", number);
  return fmt::format("{0}(,{0})*", item);
}

using Set = std::bitset<64>;

/// The numbers that a field names, or nullopt when a range runs backwards.
std::optional<Set> numbers_of(const std::string& field, unsigned lowest, unsigned highest) {
  Set set;
  std::istringstream items(field);
  for (std::string item; std::getline(items, item, ',');) {
    const auto slash = item.find('/');
    const unsigned step = slash == std::string::npos ? 1U : static_cast<unsigned>(std::stoul(item.substr(slash + 1)));
    const std::string range = item.substr(0, slash);
    const auto dash = range.find('-');
    unsigned first = lowest;
    unsigned last = highest;
    if (range != "*") {
      first = static_cast<unsigned>(std::stoul(range));
      // "5/10" counts from 5 to the end; a plain "5" is that number alone.
      if (dash != std::string::npos) {
        last = static_cast<unsigned>(std::stoul(range.substr(dash + 1)));
      } else if (slash == std::string::npos) {
        last = first;
      }
    }
    if (first > last) return std::nullopt;
    for (unsigned n = first; n <= last; n += step) set.set(n);
  }
  return set;
}

}  // namespace

const char* cron_pattern() {
  static const std::string kPattern =
      fmt::format("^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|{} {} {} {} {})$", field_pattern("[0-5]?[0-9]"),
                  field_pattern("([01]?[0-9]|2[0-3])"), field_pattern("(0?[1-9]|[12][0-9]|3[01])"), field_pattern("(0?[1-9]|1[0-2])"),
                  field_pattern("[0-6]"));
  return kPattern.c_str();
}

bool cron_can_fire(const std::string& line) {
  if (line.empty() || line.front() == '@') return !line.empty();
  std::istringstream words(line);
  std::array<std::string, 5> field;
  for (std::string& word : field) words >> word;
  const auto minutes = numbers_of(field[0], 0, 59);
  const auto hours = numbers_of(field[1], 0, 23);
  const auto days = numbers_of(field[2], 1, 31);
  const auto months = numbers_of(field[3], 1, 12);
  const auto weekdays = numbers_of(field[4], 0, 6);
  if (!minutes || !hours || !days || !months || !weekdays) return false;
  // With both a day of the month and a day of the week given, cron fires on either: some weekday always comes.
  if (field[2].front() != '*' && field[4].front() != '*') return true;
  constexpr std::array<unsigned, 12> kLongest = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned month = 1; month <= 12; ++month) {
    for (unsigned day = 1; months->test(month) && day <= kLongest[month - 1]; ++day) {
      if (days->test(day)) return true;
    }
  }
  return false;
}

}  // namespace crds
