#include "controllers/object/managers.hpp"

#include <algorithm>

namespace controllers::object {
namespace {

constexpr std::string_view kOurs = "payment-operator";     // and payment-operator-status, payment-operator-scale

/// Whether a field lies on the way to another.
bool leads_to(std::string_view here, std::string_view path) {
  return here.empty() || (path.substr(0, here.size()) == here && (path[here.size()] == '.' || path[here.size()] == '['));
}

/// "[name=redis]" of {"name":"redis"}: the first key alone, as differences show it.
std::string item(const std::string& keys) {
  const Object parsed = Object::parse(keys, nullptr, false);
  if (!parsed.is_object() || parsed.empty()) return "[" + keys + "]";
  const auto first = parsed.items().begin();
  return "[" + first.key() + "=" + (first.value().is_string() ? first.value().get<std::string>() : first.value().dump()) + "]";
}

/// How closely this fieldsV1 tree, whose root stands at `here`, holds the field at `path`: as itself or by a part of it; in a whole that is
/// owned at once, by as much as leads there; 0 not at all.
std::size_t closeness(const Object& fields, std::string_view path, const std::string& here) {
  if (here == path) return path.size() + 1;
  if (here.size() >= path.size() || !leads_to(here, path)) return 0;
  std::size_t best = 0;
  bool whole = true;
  for (const auto& [key, inner] : fields.items()) {
    if (key == "." || key.size() < 2) continue;
    whole = false;
    const std::string rest = key.substr(2);
    best = std::max(best, closeness(inner, path, key[0] == 'f' ? (here.empty() ? rest : here + "." + rest) : here + item(rest)));
  }
  return whole ? here.size() : best;
}

}  // namespace

std::string manager_of(const Object& live, std::string_view path) {
  std::string found;
  std::size_t longest = 0;
  for (const Object& entry : list_at(live, {"metadata", "managedFields"})) {
    const std::string manager = text_at(entry, {"manager"});
    const Object* fields = dig(entry, {"fieldsV1"});
    if (fields == nullptr || manager.rfind(kOurs, 0) == 0) continue;
    const std::size_t near = closeness(*fields, path, "");
    if (near > longest) {
      longest = near;
      found = manager;
    }
  }
  return found;
}

}  // namespace controllers::object
