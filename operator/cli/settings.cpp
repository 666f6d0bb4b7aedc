#include "operator/cli/settings.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/program/options.hpp"

namespace cli {
namespace {

using controllers::Object;
using controllers::object::list_at;
using controllers::object::text_at;

/// Every value of "--name=value" or "--name" "value".
std::vector<std::string> values_of(const Object& deployment, const std::string& flag) {
  std::vector<std::string> values;
  for (const Object& container : list_at(deployment, {"spec", "template", "spec", "containers"})) {
    const Object& arguments = list_at(container, {"args"});
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!arguments[i].is_string()) continue;
      const std::string argument = arguments[i].get<std::string>();
      if (argument.starts_with(flag + "=")) values.push_back(argument.substr(flag.size() + 1));
      if (argument == flag && i + 1 < arguments.size() && arguments[i + 1].is_string())
        values.push_back(arguments[i + 1].get<std::string>());
    }
  }
  return values;
}

void take(const Object& deployment, const char* flag, std::string& into) {
  for (std::string& value : values_of(deployment, flag)) into = std::move(value);
}

}  // namespace

controllers::Settings settings_of(const Object& deployment) {
  controllers::Settings settings = program::default_settings();
  take(deployment, "--runtime-image", settings.runtime_image);
  take(deployment, "--mysql-image", settings.mysql_image);
  take(deployment, "--redis-image", settings.redis_image);
  settings.name_prefixes = values_of(deployment, "--name-prefix");
  const std::string version = controllers::object::label_of(deployment, "app.kubernetes.io/version");
  if (!version.empty()) settings.operator_version = version;
  return settings;
}

controllers::Settings with_prefix_of(const Object& platform, controllers::Settings settings) {
  settings.name_prefixes = {text_at(platform, {"spec", "namePrefix"})};
  return settings;
}

bool serves(const Object& deployment, const std::string& name_space) {
  const std::vector<std::string> namespaces = values_of(deployment, "--namespace");
  return namespaces.empty() || std::find(namespaces.begin(), namespaces.end(), name_space) != namespaces.end();
}

base::Result<FoundOperator> find_operator(Cluster& cluster, const std::string& name_space) {
  const auto deployments = cluster.list("/apis/apps/v1/deployments", "app.kubernetes.io/name=payment-operator",
                                        "list Deployments of all namespaces, to find the operator");
  if (!deployments) return base::fail(deployments.error());
  std::vector<FoundOperator> found;
  for (const Object& deployment : *deployments) {
    if (!serves(deployment, name_space)) continue;
    found.push_back(
        {text_at(deployment, {"metadata", "namespace"}) + "/" + text_at(deployment, {"metadata", "name"}), settings_of(deployment)});
  }
  if (found.empty()) return base::fail(base::Code::NotFound, "no operator serves namespace " + name_space + "; install its chart");
  if (found.size() > 1) {
    return base::fail(base::Code::FailedPrecondition, "several operators serve namespace " + name_space + ": " + found[0].name + " and " +
                                                          found[1].name + "; one is too many");
  }
  return std::move(found.front());
}

}  // namespace cli
