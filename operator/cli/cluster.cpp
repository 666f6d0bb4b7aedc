#include "operator/cli/cluster.hpp"

#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "controllers/object/path.hpp"
#include "operator/cli/refusal.hpp"

namespace cli {
namespace {

using base::Code;
using nlohmann::json;

// The transport gives a request up after kRequestTimeout; that answer has to reach the loop too.
constexpr std::chrono::milliseconds kAnswerTimeout = kube::kRequestTimeout + std::chrono::seconds(2);
constexpr int kListedMax = 500;      // platforms of a namespace, operators of a cluster, pods of a job

/// 404 of a kind that is not there at all; only its words tell it from that of an object.
bool is_unknown_kind(const base::Error& error) { return error.message.find("could not find the requested resource") != std::string::npos; }

}  // namespace

std::string words(const kube::ObjectId& id) {
  return std::string(id.kind->kind) + " " + (id.name_space.empty() ? "" : id.name_space + "/") + id.name;
}

base::Result<kube::Response> Cluster::send(kube::Request request, const std::string& what) {
  const auto answer = std::make_shared<std::optional<base::Result<kube::Response>>>();
  transport_.send(std::move(request), [answer](base::Result<kube::Response> result) { *answer = std::move(result); });
  if (!wait([answer] { return answer->has_value(); }, kAnswerTimeout)) {
    return base::fail(told({Code::DeadlineExceeded, "no answer in time", {}, std::nullopt}, what));
  }
  if (!**answer) return base::fail(told((*answer)->error(), what));
  return std::move(***answer);
}

base::Result<json> Cluster::ask(kube::Request request, const std::string& what) {
  const auto response = send(std::move(request), what);
  if (!response) return base::fail(response.error());
  if (response->status < 200 || response->status >= 300) return base::fail(told(kube::error_of(*response), what));
  json body = json::parse(response->body, nullptr, false);
  if (body.is_discarded()) return base::fail(told({Code::Unknown, "the answer is no JSON", {}, std::nullopt}, what));
  return body;
}

base::Result<Answer> Cluster::ask_service(kube::Request request, const std::string& what) {
  const auto response = send(std::move(request), what);
  if (!response) return base::fail(response.error());
  json body = json::parse(response->body, nullptr, false);
  // The API server itself speaks of what it cannot or may not pass on as a Status.
  if (controllers::object::text_at(body, {"kind"}) == "Status") return base::fail(told(kube::error_of(*response), what));
  return Answer{response->status, body.is_discarded() ? json() : std::move(body)};
}

base::Result<json> Cluster::get(std::string path, const std::string& what) {
  kube::Request request;
  request.method = "GET";
  request.path = std::move(path);
  return ask(std::move(request), what);
}

base::Result<json> Cluster::list(const std::string& path, const std::string& labels, const std::string& what) {
  const std::string selector = labels.empty() ? "" : "labelSelector=" + kube::encode(labels) + "&";
  auto body = get(path + "?" + selector + "limit=" + std::to_string(kListedMax), what);
  if (!body) return base::fail(body.error());
  const auto items = body->find("items");
  return items == body->end() || !items->is_array() ? json::array() : std::move(*items);
}

base::Result<std::optional<json>> Cluster::find(const kube::ObjectId& id) {
  auto body = get(kube::path_of(*id.kind, id.name_space, id.name), "read " + words(id));
  if (body) return std::optional<json>(std::move(*body));
  if (body.error().code == Code::NotFound && !is_unknown_kind(body.error())) return std::optional<json>{};
  return base::fail(body.error());
}

base::Result<json> Cluster::merge_patch(const kube::ObjectId& id, const json& patch, const std::string& what) {
  kube::Request request;
  request.method = "PATCH";
  request.path = kube::path_of(*id.kind, id.name_space, id.name) + "?fieldManager=kubectl-payment";
  request.content_type = "application/merge-patch+json";
  request.body = patch.dump(-1, ' ', false, json::error_handler_t::replace);
  return ask(std::move(request), what);
}

base::Error Cluster::told(base::Error error, const std::string& what) const {
  const std::string said = reason_in(error.message);
  switch (error.code) {
    case Code::PermissionDenied:
      error.message = "you may not " + what + ": " + said + "; ask for that right, or use another --context";
      break;
    case Code::Unauthenticated:
      error.message = server_ + " does not know who you are (cannot " + what + "): " + said + "; renew the credentials in the kubeconfig";
      break;
    case Code::Unavailable:
    case Code::Unknown:
    case Code::DeadlineExceeded:
      error.message =
          "cannot " + what + ": " + server_ + ": " + said + "; is it the right --context, and does `kubectl cluster-info` work?";
      break;
    default:
      error.message = "cannot " + what + ": " + said;
      if (is_unknown_kind(error)) error.message += "; install the operator's chart, which brings PaymentPlatform";
  }
  return error;
}

}  // namespace cli
