// Reads one map of the configuration key by key, and remembers what was asked for, so that the rest can be refused as unknown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/codec/yaml.hpp"

namespace pay::config {

/// Where a whole file's reading stands: the first mistake wins, later reads return defaults.
struct Reading {
  std::string file;
  std::optional<base::Error> mistake;
  std::set<std::string>* asked = nullptr;

  void wrong(const codec::Yaml& at, std::string_view key, std::string_view what);
};

class MapReader {
 public:
  /// `node` may be null: an absent map, of which every key is absent.
  MapReader(Reading& reading, const codec::Yaml* node, std::string path);

  std::string text(std::string_view key, std::string_view fallback, std::size_t max);
  std::string required_text(std::string_view key, std::size_t max);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max);
  std::int64_t required_integer(std::string_view key, std::int64_t min, std::int64_t max);
  /// Index of the chosen word; `fallback` when the key is absent, a mistake when that is -1.
  int choice(std::string_view key, std::initializer_list<std::string_view> words, int fallback);
  /// Members are read through the result; it is absent when the key is.
  MapReader map(std::string_view key);
  std::vector<MapReader> list_of_maps(std::string_view key, std::size_t max);

  /// file:line:column of the key's value; of the map when it is absent.
  [[nodiscard]] std::string place(std::string_view key) const;
  [[nodiscard]] bool present() const { return node_ != nullptr; }
  void wrong(std::string_view key, std::string_view what);
  /// Refuses the keys that nobody asked for.
  void finish();

 private:
  const codec::Yaml* find(std::string_view key);
  [[nodiscard]] const codec::Yaml& nearest(std::string_view key) const;
  const codec::Yaml* scalar(std::string_view key, std::string_view expected);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  Reading* reading_;
  const codec::Yaml* node_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace pay::config
