#include "tests/sim/operator/server.hpp"

#include <charconv>

#include <fmt/format.h>

#include "common/codec/base64.hpp"
#include "tests/sim/operator/defaults.hpp"
#include "tests/sim/operator/rules.hpp"

namespace sim {
namespace {

using controllers::object::dig;
using controllers::object::list_at;
using controllers::object::text_at;

Answer conflict(const std::string& message) { return {409, nullptr, "Conflict", message, {}}; }
Answer not_found(const Place& place) { return {404, nullptr, "NotFound", fmt::format("{} not found", describe(place)), {}}; }

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool counts_generations(const std::string& kind) {
  for (const char* other : {"Service", "PersistentVolumeClaim", "Pod", "HorizontalPodAutoscaler", "Lease", "ServiceAccount"}) {
    if (kind == other) return false;
  }
  return true;
}

bool is_another_generation(const Object& live, const Object& next) {
  if (live.value("spec", Object()) != next.value("spec", Object())) return true;
  return text_at(next, {"kind"}) == "Deployment" &&
         live["metadata"].value("annotations", Object()) != next["metadata"].value("annotations", Object());
}

/// Pods are left without managedFields, which nobody reads and which would cost a tenth of the time.
bool has_managers(const Place& place) { return place.kind->kind != "Pod"; }

/// What a subresource may change; the rest stays as it is.
void keep_to_subresource(const Object* live, Object& next, const std::string& subresource) {
  if (live == nullptr) {
    if (text_at(next, {"kind"}) != "Pod") next.erase("status");
    return;
  }
  Object& metadata = next["metadata"];
  for (const char* key : {"uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    const auto it = (*live)["metadata"].find(key);
    if (it == (*live)["metadata"].end()) {
      metadata.erase(key);
    } else {
      metadata[key] = *it;
    }
  }
  if (subresource == "status") {
    const Object managed = metadata.value("managedFields", Object::array());
    Object status = next.value("status", Object());
    next = *live;
    if (!status.is_null()) next["status"] = std::move(status);
    next["metadata"]["managedFields"] = managed;
  } else if (live->contains("status")) {
    next["status"] = (*live)["status"];
  } else {
    next.erase("status");
  }
}

/// stringData is written, and data is what it leaves.
void take_string_data(Object& object) {
  const auto given = object.find("stringData");
  if (given == object.end()) return;
  for (const auto& [key, value] : given->items()) object["data"][key] = codec::to_base64(value.get<std::string>());
  object.erase("stringData");
}

}  // namespace

kube::Response failure(int status, const std::string& reason, const std::string& message, const std::string& field) {
  Object body = {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
                 {"code", status},   {"reason", reason},   {"message", message}};
  if (!field.empty()) body["details"] = {{"causes", Object::array({{{"field", field}, {"message", message}}})}};
  return {status, body.dump(), std::nullopt};
}

Selection Selection::of(const Place& collection, std::string_view query) {
  Selection selection{collection.kind, collection.name_space, {}, {}};
  std::string labels = parameter(query, "labelSelector");
  while (!labels.empty()) {
    const auto comma = labels.find(',');
    const std::string pair = labels.substr(0, comma);
    const auto equals = pair.find('=');
    selection.labels.emplace_back(pair.substr(0, equals), equals == std::string::npos ? "" : pair.substr(equals + 1));
    labels = comma == std::string::npos ? "" : labels.substr(comma + 1);
  }
  const std::string field = parameter(query, "fieldSelector");
  if (field.starts_with("metadata.name=")) selection.name = field.substr(14);
  return selection;
}

bool Selection::matches(const Object& object) const {
  if (!name.empty() && text_at(object, {"metadata", "name"}) != name) return false;
  if (!name_space.empty() && text_at(object, {"metadata", "namespace"}) != name_space) return false;
  for (const auto& [key, value] : labels) {
    if (text_at(object, {"metadata", "labels", key}) != value) return false;
  }
  return true;
}

Writer Server::writer(const std::string& who, const std::string& subresource) const {
  return {who, subresource, base::to_rfc3339(schedule_.wall())};
}

Answer Server::commit(const Place& place, const Stored& live, Object next) {
  fill_defaults(next);
  Object& metadata = next["metadata"];
  if (live == nullptr) {
    metadata["uid"] = store_.new_uid();
    metadata["creationTimestamp"] = base::to_rfc3339(schedule_.wall());
    if (counts_generations(std::string(place.kind->kind)) && next.contains("spec")) metadata["generation"] = 1;
    metadata.erase("resourceVersion");
    metadata.erase("deletionTimestamp");
  }
  if (const auto refusal = checks_ ? refuse(live.get(), next) : std::nullopt) {
    return {422, nullptr, "Invalid", fmt::format("{} is invalid: {}: {}", describe(place), refusal->field, refusal->message),
            refusal->field};
  }
  if (live == nullptr) {
    fill_new(next);
  } else {
    if (metadata.contains("generation") && is_another_generation(*live, next)) {
      metadata["generation"] = metadata["generation"].get<int>() + 1;
    }
    if (next == *live) return {200, live, {}, {}, {}};
    if (metadata.contains("deletionTimestamp") && list_at(next, {"metadata", "finalizers"}).empty() && place.kind->kind != "Pod") {
      store_.erase(place);
      return {200, live, {}, {}, {}};
    }
  }
  return {live == nullptr ? 201 : 200, store_.put(place, std::move(next)), {}, {}, {}};
}

Answer Server::create(Object object, const std::string& who) {
  const Place place = place_of(object);
  if (store_.find(place)) return {409, nullptr, "AlreadyExists", fmt::format("{} already exists", describe(place)), {}};
  keep_to_subresource(nullptr, object, {});
  take_string_data(object);
  fill_defaults(object);
  if (has_managers(place)) track_update(nullptr, object, writer(who, {}));
  return commit(place, nullptr, std::move(object));
}

Answer Server::apply(const Object& object, const std::string& who, bool force, const std::string& subresource) {
  const Place place = place_of(object);
  const Stored live = store_.find(place);
  const std::string uid = text_at(object, {"metadata", "uid"});
  if (live == nullptr) {
    if (!subresource.empty()) return not_found(place);
    if (!uid.empty()) return conflict(fmt::format("{}: uid mismatch: the object was deleted", describe(place)));
  }
  Object wanted = object;
  if (subresource == "status") {
    wanted.erase("spec");
  } else {
    wanted.erase("status");
  }
  auto applied = sim::apply(live.get(), wanted, writer(who, subresource), force);
  if (!applied) {
    std::string fields;
    for (const FieldConflict& one : applied.error())
      fields += fmt::format("{}{} of {}", fields.empty() ? "" : ", ", one.field, one.manager);
    return conflict(fmt::format("Apply failed with conflicts: {}", fields));
  }
  if (live != nullptr && !uid.empty() && uid != text_at(*live, {"metadata", "uid"})) {
    return {422, nullptr, "Invalid", fmt::format("{} is invalid: metadata.uid: field is immutable", describe(place)), "metadata.uid"};
  }
  keep_to_subresource(live.get(), *applied, subresource);
  return commit(place, live, std::move(*applied));
}

Answer Server::update(const Place& place, const std::string& who, const std::function<void(Object&)>& edit,
                      const std::string& subresource) {
  const Stored live = store_.find(place);
  if (live == nullptr) return not_found(place);
  Object next = *live;
  edit(next);
  keep_to_subresource(live.get(), next, subresource);
  fill_defaults(next);
  if (next == *live) return {200, live, {}, {}, {}};
  if (has_managers(place)) track_update(live.get(), next, writer(who, subresource));
  return commit(place, live, std::move(next));
}

Answer Server::update_unchecked(const Place& place, const std::string& who, const std::function<void(Object&)>& edit) {
  checks_ = false;
  Answer answer = update(place, who, edit);
  checks_ = true;
  return answer;
}

Answer Server::merge_patch(const Place& place, const Object& patch, const std::string& who, const std::string& subresource) {
  const Stored live = store_.find(place);
  if (live == nullptr) return not_found(place);
  const std::string version = text_at(patch, {"metadata", "resourceVersion"});
  if (!version.empty() && version != text_at(*live, {"metadata", "resourceVersion"})) return conflict("the object has been modified");
  return update(place, who, [&patch](Object& object) { object.merge_patch(patch); }, subresource);
}

Answer Server::replace(const Place& place, const Object& object, const std::string& who, const std::string& subresource) {
  const Stored live = store_.find(place);
  if (live == nullptr) return not_found(place);
  const std::string version = text_at(object, {"metadata", "resourceVersion"});
  if (!version.empty() && version != text_at(*live, {"metadata", "resourceVersion"})) return conflict("the object has been modified");
  return update(
      place, who,
      [&](Object& next) {
        const Object managed = next["metadata"].value("managedFields", Object::array());
        next = object;
        next["metadata"]["managedFields"] = managed;
      },
      subresource);
}

Answer Server::remove(const Place& place, const Preconditions& preconditions) {
  const Stored live = store_.find(place);
  if (live == nullptr) return not_found(place);
  if (!preconditions.uid.empty() && preconditions.uid != text_at(*live, {"metadata", "uid"})) return conflict("the uid is another");
  if (!preconditions.version.empty() && preconditions.version != text_at(*live, {"metadata", "resourceVersion"})) {
    return conflict("the resourceVersion is another");
  }
  // A pod ends when its kubelet says so.
  const bool lingers = place.kind->kind == "Pod" || !list_at(*live, {"metadata", "finalizers"}).empty();
  if (!lingers) {
    store_.erase(place);
    return {200, live, {}, {}, {}};
  }
  if (live->at("metadata").contains("deletionTimestamp")) return {200, live, {}, {}, {}};
  Object next = *live;
  next["metadata"]["deletionTimestamp"] = base::to_rfc3339(schedule_.wall());
  next["metadata"]["deletionGracePeriodSeconds"] = place.kind->kind == "Pod" ? 30 : 0;
  if (next["metadata"].contains("generation")) next["metadata"]["generation"] = next["metadata"]["generation"].get<int>() + 1;
  return {200, store_.put(place, std::move(next)), {}, {}, {}};
}

kube::Response Server::handle(const kube::Request& request, std::uint64_t stale_by) {
  const auto mark = request.path.find('?');
  const auto address = parse_path(request.path.substr(0, mark));
  const std::string query = mark == std::string::npos ? "" : request.path.substr(mark + 1);
  if (!address) return failure(404, "NotFound", "the server could not find the requested resource");
  if (request.method != "GET") return write(request, *address, query);
  if (address->place.name.empty()) return list(address->place, query, stale_by);
  const Stored found = store_.find(address->place);
  if (found == nullptr) return failure(404, "NotFound", fmt::format("{} not found", sim::describe(address->place)));
  return {200, found->dump(), std::nullopt};
}

kube::Response Server::list(const Place& collection, std::string_view query, std::uint64_t stale_by) {
  const Selection selection = Selection::of(collection, query);
  std::uint64_t version = store_.version() - std::min(stale_by, store_.version() - store_.forgotten());
  std::size_t from = 0;
  if (const std::string token = parameter(query, "continue"); !token.empty()) {
    version = number(token);
    from = number(std::string_view(token).substr(token.find(':') + 1));
    if (version < store_.forgotten()) return failure(410, "Expired", "the provided continue parameter is too old");
  }
  std::size_t limit = number(parameter(query, "limit"));
  if (limit == 0) limit = SIZE_MAX;
  const auto all = version == store_.version() ? store_.list(*collection.kind, collection.name_space)
                                               : store_.list_at(*collection.kind, collection.name_space, version);
  std::string items;
  std::size_t seen = 0;
  std::size_t taken = 0;
  bool more = false;
  for (const Stored& object : all) {
    if (!selection.matches(*object) || seen++ < from) continue;
    if (taken == limit) {
      more = true;
      break;
    }
    items += (taken++ == 0 ? "" : ",") + object->dump();
  }
  Object metadata = {{"resourceVersion", std::to_string(version)}};
  if (more) metadata["continue"] = fmt::format("{}:{}", version, from + taken);
  return {200, fmt::format(R"({{"kind":"List","apiVersion":"v1","metadata":{},"items":[{}]}})", metadata.dump(), items), std::nullopt};
}

kube::Response Server::write(const kube::Request& request, const Address& address, std::string_view query) {
  Object body = Object::parse(request.body, nullptr, false);
  if (!body.is_object()) return failure(400, "BadRequest", "the body is not an object");
  if (body.contains("metadata")) body["metadata"].emplace("namespace", address.place.name_space);      // the path says it already
  std::string who = parameter(query, "fieldManager");
  if (who.empty()) who = "unknown";
  Answer answer{405, nullptr, "MethodNotAllowed", request.method, {}};
  if (request.method == "POST") {
    answer = create(body, who);
  } else if (request.method == "PUT") {
    answer = replace(address.place, body, who, address.subresource);
  } else if (request.method == "DELETE") {
    answer = remove(address.place, {text_at(body, {"preconditions", "uid"}), text_at(body, {"preconditions", "resourceVersion"})});
  } else if (request.content_type == "application/apply-patch+yaml") {
    const bool force = parameter(query, "force") == "true";
    answer = place_of(body) == address.place ? apply(body, who, force, address.subresource)
                                             : Answer{400, nullptr, "BadRequest", "the body names another object than the path", {}};
  } else if (request.content_type == "application/merge-patch+json") {
    answer = merge_patch(address.place, body, who, address.subresource);
  }
  if (!answer.good()) return failure(answer.status, answer.reason, answer.message, answer.field);
  if (request.accept.find("as=PartialObjectMetadata") == std::string::npos) return {answer.status, answer.object->dump(), std::nullopt};
  Object metadata = (*answer.object)["metadata"];
  metadata.erase("managedFields");
  return {answer.status,
          Object{{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", std::move(metadata)}}.dump(),
          std::nullopt};
}

}  // namespace sim
