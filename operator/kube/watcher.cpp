#include "operator/kube/watcher.hpp"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

namespace kube {
namespace {

using base::Code;
using nlohmann::json;

std::string string_at(const json& object, const json::json_pointer& path) {
  return object.is_object() && object.contains(path) && object[path].is_string() ? object[path].get<std::string>() : std::string{};
}

const json::json_pointer kVersion{"/metadata/resourceVersion"};
const json::json_pointer kContinue{"/metadata/continue"};

base::Error malformed(const WatchTarget& target, std::string what) {
  return base::Error{Code::Internal, std::string(target.kind->plural) + ": " + std::move(what), {}, std::nullopt};
}

}  // namespace

std::uint64_t version_number(std::string_view resource_version) {
  std::uint64_t number = 0;
  const char* end = resource_version.data() + resource_version.size();
  const auto [rest, error] = std::from_chars(resource_version.data(), end, number);
  return error == std::errc{} && rest == end ? number : 0;
}

std::string WatchTarget::path() const {
  std::string path = path_of(*kind, name_space);
  if (kind == &platform_kind()) return path + "?";
  path += "?labelSelector=" + encode(std::string(kManagedByLabel) + "=" + std::string(kManagedByValue)) + "&";
  if (!name.empty()) path += "fieldSelector=" + encode("metadata.name=" + name) + "&";
  return path;
}

Watcher::Watcher(WatchTarget target, Loop& loop, Transport& transport, base::Rng& rng, WatchSink& sink)
    : target_(std::move(target)),
      loop_(loop),
      transport_(transport),
      rng_(rng),
      sink_(sink) {}

void Watcher::feed(const WatchInput& input) {
  for (const WatchAction& action : step(watch_, input, loop_.clock().steady_now(), rng_)) {
    std::visit([this](const auto& a) { act(a); }, action);
  }
}

void Watcher::act(const watch_action::BeginReplace&) { sink_.begin_replace(); }

void Watcher::act(const watch_action::ListPage& action) {
  Request request;
  request.method = "GET";
  request.path = target_.path() + "limit=" + std::to_string(kListPageObjects);
  if (!action.continue_token.empty()) request.path += "&continue=" + encode(action.continue_token);
  transport_.send(std::move(request), lifetime_.wrap([this](const base::Result<Response>& result) { page_read(result); }));
}

void Watcher::act(const watch_action::FinishReplace&) {
  sink_.finish_replace();
  sink_.progress(version_number(watch_.resource_version));
}

void Watcher::act(const watch_action::OpenStream& action) {
  framer_ = LineFramer{};
  Request request;
  request.method = "GET";
  request.path = target_.path() + "watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(kWatchServerTimeout.count()) +
                 "&resourceVersion=" + encode(action.resource_version);
  StreamEvents events;
  events.opened = [this] {
    alive();
    heard();
    feed(watch_input::Opened{});
  };
  events.data = [this](std::string_view piece) { data(piece); };
  // The stream is destroyed while it reports, so what follows waits for the loop's next turn.
  events.ended = [this](const base::Status& status) { later([this, status] { stream_ended(status); }); };
  heard();
  ++streams_;
  stream_ = transport_.open(std::move(request), std::move(events));
}

void Watcher::act(const watch_action::RetryAfter& action) {
  stream_.reset();
  silence_.cancel();
  retry_ = Timer(loop_, action.delay, [this] { feed(watch_input::Wake{}); });
}

void Watcher::page_read(const base::Result<Response>& result) {
  if (result) alive();
  if (!result) return fail(result.error());
  if (result->status != 200) return fail(error_of(*result));
  json page = json::parse(result->body, nullptr, false);
  const auto items = page.is_object() ? page.find("items") : page.end();
  const std::string version = string_at(page, kVersion);
  if (version.empty() || items == page.end()) return fail(malformed(target_, "the list is not a Kubernetes list"));
  if (items->is_array()) {
    for (json& item : *items) {
      if (!item.is_object()) return fail(malformed(target_, "an item of the list is no object"));
      item["apiVersion"] = target_.kind->api_version;   // items of a list do not carry their kind
      item["kind"] = target_.kind->kind;
      sink_.apply(std::move(item));
    }
  }
  feed(watch_input::Page{version, string_at(page, kContinue)});
}

void Watcher::data(std::string_view piece) {
  alive();
  heard();
  const auto fed = framer_.feed(piece, [this](std::string_view text) {
    if (stream_ != nullptr && watch_.state == Watch::State::Watching) line(text);
  });
  if (!fed) {
    // Such a line would come again from the same version; starting over from a list is the way round it.
    later([this, error = fed.error()] { fail(error); });
  }
}

void Watcher::line(std::string_view text) {
  json event = json::parse(text, nullptr, false);
  const std::string type = string_at(event, json::json_pointer("/type"));
  const bool versioned = type == "ERROR" || !string_at(event, json::json_pointer("/object/metadata/resourceVersion")).empty();
  if (type.empty() || !event.contains("object") || !event["object"].is_object() || !versioned) {
    later([this] { fail(malformed(target_, "a line of the watch is not a watch event")); });
    return;
  }
  json& object = event["object"];
  if (type == "ERROR") {
    const json code = object.value("code", json());
    Response response{code.is_number_integer() ? code.get<int>() : 500, object.dump(), std::nullopt};
    later([this, error = error_of(response)] { fail(error); });
    return;
  }
  const std::string version = string_at(object, kVersion);
  if (type == "DELETED") {
    sink_.remove(object);
  } else if (type == "ADDED" || type == "MODIFIED") {
    sink_.apply(std::move(object));
  }
  feed(watch_input::Progress{version});
  sink_.progress(version_number(version));
}

void Watcher::stream_ended(const base::Status& status) {
  stream_.reset();
  silence_.cancel();
  if (!status) return fail(status.error());
  feed(watch_input::Ended{});
}

void Watcher::fail(const base::Error& error) {
  // Unknown is what no answer looks like, and DeadlineExceeded our own impatience; everything else somebody said.
  if (error.code != Code::Unknown && error.code != Code::DeadlineExceeded) alive();
  stream_.reset();
  sink_.trouble(error);
  feed(watch_input::Failed{error});
}

void Watcher::later(Task task) {
  loop_.post(lifetime_.wrap([this, stream = streams_, task = std::move(task)] {
    if (stream_ != nullptr && streams_ == stream) task();
  }));
}

void Watcher::heard() {
  silence_ = Timer(loop_, kWatchSilenceMax, [this] {
    fail(base::Error{Code::DeadlineExceeded, std::string(target_.kind->plural) + ": the watch went silent", {}, std::nullopt});
  });
}

}  // namespace kube
