#include "crds/types/yaml_text.hpp"

#include <cctype>

namespace crds {
namespace {

/// Whether a text reads as itself without quotes: plain words only, and none that YAML takes for a number or a truth.
bool plain(const std::string& text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && std::string_view("._-/").find(c) == std::string_view::npos) return false;
  }
  for (const char* taken : {"true", "false", "null", "yes", "no", "on",   "off",   "y",    "n",   "True", "False", "Null", "Yes",
                            "No",   "On",    "Off",  "Y",   "N",  "TRUE", "FALSE", "NULL", "YES", "NO",   "ON",    "OFF"}) {
    if (text == taken) return false;
  }
  return true;
}

template <typename Json>
std::string scalar(const Json& value) {
  if (value.is_string() && plain(value.template get_ref<const std::string&>())) return value.template get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);     // a JSON text is a YAML text
}

template <typename Json>
bool nested(const Json& value) {
  return (value.is_object() || value.is_array()) && !value.empty();
}

/// Texts of several lines read best as a block; only where the block says the same bytes.
bool as_block(const std::string& text) {
  if (text.size() < 2 || text.back() != '\n' || text[text.size() - 2] == '\n' || text.front() == ' ' || text.front() == '\n') return false;
  for (const char c : text) {
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20U || static_cast<unsigned char>(c) >= 0x7FU)) return false;
  }
  return true;
}

void block(const std::string& text, const std::string& indent, std::string& out) {
  out += " |\n";
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    out += line.empty() ? "\n" : indent + line + "\n";
    start = end + 1;
  }
}

template <typename Json>
void write(const Json& value, const std::string& indent, bool after_dash, std::string& out) {
  bool first = after_dash;                       // "- " already stands on the line of the first member
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      out += (first ? "" : indent) + scalar(Json(key)) + ":";
      first = false;
      if (nested(member)) {
        out += "\n";
        write(member, member.is_array() ? indent : indent + "  ", false, out);
      } else if (member.is_string() && as_block(member.template get_ref<const std::string&>())) {
        block(member.template get<std::string>(), indent + "  ", out);
      } else {
        out += " " + scalar(member) + "\n";
      }
    }
    return;
  }
  for (const auto& item : value) {
    out += (first ? "" : indent) + "- ";
    first = false;
    if (nested(item)) {
      write(item, indent + "  ", true, out);
    } else {
      out += scalar(item) + "\n";
    }
  }
}

template <typename Json>
std::string text_of(const Json& value) {
  if (!nested(value)) return scalar(value) + "\n";
  std::string out;
  write(value, "", false, out);
  return out;
}

}  // namespace

std::string to_yaml(const nlohmann::json& value) { return text_of(value); }
std::string to_yaml(const nlohmann::ordered_json& value) { return text_of(value); }

}  // namespace crds
