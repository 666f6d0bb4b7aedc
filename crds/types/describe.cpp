#include "crds/types/describe.hpp"

#include <functional>
#include <map>
#include <regex>
#include <string_view>

#include <fmt/format.h>

namespace crds {
namespace {

bool refuse(Problems& problems, const std::string& path, std::string message) {
  problems.push_back({path, std::move(message)});
  return false;
}

/// Compiling one takes longer than everything else in a reconcile that changes nothing, and there is a handful of them. One set a thread.
const std::regex& compiled(const char* pattern) {
  thread_local std::map<std::string, std::regex, std::less<>> patterns;
  const auto known = patterns.find(std::string_view(pattern));
  return known != patterns.end() ? known->second : patterns.emplace(pattern, std::regex(pattern)).first->second;
}

/// Characters as the API server counts them.
std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
  }
  return count;
}

bool check_text(const std::string& text, const Bounds& bounds, const std::string& path, Problems& problems) {
  // The length first: the expression below then works on a bounded text.
  if (characters(text) > bounds.length_max) {
    return refuse(problems, path, fmt::format("must have at most {} characters, has {}", bounds.length_max, characters(text)));
  }
  if (!bounds.one_of.empty()) {
    for (const std::string& allowed : bounds.one_of) {
      if (text == allowed) return true;
    }
    return refuse(problems, path, fmt::format("must be one of {}, is \"{}\"", fmt::join(bounds.one_of, ", "), text));
  }
  if (*bounds.format.pattern != '\0' && !std::regex_search(text, compiled(bounds.format.pattern))) {
    return refuse(problems, path, fmt::format("must be {}, is \"{}\"", bounds.format.meaning, text));
  }
  return true;
}

template <typename Integer>
bool decode_integer(Integer& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  if (!in.is_number_integer()) return refuse(problems, path, fmt::format("must be a whole number, is {}", in.type_name()));
  if (in.is_number_unsigned() && in.get<std::uint64_t>() > INT64_MAX) {
    return refuse(problems, path, fmt::format("must be at most {}", bounds.max));
  }
  const auto value = in.get<std::int64_t>();
  if (value < bounds.min) return refuse(problems, path, fmt::format("must be at least {}, is {}", bounds.min, value));
  if (value > bounds.max) return refuse(problems, path, fmt::format("must be at most {}, is {}", bounds.max, value));
  out = static_cast<Integer>(value);
  return true;
}

Schema text_schema(const Bounds& bounds) {
  Schema schema;
  if (bounds.format.int_or_string) {
    schema = {{"anyOf", {{{"type", "integer"}}, {{"type", "string"}}}}, {"x-kubernetes-int-or-string", true}};
  } else {
    schema = {{"type", "string"}};
  }
  if (bounds.one_of.empty()) {
    schema["maxLength"] = bounds.length_max;
    if (bounds.format.as_rule) {
      const std::string matches = fmt::format("self.matches(r'{}')", bounds.format.pattern);
      // Patterns do not apply to numbers; every format that takes numbers means amounts.
      const std::string rule = bounds.format.int_or_string ? "type(self) == int ? self > 0 : " + matches : matches;
      schema["x-kubernetes-validations"] = Schema::array({{{"rule", rule}, {"message", fmt::format("must be {}", bounds.format.meaning)}}});
    } else if (*bounds.format.pattern != '\0') {
      schema["pattern"] = bounds.format.pattern;
    }
  } else {
    schema["enum"] = bounds.one_of;
  }
  return schema;
}

Schema integer_schema(const char* format, std::int64_t initial, const Bounds& bounds) {
  Schema schema = {{"type", "integer"}, {"format", format}, {"minimum", bounds.min}};
  if (bounds.max < INT64_MAX) schema["maximum"] = bounds.max;      // the API server reads bounds as floating point
  schema["default"] = initial;
  return schema;
}

}  // namespace

bool expect_object(const nlohmann::json& in, const std::string& path, Problems& problems) {
  return in.is_object() || refuse(problems, path, fmt::format("must be an object, is {}", in.type_name()));
}

bool expect_list(const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  if (!in.is_array()) return refuse(problems, path, fmt::format("must be a list, is {}", in.type_name()));
  if (in.size() > bounds.items_max) {
    return refuse(problems, path, fmt::format("must have at most {} items, has {}", bounds.items_max, in.size()));
  }
  for (std::size_t i = 0; i < in.size() && !bounds.list_key.empty(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      bool same = in[i].is_object() && in[j].is_object();
      for (const std::string& key : bounds.list_key)
        same = same && in[i].value(key, nlohmann::json()) == in[j].value(key, nlohmann::json());
      if (same) return refuse(problems, fmt::format("{}[{}]", path, i), fmt::format("repeats the item {}; keep one of them", j));
    }
  }
  return true;
}

bool decode_value(std::string& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  if (bounds.format.int_or_string && in.is_number_integer()) {
    out = in.dump();
    return check_text(out, bounds, path, problems);
  }
  if (!in.is_string()) return refuse(problems, path, fmt::format("must be a text, is {}", in.type_name()));
  out = in.get<std::string>();
  return check_text(out, bounds, path, problems);
}

bool decode_value(std::int32_t& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  return decode_integer(out, in, bounds, path, problems);
}

bool decode_value(std::int64_t& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  return decode_integer(out, in, bounds, path, problems);
}

bool decode_value(bool& out, const nlohmann::json& in, const Bounds&, const std::string& path, Problems& problems) {
  if (!in.is_boolean()) return refuse(problems, path, fmt::format("must be true or false, is {}", in.type_name()));
  out = in.get<bool>();
  return true;
}

bool decode_value(std::map<std::string, std::string>& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path,
                  Problems& problems) {
  if (!expect_object(in, path, problems)) return false;
  if (in.size() > bounds.items_max) {
    return refuse(problems, path, fmt::format("must have at most {} members, has {}", bounds.items_max, in.size()));
  }
  out.clear();
  bool good = true;
  for (const auto& [key, value] : in.items()) good = decode_value(out[key], value, bounds, path + "." + key, problems) && good;
  return good;
}

Schema schema_value(const std::string& initial, const Bounds& bounds) {
  Schema schema = text_schema(bounds);
  // With a default, an immutable text is there before and after: a rule over both is then always asked.
  if (!initial.empty() || bounds.immutable) schema["default"] = initial;
  if (bounds.immutable) {
    schema["x-kubernetes-validations"].push_back(
        {{"rule", "self == oldSelf"}, {"message", "cannot be changed after creation; put it back, or make another platform"}});
  }
  return schema;
}

Schema schema_value(std::int32_t initial, const Bounds& bounds) { return integer_schema("int32", initial, bounds); }

Schema schema_value(std::int64_t initial, const Bounds& bounds) { return integer_schema("int64", initial, bounds); }

Schema schema_value(bool initial, const Bounds&) { return {{"type", "boolean"}, {"default", initial}}; }

Schema schema_value(const std::map<std::string, std::string>&, const Bounds& bounds) {
  return {{"type", "object"}, {"maxProperties", bounds.items_max}, {"additionalProperties", text_schema(bounds)}};
}

void add_list_key(Schema& schema, const Bounds& bounds) {
  if (bounds.list_key.empty()) return;
  schema["x-kubernetes-list-type"] = "map";
  schema["x-kubernetes-list-map-keys"] = bounds.list_key;
}

}  // namespace crds
