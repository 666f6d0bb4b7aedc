#include "common/obs/log.hpp"

#include <unistd.h>

#include <cmath>

#include <fmt/format.h>

namespace obs {
namespace {

/// Length of the valid UTF-8 sequence at `at`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF && follows(at + 1)) return 2;
  if (lead >= 0xE0 && lead <= 0xEF && follows(at + 1) && follows(at + 2)) {
    const unsigned second = byte(at + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4 && follows(at + 1) && follows(at + 2) && follows(at + 3)) {
    const unsigned second = byte(at + 1);
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  const bool cut = text.size() > kLogValueMax;
  const std::size_t end = cut ? kLogValueMax : text.size();
  for (std::size_t i = 0; i < end;) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i++];
    } else if (c < 0x20 || c == 0x7F) {
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\t') {
        out += "\\t";
      } else {
        out += fmt::format("\\u{:04x}", c);
      }
      ++i;
    } else if (const std::size_t length = utf8_length(text, i); length == 0 || i + length > end) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  out += cut ? "...\"" : "\"";
}

void append_field(std::string& out, const Field& field) {
  out += ',';
  append_quoted(out, field.key);
  out += ':';
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    append_quoted(out, *text);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*number);
  } else if (const auto* truth = std::get_if<bool>(&field.value)) {
    out += *truth ? "true" : "false";
  } else {
    const double real = std::get<double>(field.value);
    out += std::isfinite(real) ? fmt::format("{:.6g}", real) : std::string{"null"};
  }
}

void write_to_stderr(std::string_view line) {
  // A log that cannot be written (closed pipe, full disk) must not stop a payment.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warn: return "warn";
    case Level::Error: return "error";
  }
  return "error";
}

std::optional<Level> parse_level(std::string_view text) {
  for (const Level level : {Level::Debug, Level::Info, Level::Warn, Level::Error}) {
    if (text == name(level)) return level;
  }
  return std::nullopt;
}

Logger::Logger(const base::Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

void Logger::set_common(Fields fields) {
  common_.clear();
  for (const Field& field : fields) append_field(common_, field);
}

void Logger::log(Level level, std::string_view event, Fields fields) const {
  if (!enabled(level)) return;
  std::string line;
  line.reserve(256);
  line += R"({"time":")";
  line += base::to_rfc3339(clock_.now(), true);
  line += R"(","level":")";
  line += name(level);
  line += R"(","event":)";
  append_quoted(line, event);
  line += common_;
  constexpr std::string_view kCut = R"(,"cut":true)";
  for (const Field& field : fields) {
    const std::size_t before = line.size();
    append_field(line, field);
    if (line.size() + kCut.size() + 2 > kLogLineMax) {
      line.resize(before);
      line += kCut;
      break;
    }
  }
  line += "}\n";
  sink_(line);
}

Logger& log() {
  static Logger logger{base::system_clock(), write_to_stderr};
  return logger;
}

}  // namespace obs
