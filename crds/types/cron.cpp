#include "crds/types/cron.hpp"

#include <array>
#include <map>
#include <sstream>
#include <string_view>

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

std::optional<Cron> Cron::parse(const std::string& line) {
  static const std::map<std::string_view, const char*> kWords = {
      {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
      {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};
  const auto word = kWords.find(line);
  std::istringstream words(word == kWords.end() ? line : word->second);
  std::array<std::string, 5> field;
  for (std::string& one : field) {
    if (!(words >> one)) return std::nullopt;
  }
  const auto minutes = numbers_of(field[0], 0, 59);
  const auto hours = numbers_of(field[1], 0, 23);
  const auto days = numbers_of(field[2], 1, 31);
  const auto months = numbers_of(field[3], 1, 12);
  const auto weekdays = numbers_of(field[4], 0, 6);
  if (!minutes || !hours || !days || !months || !weekdays) return std::nullopt;

  Cron cron;
  cron.minutes_ = *minutes;
  cron.hours_ = *hours;
  cron.days_ = *days;
  cron.months_ = *months;
  cron.weekdays_ = *weekdays;
  cron.either_day_ = field[2].front() != '*' && field[4].front() != '*';
  if (cron.either_day_) return cron;      // some weekday always comes
  constexpr std::array<unsigned, 12> kLongest = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned month = 1; month <= 12; ++month) {
    for (unsigned day = 1; months->test(month) && day <= kLongest[month - 1]; ++day) {
      if (days->test(day)) return cron;
    }
  }
  return std::nullopt;
}

bool Cron::fires_on(std::chrono::sys_days day) const {
  const std::chrono::year_month_day date{day};
  if (!months_.test(static_cast<unsigned>(date.month()))) return false;
  const bool of_month = days_.test(static_cast<unsigned>(date.day()));
  const bool of_week = weekdays_.test(std::chrono::weekday{day}.c_encoding());
  return either_day_ ? of_month || of_week : of_month && of_week;
}

bool Cron::fires_in(base::TimePoint time) const {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock{time - day};
  return minutes_.test(static_cast<std::size_t>(clock.minutes().count())) && hours_.test(static_cast<std::size_t>(clock.hours().count())) &&
         fires_on(day);
}

base::TimePoint Cron::next(base::TimePoint time) const {
  const auto from = std::chrono::ceil<std::chrono::minutes>(time);
  auto day = std::chrono::floor<std::chrono::days>(from);
  for (const auto end = day + std::chrono::years(kYearsAhead); day < end; day += std::chrono::days(1)) {
    if (!fires_on(day)) continue;
    for (unsigned hour = 0; hour < 24; ++hour) {
      for (unsigned minute = 0; hours_.test(hour) && minute < 60; ++minute) {
        const auto when = day + std::chrono::hours(hour) + std::chrono::minutes(minute);
        if (minutes_.test(minute) && when >= from) return when;
      }
    }
  }
  return base::TimePoint::max();
}

}  // namespace crds
