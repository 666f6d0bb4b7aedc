#include "common/codec/json.hpp"

#include <limits>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace codec {
namespace {

/// Builds the document while it is read, so that limits hold before memory is spent.
class JsonBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonBuilder(JsonLimits limits, NumberTexts* numbers) : limits_(limits), numbers_(numbers) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (text.size() > kJsonNumberTextMax) return refuse_number("a number is longer than 64 characters");
    // Members of the outermost object only: a body full of nested numbers must not cost a path for each.
    if (numbers_ != nullptr && stack_.size() == 1 && stack_.back()->is_object()) numbers_->emplace(pointer(), text);
    return add(value);
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return refuse("binary values are not JSON"); }

  bool start_object(std::size_t) override { return open(nlohmann::json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(nlohmann::json::array()); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (stack_.back()->contains(name)) return refuse(fmt::format("the key '{}' stands twice", name));
    keys_.back() = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& problem) override {
    constexpr int kNumberOverflow = 406;   // of nlohmann's numbering
    if (problem.id == kNumberOverflow) return refuse_number("a number is too large");
    if (error.empty()) error = fmt::format("not JSON at byte {}", position);
    return false;
  }

  nlohmann::json root;
  std::string error;
  std::string field;   // the member of the outermost object that is at fault, where that is known

 private:
  bool refuse(std::string why) {
    error = std::move(why);
    return false;
  }

  bool refuse_number(std::string why) {
    if (stack_.size() == 1 && stack_.back()->is_object()) field = keys_.back();
    return refuse(std::move(why));
  }

  nlohmann::json* place(nlohmann::json value) {
    if (stack_.empty()) {
      root = std::move(value);
      return &root;
    }
    nlohmann::json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[keys_.back()] = std::move(value));
  }

  bool add(nlohmann::json value) {
    place(std::move(value));
    return true;
  }

  bool open(nlohmann::json empty) {
    if (stack_.size() >= limits_.depth) return refuse(fmt::format("nested deeper than {} levels", limits_.depth));
    // Pointers stay valid: a container grows only through its innermost open child, which is always its last element.
    stack_.push_back(place(std::move(empty)));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    stack_.pop_back();
    keys_.pop_back();
    return true;
  }

  /// JSON pointer of the value that comes next.
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      path += '/';
      if (stack_[i]->is_array()) {
        const bool last = i + 1 == stack_.size();
        path += std::to_string(last ? stack_[i]->size() : stack_[i]->size() - 1);
        continue;
      }
      for (const char c : keys_[i]) {
        if (c == '~') {
          path += "~0";
        } else if (c == '/') {
          path += "~1";
        } else {
          path += c;
        }
      }
    }
    return path;
  }

  JsonLimits limits_;
  NumberTexts* numbers_;
  std::vector<nlohmann::json*> stack_;
  std::vector<std::string> keys_;   // the key being filled, one for every open container
};

}  // namespace

base::Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits, NumberTexts* numbers) {
  if (text.size() > limits.bytes) {
    return base::fail(base::Code::InvalidArgument, fmt::format("the JSON text is longer than {} bytes", limits.bytes));
  }
  // The lexer takes a zero byte for the end of the text; what follows it would pass unread.
  if (text.find('\0') != std::string_view::npos) return base::fail(base::Code::InvalidArgument, "a zero byte is not JSON");
  JsonBuilder builder{limits, numbers};
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return base::fail(base::Code::InvalidArgument, builder.error.empty() ? "not JSON" : std::move(builder.error), std::move(builder.field));
  }
  return std::move(builder.root);
}

std::string dump_json(const nlohmann::json& value) { return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

std::optional<std::string> decimal_text(const nlohmann::json& object, const std::string& key, const NumberTexts& numbers) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_unsigned()) return std::to_string(found->get<std::uint64_t>());
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  if (!found->is_number_float()) return std::nullopt;
  const auto text = numbers.find('/' + key);
  return text == numbers.end() ? std::nullopt : std::optional{text->second};
}

base::Result<std::string> string_member(const nlohmann::json& object, const std::string& key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end()) return base::fail(base::Code::InvalidArgument, "is required", key);
  if (!found->is_string()) return base::fail(base::Code::InvalidArgument, "must be a string", key);
  return found->get<std::string>();
}

base::Result<std::int64_t> integer_member(const nlohmann::json& object, const std::string& key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end()) return base::fail(base::Code::InvalidArgument, "is required", key);
  const bool too_large =
      found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!found->is_number_integer() || too_large) return base::fail(base::Code::InvalidArgument, "must be an integer", key);
  return found->get<std::int64_t>();
}

}  // namespace codec
