#include "operator/cli/manifest.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "common/codec/json.hpp"
#include "common/codec/yaml.hpp"
#include "crds/types/platform.hpp"

namespace cli {
namespace {

using base::Code;
using controllers::object::text_at;

constexpr std::size_t kJsonDepthMax = 64;

/// No more of it than may be: what is no file, a device say, may never end.
base::Result<std::string> read_text(std::istream& in, const std::string& name, std::size_t bytes_max) {
  std::string text;
  std::array<char, 1U << 16U> piece;      // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  while (text.size() <= bytes_max && in.read(piece.data(), piece.size()).gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (text.size() > bytes_max) {
    return base::fail(Code::InvalidArgument,
                      fmt::format("{} is larger than {} MiB; leave out what is not of this platform", name, bytes_max >> 20U));
  }
  if (text.empty()) return base::fail(Code::InvalidArgument, name + " is empty");
  return text;
}

base::Result<std::string> read_text(const std::string& path, std::size_t bytes_max) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return base::fail(Code::InvalidArgument, path + " is a folder; name one file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(Code::NotFound, "cannot read " + path + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  return read_text(file, path, bytes_max);
}

bool is_json(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

void add(Object object, std::vector<Object>& out) {
  if (!text_at(object, {"kind"}).ends_with("List") || !object.contains("items")) {
    out.push_back(std::move(object));
    return;
  }
  for (Object& item : object["items"]) out.push_back(std::move(item));
}

}  // namespace

std::string name_of_file(const std::string& path) { return path == "-" ? "standard input" : path; }

base::Result<std::vector<Object>> read_manifest(const std::string& path, std::istream& in, std::size_t bytes_max) {
  const std::string name = name_of_file(path);
  const auto text = path == "-" ? read_text(in, name, bytes_max) : read_text(path, bytes_max);
  if (!text) return base::fail(text.error());
  std::vector<Object> objects;
  if (is_json(*text)) {
    auto value = codec::parse_json(*text, {bytes_max, kJsonDepthMax});
    if (!value) return base::fail(Code::InvalidArgument, name + ": " + value.error().message);
    add(std::move(*value), objects);
  } else {
    const auto documents = codec::parse_yaml_documents(*text, name, bytes_max);
    if (!documents) return base::fail(documents.error());
    for (const codec::Yaml& document : *documents) {
      if (document.kind == codec::Yaml::Kind::Null) continue;
      if (document.kind != codec::Yaml::Kind::Map) {
        return base::fail(Code::InvalidArgument, name + ":" + std::to_string(document.line) + ":" + std::to_string(document.column) +
                                                     ": a Kubernetes object was expected");
      }
      add(codec::to_json(document), objects);
    }
  }
  for (const Object& object : objects) {
    if (text_at(object, {"kind"}).empty() || text_at(object, {"metadata", "name"}).empty()) {
      return base::fail(Code::InvalidArgument, name + ": an object has no kind or no metadata.name");
    }
  }
  return objects;
}

base::Result<Object> only_platform(const std::vector<Object>& objects, const std::string& path) {
  const Object* platform = nullptr;
  std::size_t count = 0;
  for (const Object& object : objects) {
    if (text_at(object, {"kind"}) != crds::kKind) continue;
    platform = &object;
    ++count;
  }
  if (count != 1) {
    return base::fail(Code::InvalidArgument, name_of_file(path) + " holds " +
                                                 (count == 0 ? "no PaymentPlatform" : std::to_string(count) + " PaymentPlatforms") +
                                                 "; give a file with exactly one");
  }
  const std::string version = text_at(*platform, {"apiVersion"});
  if (version != crds::kApiVersion) {
    return base::fail(Code::InvalidArgument, name_of_file(path) + ": apiVersion is \"" + version + "\", not " + crds::kApiVersion,
                      "apiVersion");
  }
  return *platform;
}

base::Result<Object> read_platform(const std::string& path, std::istream& in) {
  const auto objects = read_manifest(path, in);
  if (!objects) return base::fail(objects.error());
  return only_platform(*objects, path);
}

Object three_way_patch(const Object& original, const Object& wanted, const Object& live) {
  static const Object kNothing = Object::object();
  const auto member = [](const Object& from, const std::string& key) -> const Object& {
    const auto found = from.is_object() ? from.find(key) : from.end();
    return found == from.end() ? kNothing : *found;
  };
  Object patch = Object::object();
  for (const auto& [key, value] : wanted.items()) {
    const bool there = live.is_object() && live.contains(key);
    if (value.is_object() && there && live[key].is_object()) {
      Object inner = three_way_patch(member(original, key), value, live[key]);
      if (!inner.empty()) patch[key] = std::move(inner);
    } else if (!there || live[key] != value) {
      patch[key] = value;
    }
  }
  if (!original.is_object()) return patch;
  for (const auto& [key, value] : original.items()) {
    if (!wanted.contains(key) && live.is_object() && live.contains(key)) patch[key] = nullptr;
  }
  return patch;
}

Object last_applied(const Object& live) {
  Object original =
      Object::parse(text_at(live, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"}), nullptr, false);
  return original.is_object() ? original : Object::object();
}

}  // namespace cli
