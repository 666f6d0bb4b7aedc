#include "operator/cli/known.hpp"

#include "controllers/object/path.hpp"

namespace cli {
namespace {

constexpr std::chrono::milliseconds kPatience{3'000};      // of somebody who has pressed <TAB>

std::vector<std::string> names_at(Cluster& cluster, const std::string& path) {
  kube::Request request;
  request.method = "GET";
  request.path = path + "?limit=500";
  request.timeout = kPatience;
  const auto list = cluster.ask(std::move(request), "list names");
  std::vector<std::string> names;
  if (!list) return names;
  for (const controllers::Object& item : controllers::object::list_at(*list, {"items"})) {
    names.push_back(controllers::object::text_at(item, {"metadata", "name"}));
  }
  return names;
}

}  // namespace

Known known_from(std::function<base::Result<Cluster*>(const Flags&)> connect) {
  Known known;
  known.platforms = [connect](const Flags& flags) {
    const auto cluster = connect(flags);
    if (!cluster) return std::vector<std::string>{};
    const std::string name_space = flags.name_space.empty() ? (*cluster)->name_space() : flags.name_space;
    return names_at(**cluster, kube::path_of(kube::platform_kind(), name_space));
  };
  known.namespaces = [connect = std::move(connect)](const Flags& flags) {
    const auto cluster = connect(flags);
    return cluster ? names_at(**cluster, "/api/v1/namespaces") : std::vector<std::string>{};
  };
  return known;
}

}  // namespace cli
