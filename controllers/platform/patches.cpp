#include "controllers/platform/patches.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/cache/cache.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/database/database.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/object/merge.hpp"
#include "controllers/services/services.hpp"
#include "controllers/simulator/simulator.hpp"

namespace controllers {
namespace {

struct Field {
  std::string path;            // "spec.services.payment.podTemplate"
  Object patch;
  std::string app;             // label of the workload whose pods it is about
};

std::vector<Field> fields(const Context& ctx) {
  const crds::Spec& spec = ctx.platform.spec;
  std::vector<Field> fields = {
      {"spec.database.managed.podTemplate", ctx.platform.mysql().pod_template.patch, database::kName},
      {"spec.database.schema.podTemplate", spec.database.schema.pod_template.patch, jobs::kSchema},
      {"spec.redis.managed.podTemplate", ctx.platform.redis().pod_template.patch, cache::kName},
      {"spec.channels.simulator.podTemplate", spec.channels.simulator.pod_template.patch, simulator::kName},
      {"spec.reconciliation.podTemplate", spec.reconciliation.pod_template.patch, jobs::kCronJob},
  };
  for (const services::Role& role : services::kRoles) {
    fields.push_back({fmt::format("spec.services.{}.podTemplate", role.spec), services::spec_of(ctx, role).pod_template.patch, role.name});
  }
  return fields;
}

Object* template_of(Object& workload) {
  for (const char* path : {"/spec/template", "/spec/jobTemplate/spec/template"}) {
    if (const Object::json_pointer pointer(path); workload.contains(pointer)) return &workload[pointer];
  }
  return nullptr;
}

Object only(const Object& from, std::initializer_list<std::string_view> keys) {
  Object part = Object::object();
  for (const std::string_view key : keys) {
    if (const Object* value = object::dig(from, {key})) part[std::string(key)] = *value;
  }
  return part;
}

/// The part of a rendered template that has to stay.
Object foundation(const Object& rendered) {
  const Object& spec = rendered["spec"];
  Object stays = {{"metadata", only(rendered["metadata"], {"annotations"})}, {"spec", only(spec, {"restartPolicy"})}};
  stays["metadata"]["labels"] = only(rendered["metadata"]["labels"], {"app", kInstanceLabel, kManagedByLabel});
  for (const char* list : {"containers", "initContainers"}) {
    for (const Object& container : object::list_at(spec, {list})) {
      stays["spec"][list].push_back(only(container, {"name", "image", "volumeMounts"}));
    }
  }
  return stays;
}

std::string why(const object::Difference& difference) {
  if (difference.live.empty()) return "must stay, the operator stands on it";
  const bool image = difference.path.ends_with(".image");
  return fmt::format("must stay {}{}", difference.wanted,
                     image ? ": images have fields of their own in the spec" : ", the operator stands on it");
}

void lay(const Field& field, Object& rendered, crds::Problems& problems) {
  auto merged = object::merge(rendered, field.patch);
  if (!merged) {
    problems.push_back({field.path + "." + merged.error().field, merged.error().message});
    return;
  }
  if (*merged == rendered) return;
  const std::size_t before = problems.size();
  for (const object::Difference& difference : object::differences(foundation(rendered), *merged)) {
    problems.push_back({field.path + "." + difference.path, why(difference)});
  }
  // Not a member more either: what a volume shows is all there is to tell which keys and which data the pod has.
  const Object& volumes = object::list_at(*merged, {"spec", "volumes"});
  for (const Object& volume : object::list_at(rendered, {"spec", "volumes"})) {
    if (std::find(volumes.begin(), volumes.end(), volume) != volumes.end()) continue;
    problems.push_back({fmt::format("{}.spec.volumes[name={}]", field.path, object::text_at(volume, {"name"})),
                        "must stay as it is, the operator stands on it"});
  }
  // Absent is not the same here: then the service account decides.
  const Object* token = object::dig(*merged, {"spec", "automountServiceAccountToken"});
  if (token == nullptr || *token != false) {
    problems.push_back({field.path + ".spec.automountServiceAccountToken",
                        "must stay false: a pod that needs a token mounts one as a projected volume, with its audience"});
  }
  if (problems.size() > before) return;
  (*merged)["metadata"]["annotations"][kPatchHash] = short_hash(field.patch.dump());
  rendered = std::move(*merged);
}

}  // namespace

crds::Problems lay_patches(const Context& ctx, Objects& wanted) {
  crds::Problems problems;
  for (const Field& field : fields(ctx)) {
    if (field.patch.empty()) continue;
    for (Object& object : wanted) {
      if (object::label_of(object, "app") != field.app) continue;
      if (Object* rendered = template_of(object)) lay(field, *rendered, problems);
    }
  }
  return problems;
}

}  // namespace controllers
