#include "operator/kube/api.hpp"
#include "operator/kube/json_text.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace kube {
namespace {

using base::Code;
using nlohmann::json;

// The answer to a write need not repeat what was sent: its metadata tells what came of it.
constexpr std::string_view kMetadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

bool succeeded(const Response& response) { return response.status >= 200 && response.status < 300; }

base::Result<json> body_of(const base::Result<Response>& result) {
  if (!result) return base::fail(result.error());
  if (!succeeded(*result)) return base::fail(error_of(*result));
  json body = json::parse(result->body, nullptr, false);
  if (!body.is_object()) return base::fail(Code::Unknown, "the answer is not a JSON object");
  return body;
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

base::Result<ObjectId> id_of(const json& object) {
  const std::string api_version = text(object, "apiVersion");
  const std::string kind_name = text(object, "kind");
  const Kind* kind = find_kind(api_version, kind_name);
  if (kind == nullptr) return base::fail(Code::Internal, "no path is known for " + api_version + " " + kind_name);
  const auto metadata = object.find("metadata");
  if (metadata == object.end()) return base::fail(Code::Internal, kind_name + " without metadata");
  ObjectId id{text(*metadata, "namespace"), kind, text(*metadata, "name")};
  if (id.name_space.empty() || id.name.empty()) return base::fail(Code::Internal, kind_name + " without namespace or name");
  return id;
}

void Api::get(const ObjectId& id, Done<std::optional<json>> done) {
  read(path_of(*id.kind, id.name_space, id.name), [done = std::move(done)](base::Result<json> body) {
    if (body) return done(std::move(*body));
    if (body.error().code == Code::NotFound) return done(std::optional<json>{});
    done(base::fail(body.error()));
  });
}

void Api::apply(const json& object, const ApplyOptions& options, Done<Written> done) {
  auto id = id_of(object);
  if (!id) return done(base::fail(id.error()));
  Request request;
  request.method = "PATCH";
  request.path = path_of(*id->kind, id->name_space, id->name) + (options.status ? "/status" : "") +
                 "?fieldManager=" + std::string(options.manager) + "&force=" + (options.uid.empty() ? "false" : "true");
  request.content_type = "application/apply-patch+yaml";   // JSON is YAML
  if (options.uid.empty()) {
    request.body = dump(object);
  } else {
    json identified = object;
    identified["metadata"]["uid"] = options.uid;
    request.body = dump(identified);
  }
  send(std::move(request), std::move(*id), std::move(done));
}

void Api::create(const json& object, Done<Written> done) {
  auto id = id_of(object);
  if (!id) return done(base::fail(id.error()));
  Request request;
  request.method = "POST";
  request.path = path_of(*id->kind, id->name_space) + "?fieldManager=" + std::string(kManager);
  request.content_type = "application/json";
  request.body = dump(object);
  send(std::move(request), std::move(*id), std::move(done));
}

void Api::remove(const ObjectId& id, const std::string& uid, const std::string& resource_version, Done<Written> done) {
  json preconditions = {{"uid", uid}};
  if (!resource_version.empty()) preconditions["resourceVersion"] = resource_version;
  const json options = {
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}, {"preconditions", std::move(preconditions)}};
  Request request;
  request.method = "DELETE";
  request.path = path_of(*id.kind, id.name_space, id.name);
  request.content_type = "application/json";
  request.body = dump(options);
  send(std::move(request), id, [uid, done = std::move(done)](base::Result<Written> written) {
    if (written) written->uid = uid;      // of an object that is gone at once the answer is a Status
    done(std::move(written));
  });
}

void Api::set_finalizers(const ObjectId& id, const std::string& resource_version, const std::vector<std::string>& finalizers,
                         Done<Written> done) {
  const json patch = {{"metadata", {{"resourceVersion", resource_version}, {"finalizers", finalizers}}}};
  Request request;
  request.method = "PATCH";
  request.path = path_of(*id.kind, id.name_space, id.name) + "?fieldManager=" + std::string(kManager);
  request.content_type = "application/merge-patch+json";
  request.body = dump(patch);
  send(std::move(request), id, std::move(done));
}

void Api::write(std::string_view method, std::string path, const json& body, Done<json> done) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.content_type = "application/json";
  request.body = dump(body);
  transport_.send(std::move(request), [done = std::move(done)](const base::Result<Response>& result) { done(body_of(result)); });
}

void Api::read(std::string path, Done<json> done) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  transport_.send(std::move(request), [done = std::move(done)](const base::Result<Response>& result) { done(body_of(result)); });
}

void Api::send(Request request, ObjectId id, Done<Written> done) {
  request.accept = kMetadataOnly;
  transport_.send(std::move(request), [id = std::move(id), done = std::move(done)](const base::Result<Response>& result) {
    const base::Result<json> body = body_of(result);
    if (!body) return done(base::fail(body.error()));
    const auto metadata = body->find("metadata");
    if (metadata == body->end()) return done(Written{id, "", 0});
    done(Written{id, text(*metadata, "uid"), version_number(text(*metadata, "resourceVersion"))});
  });
}

}  // namespace kube
