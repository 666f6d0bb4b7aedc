// One description of a type's fields, from which three things follow: the OpenAPI v3 schema in the CRD, the decoding of an
// object, and its validation with field paths. So the API server and the operator cannot disagree about what is allowed.
//
//   template <> Description<Storage> describe() {
//     return Description<Storage>()
//         .field("size", &Storage::size, "How much to claim.", {.format = kQuantity})
//         .rule("self.a <= self.b", "a must not exceed b", "a", [](const Storage& s) { return s.a <= s.b; });
//   }
//
// Defaults are the initial values of the struct.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace crds {

/// Keys keep the order of the description.
using Schema = nlohmann::ordered_json;

struct Problem {
  std::string path;        // "spec.services.payment.replicas"
  std::string message;     // "must be at least 0, is -1"
  friend bool operator==(const Problem&, const Problem&) = default;
};
using Problems = std::vector<Problem>;

/// A named pattern: what a text must look like, for machines and for people.
struct Format {
  const char* pattern = "";
  const char* meaning = "";   // "a quantity such as 500m or 20Gi"
  bool int_or_string = false;
  bool as_rule = false;        // say it as a CEL rule: the API server's answer is then `meaning` and not a long expression
};

constexpr std::uint32_t kTextMax = 253;      // characters of a text unless a field says otherwise: the longest Kubernetes name
constexpr std::uint32_t kItemsMax = 32;      // items of a list or map unless a field says otherwise

/// What a field allows. The schema and the decoder read the same values.
struct Bounds {
  std::int64_t min = 0;
  std::int64_t max = INT32_MAX;
  std::uint32_t length_max = kTextMax;       // of a text, or of each value in a map of texts
  std::uint32_t items_max = kItemsMax;       // of a list or a map
  Format format = {};                        // of a text, or of each value in a map of texts
  std::vector<std::string> one_of = {};
  std::vector<std::string> list_key = {};         // the list is a map by these members (server-side apply merges by them)
  bool required = false;
  bool immutable = false;                    // of a text: it stays as it was when the object was made
  /// Off for members of a union: a defaulted member would contradict the one that the user chose. The operator fills it in.
  bool schema_default = true;
};

template <typename T>
class Description;

/// Specialised for each described struct.
template <typename T>
Description<T> describe();

template <typename T>
const Description<T>& description_of() {
  static const Description<T> kDescription = describe<T>();
  return kDescription;
}

// Leaves, in describe.cpp.
bool decode_value(std::string& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems);
bool decode_value(std::int32_t& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems);
bool decode_value(std::int64_t& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems);
bool decode_value(bool& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems);
bool decode_value(std::map<std::string, std::string>& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path,
                  Problems& problems);
Schema schema_value(const std::string& initial, const Bounds& bounds);
Schema schema_value(std::int32_t initial, const Bounds& bounds);
Schema schema_value(std::int64_t initial, const Bounds& bounds);
Schema schema_value(bool initial, const Bounds& bounds);
Schema schema_value(const std::map<std::string, std::string>& initial, const Bounds& bounds);
bool expect_object(const nlohmann::json& in, const std::string& path, Problems& problems);
bool expect_list(const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems);
void add_list_key(Schema& schema, const Bounds& bounds);

template <typename T>
bool decode_value(T& out, const nlohmann::json& in, const Bounds&, const std::string& path, Problems& problems) {
  return description_of<T>().decode(out, in, path, problems);
}

template <typename T>
bool decode_value(std::optional<T>& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  return decode_value(out.emplace(), in, bounds, path, problems);
}

template <typename T>
bool decode_value(std::vector<T>& out, const nlohmann::json& in, const Bounds& bounds, const std::string& path, Problems& problems) {
  if (!expect_list(in, bounds, path, problems)) return false;
  bool good = true;
  for (std::size_t i = 0; i < in.size(); ++i) {
    good = decode_value(out.emplace_back(), in[i], bounds, path + "[" + std::to_string(i) + "]", problems) && good;
  }
  return good;
}

template <typename T>
Schema schema_value(const T& initial, const Bounds&) {
  return description_of<T>().schema(initial);
}

