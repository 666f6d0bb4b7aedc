#include "tests/sim/operator/kinds.hpp"

#include <vector>

#include "common/base/assert.hpp"

namespace sim {
namespace {

constexpr kube::Kind kOthers[] = {
    {"events.k8s.io/v1", "Event", "events", ""},
    {"coordination.k8s.io/v1", "Lease", "leases", ""},
};

const std::vector<const kube::Kind*>& all() {
  static const std::vector<const kube::Kind*> kAll = [] {
    std::vector<const kube::Kind*> kinds = {&kube::platform_kind()};
    for (const kube::Kind& kind : kube::child_kinds()) kinds.push_back(&kind);
    for (const kube::Kind& kind : kOthers) kinds.push_back(&kind);
    return kinds;
  }();
  return kAll;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = text.find(at);
    if (end != 0) parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string decode(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

const kube::Kind* find_kind(std::string_view api_version, std::string_view kind) {
  for (const kube::Kind* candidate : all()) {
    if (candidate->kind == kind && candidate->api_version == api_version) return candidate;
  }
  return nullptr;
}

const kube::Kind& kind_named(std::string_view kind) {
  const kube::Kind* found = nullptr;
  for (const kube::Kind* candidate : all()) {
    if (candidate->kind == kind) found = candidate;
  }
  BASE_ASSERT(found != nullptr);
  return *found;
}

bool is_child(const kube::Kind& kind) { return kube::find_kind(kind.api_version, kind.kind) == &kind; }

Place place_of(const Object& object) {
  using controllers::object::text_at;
  return {find_kind(text_at(object, {"apiVersion"}), text_at(object, {"kind"})), text_at(object, {"metadata", "namespace"}),
          text_at(object, {"metadata", "name"})};
}

std::string describe(const Place& place) { return std::string(place.kind == nullptr ? "?" : place.kind->kind) + " " + place.name; }

std::optional<Address> parse_path(std::string_view path) {
  auto parts = split(path, '/');
  if (parts.size() < 3) return std::nullopt;
  const bool core = parts[0] == "api";
  const std::string api_version = core ? std::string(parts[1]) : std::string(parts[1]) + "/" + std::string(parts[2]);
  parts.erase(parts.begin(), parts.begin() + (core ? 2 : 3));
  Address address;
  if (parts.size() > 2 && parts[0] == "namespaces") {
    address.place.name_space = decode(parts[1]);
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.empty()) return std::nullopt;
  for (const kube::Kind* kind : all()) {
    if (kind->plural == parts[0] && kind->api_version == api_version) address.place.kind = kind;
  }
  if (address.place.kind == nullptr) return std::nullopt;
  if (parts.size() > 1) address.place.name = decode(parts[1]);
  if (parts.size() > 2) address.subresource = parts[2];
  return address;
}

std::string parameter(std::string_view query, std::string_view name) {
  for (const std::string_view pair : split(query, '&')) {
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name) return equals == std::string_view::npos ? "" : decode(pair.substr(equals + 1));
  }
  return {};
}

}  // namespace sim
