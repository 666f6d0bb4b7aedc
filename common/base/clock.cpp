#include "common/base/clock.hpp"

#include <charconv>

#include <fmt/format.h>

namespace base {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] SteadyPoint steady_now() const override { return std::chrono::steady_clock::now(); }
};

/// Reads exactly `width` digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock kClock;
  return kClock;
}

std::string to_rfc3339(TimePoint time, bool fraction) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{time - day};
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (fraction) text += fmt::format(".{:06}", clock.subseconds().count());
  return text + 'Z';
}

Result<TimePoint> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto malformed = [&] {
    return fail(Code::InvalidArgument, fmt::format("'{}' is not an RFC 3339 time such as 2026-01-31T23:59:59Z", text));
  };
  const int y = digits(text, 0, 4);
  const int mo = digits(text, 5, 2);
  const int d = digits(text, 8, 2);
  const int h = digits(text, 11, 2);
  const int mi = digits(text, 14, 2);
  const int s = digits(text, 17, 2);
  if (text.size() < 20 || y < 0 || mo < 1 || d < 1 || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return malformed();
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return malformed();
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok()) return malformed();

  std::size_t at = 19;
  std::int64_t micros = 0;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    std::int64_t scale = 100'000;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      micros += (text[at] - '0') * scale;   // scale becomes 0 after six digits: the rest is cut
      scale /= 10;
      ++at;
    }
    if (at == first || at - first > 9) return malformed();
  }
  if (at >= text.size()) return malformed();
  minutes offset{0};
  if (text[at] == 'Z' || text[at] == 'z') {
    if (at + 1 != text.size()) return malformed();
  } else if (text[at] == '+' || text[at] == '-') {
    const int oh = digits(text, at + 1, 2);
    const int om = digits(text, at + 4, 2);
    if (at + 6 != text.size() || text[at + 3] != ':' || oh < 0 || oh > 23 || om < 0 || om > 59) return malformed();
    offset = hours{oh} + minutes{om};
    if (text[at] == '-') offset = -offset;
  } else {
    return malformed();
  }
  return TimePoint{sys_days{date}.time_since_epoch()} + hours{h} + minutes{mi} + seconds{s} + microseconds{micros} - offset;
}

}  // namespace base
