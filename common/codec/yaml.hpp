// YAML with places: a tree of plain values that each know their line and column, so that a mistake can be pointed at.
// For files of our own making: bounded in size and depth, no aliases, no tags, no duplicate keys, one document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.hpp"

namespace codec {

constexpr std::size_t kYamlBytesMax = 1U << 20;
constexpr std::size_t kYamlDepthMax = 32;

struct Yaml {
  enum class Kind { Null, Scalar, List, Map };
  struct Member;

  Kind kind = Kind::Null;
  std::string scalar;           // Kind::Scalar
  bool quoted = false;          // "true" in quotes is a text, not a truth
  std::vector<Yaml> items;      // Kind::List
  std::vector<Member> members;  // Kind::Map, in the order of the file
  int line = 1;                 // counted from 1
  int column = 1;

  /// The member of this name, or null.
  [[nodiscard]] const Yaml* find(std::string_view key) const;
};

/// Not a std::pair: clang 14 cannot make one of a type that contains it.
struct Yaml::Member {
  std::string name;
  Yaml value;
};

/// InvalidArgument with the message "file:line:column: what is wrong".
[[nodiscard]] base::Result<Yaml> parse_yaml(std::string_view text, std::string_view file);

/// Every document of the file, "---" between them; files of Kubernetes objects hold several.
[[nodiscard]] base::Result<std::vector<Yaml>> parse_yaml_documents(std::string_view text, std::string_view file,
                                                                   std::size_t bytes_max = kYamlBytesMax);

/// The same value without places, plain words read as kubectl reads them: numbers, true and yes, false and off.
[[nodiscard]] nlohmann::json to_json(const Yaml& yaml);

}  // namespace codec