template <typename T>
Schema schema_value(const std::optional<T>&, const Bounds& bounds) {
  Schema schema = schema_value(T{}, bounds);
  schema.erase("default");                     // absent is a value of its own
  return schema;
}

template <typename T>
Schema schema_value(const std::vector<T>&, const Bounds& bounds) {
  Schema schema = {{"type", "array"}, {"maxItems", bounds.items_max}, {"items", schema_value(T{}, bounds)}};
  schema["items"].erase("default");
  add_list_key(schema, bounds);
  return schema;
}

template <typename T>
class Description {
 public:
  template <typename M>
  Description&& field(const std::string& name, M T::* member, std::string doc, const Bounds& bounds = {}) && {
    fields_.push_back(Field{name, bounds.required,
                            [=](T& out, const nlohmann::json& in, const std::string& path, Problems& problems) {
                              M value{};  // a list or map replaces its default; a struct is laid over it
                              if constexpr (std::is_class_v<M>) {
                                if (in.is_object()) value = out.*member;
                              }
                              if (!decode_value(value, in, bounds, path, problems)) return false;
                              out.*member = std::move(value);
                              return true;
                            },
                            [=](const T& initial) {
                              Schema schema = schema_value(initial.*member, bounds);
                              if (!bounds.schema_default || bounds.required) schema.erase("default");
                              Schema with_doc = {{"description", doc}};  // first, as people read it
                              with_doc.update(schema);
                              return with_doc;
                            }});
    return std::move(*this);
  }

  /// A rule over several fields, said once as CEL for the API server and once as code. `at` is the field that the error names.
  Description&& rule(std::string cel, std::string message, std::string at, bool (*holds)(const T&)) && {
    rules_.push_back(Rule{std::move(cel), std::move(message), std::move(at), holds});
    return std::move(*this);
  }

  [[nodiscard]] Schema schema(const T& initial) const {
    Schema schema = {{"type", "object"}};
    Schema properties = Schema::object();
    Schema required = Schema::array();
    Schema defaults = Schema::object();
    for (const Field& field : fields_) {
      properties[field.name] = field.schema(initial);
      if (properties[field.name].contains("default")) defaults[field.name] = properties[field.name]["default"];
      if (field.required) required.push_back(field.name);
    }
    if (!required.empty()) schema["required"] = required;
    schema["properties"] = std::move(properties);
    for (const Rule& rule : rules_) {
      schema["x-kubernetes-validations"].push_back({{"rule", rule.cel}, {"message", rule.message}, {"fieldPath", "." + rule.at}});
    }
    // An empty object lets the defaults inside apply. Rules are checked on the default itself, so there it is spelled out.
    if (!defaults.empty() && required.empty()) schema["default"] = rules_.empty() ? Schema::object() : defaults;
    return schema;
  }

  bool decode(T& out, const nlohmann::json& in, const std::string& path, Problems& problems) const {
    if (!expect_object(in, path, problems)) return false;
    bool good = true;
    for (const auto& [key, value] : in.items()) {
      const Field* field = find(key);
      if (field == nullptr) {
        problems.push_back({path + "." + key, "is not a field of this version; remove it, or upgrade the operator"});
        good = false;
      } else if (!value.is_null()) {
        good = field->decode(out, value, path + "." + key, problems) && good;
      }
    }
    for (const Field& field : fields_) {
      if (field.required && !in.contains(field.name)) {
        problems.push_back({path + "." + field.name, "is required"});
        good = false;
      }
    }
    for (const Rule& rule : rules_) {
      if (good && !rule.holds(out)) {
        problems.push_back({path + "." + rule.at, rule.message});
        good = false;
      }
    }
    return good;
  }

 private:
  struct Field {
    std::string name;
    bool required;
    std::function<bool(T&, const nlohmann::json&, const std::string&, Problems&)> decode;
    std::function<Schema(const T&)> schema;
  };
  struct Rule {
    std::string cel;
    std::string message;
    std::string at;
    bool (*holds)(const T&);
  };

  [[nodiscard]] const Field* find(const std::string& name) const {
    for (const Field& field : fields_) {
      if (field.name == name) return &field;
    }
    return nullptr;
  }

  std::vector<Field> fields_;
  std::vector<Rule> rules_;
};

}  // namespace crds
