// One event a line, as JSON, to standard error: fields, not prose. Thread-safe: a line is one write(2), so lines never mix.
// base::Secret has no conversion to a field, so it cannot be logged.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace obs {

constexpr std::size_t kLogLineMax = 8192;     // a longer line loses its last fields and says so
constexpr std::size_t kLogValueMax = 2048;    // a longer text is cut and ends in "..."

enum class Level : unsigned char { Debug, Info, Warn, Error };
[[nodiscard]] std::string_view name(Level level);
/// "debug", "info", "warn", "error".
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);

struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, bool, double> value;

  // NOLINTBEGIN(google-explicit-constructor): a field is written as {"key", value}
  template <typename Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  Field(std::string_view k, Integer v) : key(k),
                                         value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view{v}) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view{v}) {}
  // NOLINTEND(google-explicit-constructor)
};
using Fields = std::initializer_list<Field>;

class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;   // called with the newline; must be thread-safe

  Logger(const base::Clock& clock, Sink sink);

  /// Fields of every line from now on (platform, service, pod). Call before other threads log.
  void set_common(Fields fields);
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  [[nodiscard]] bool enabled(Level level) const { return level >= level_.load(std::memory_order_relaxed); }

  void log(Level level, std::string_view event, Fields fields) const;

 private:
  const base::Clock& clock_;
  Sink sink_;
  std::atomic<Level> level_{Level::Info};
  std::string common_;   // already encoded: ,"platform":"..."
};

/// The process's logger, to standard error.
[[nodiscard]] Logger& log();

inline void debug(std::string_view event, Fields fields = {}) { log().log(Level::Debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { log().log(Level::Info, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { log().log(Level::Warn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { log().log(Level::Error, event, fields); }

}  // namespace obs
