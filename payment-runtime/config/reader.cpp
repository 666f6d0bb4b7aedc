#include "payment-runtime/config/reader.hpp"

#include <charconv>

#include <fmt/format.h>

namespace pay::config {

void Reading::wrong(const codec::Yaml& at, std::string_view key, std::string_view what) {
  if (mistake) return;
  mistake =
      base::Error{base::Code::InvalidArgument, fmt::format("{}:{}:{}: {}: {}", file, at.line, at.column, key, what), std::string{key}, {}};
}

MapReader::MapReader(Reading& reading, const codec::Yaml* node, std::string path)
    : reading_(&reading),
      node_(node),
      path_(std::move(path)) {
  if (node_ == nullptr || node_->kind == codec::Yaml::Kind::Map) return;
  reading_->wrong(*node_, path_.empty() ? "(file)" : path_, "expected a map of keys");
  node_ = nullptr;
}

std::string MapReader::path_of(std::string_view key) const { return path_.empty() ? std::string{key} : fmt::format("{}.{}", path_, key); }

const codec::Yaml* MapReader::find(std::string_view key) {
  known_.emplace(key);
  if (reading_->asked != nullptr) reading_->asked->insert(path_of(key));
  return node_ == nullptr ? nullptr : node_->find(key);
}

const codec::Yaml& MapReader::nearest(std::string_view key) const {
  static const codec::Yaml kStart;
  const codec::Yaml* member = node_ == nullptr ? nullptr : node_->find(key);
  return member != nullptr ? *member : node_ != nullptr ? *node_ : kStart;
}

void MapReader::wrong(std::string_view key, std::string_view what) { reading_->wrong(nearest(key), path_of(key), what); }

std::string MapReader::place(std::string_view key) const {
  const codec::Yaml& at = nearest(key);
  return fmt::format("{}:{}:{}", reading_->file, at.line, at.column);
}

const codec::Yaml* MapReader::scalar(std::string_view key, std::string_view expected) {
  const codec::Yaml* found = find(key);
  if (found == nullptr) return nullptr;
  if (found->kind != codec::Yaml::Kind::Scalar) {
    reading_->wrong(*found, path_of(key), fmt::format("expected {}", expected));
    return nullptr;
  }
  return found;
}

std::string MapReader::text(std::string_view key, std::string_view fallback, std::size_t max) {
  const std::string expected = fmt::format("a text of 1 to {} bytes", max);
  const codec::Yaml* found = scalar(key, expected);
  if (found == nullptr) return std::string{fallback};
  if (found->scalar.empty() || found->scalar.size() > max) wrong(key, "expected " + expected);
  return found->scalar;
}

std::string MapReader::required_text(std::string_view key, std::size_t max) {
  std::string value = text(key, {}, max);
  if (node_ != nullptr && node_->find(key) == nullptr) wrong(key, fmt::format("is missing; expected a text of 1 to {} bytes", max));
  return value;
}

std::int64_t MapReader::integer(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const std::string expected = fmt::format("expected an integer from {} to {}", min, max);
  const codec::Yaml* found = scalar(key, expected.substr(9));
  if (found == nullptr) return fallback;
  std::int64_t value = 0;
  const char* end = found->scalar.data() + found->scalar.size();
  const auto [last, problem] = std::from_chars(found->scalar.data(), end, value);
  if (found->quoted || problem != std::errc{} || last != end || value < min || value > max) {
    wrong(key, fmt::format("{}, not '{}'", expected, found->scalar));
    return fallback;
  }
  return value;
}

std::int64_t MapReader::required_integer(std::string_view key, std::int64_t min, std::int64_t max) {
  const std::int64_t value = integer(key, min, min, max);
  if (node_ != nullptr && node_->find(key) == nullptr) wrong(key, fmt::format("is missing; expected an integer from {} to {}", min, max));
  return value;
}

int MapReader::choice(std::string_view key, std::initializer_list<std::string_view> words, int fallback) {
  const std::string expected = fmt::format("expected {}", fmt::join(words, " or "));
  const codec::Yaml* found = scalar(key, expected.substr(9));
  if (found == nullptr) {
    if (fallback < 0 && node_ != nullptr && node_->find(key) == nullptr) wrong(key, "is missing; " + expected);
    return fallback < 0 ? 0 : fallback;
  }
  int index = 0;
  for (const std::string_view word : words) {
    if (found->scalar == word) return index;
    ++index;
  }
  wrong(key, fmt::format("{}, not '{}'", expected, found->scalar));
  return 0;
}

MapReader MapReader::map(std::string_view key) {
  const codec::Yaml* found = find(key);
  return MapReader{*reading_, found, path_of(key)};
}

std::vector<MapReader> MapReader::list_of_maps(std::string_view key, std::size_t max) {
  std::vector<MapReader> readers;
  const codec::Yaml* found = find(key);
  if (found == nullptr) return readers;
  if (found->kind != codec::Yaml::Kind::List || found->items.empty() || found->items.size() > max) {
    wrong(key, fmt::format("expected a list of 1 to {} entries", max));
    return readers;
  }
  for (const codec::Yaml& item : found->items) readers.emplace_back(*reading_, &item, path_of(key) + "[]");
  return readers;
}

void MapReader::finish() {
  if (node_ == nullptr) return;
  for (const auto& [name, value] : node_->members) {
    if (!known_.contains(name))
      reading_->wrong(value, path_of(name), fmt::format("unknown key; expected one of {}", fmt::join(known_, ", ")));
  }
}

}  // namespace pay::config
