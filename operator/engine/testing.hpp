// A small API server in memory, for the engine's tests: enough of lists, watches, server-side apply, create, delete and status
// to run the real engine against it, with faults on any request. It is not a judge of what the real one accepts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/engine/key_maker.hpp"
#include "operator/kube/testing.hpp"

namespace engine::testing {

using nlohmann::json;

enum class Fault { None, LostBefore, LostAfter, Conflict, TooMany, Refused };

class FakeApiServer final : public kube::Transport {
 public:
  explicit FakeApiServer(kube::testing::ManualLoop& loop) : loop_(loop) {}

  /// Asked before every write; None by default.
  std::function<Fault(const kube::Request&)> fault = [](const kube::Request&) { return Fault::None; };
  /// What may not be read; asked by path, of a collection or of an object.
  std::function<bool(const std::string&)> forbidden = [](const std::string&) { return false; };
  /// Answers to writes take so long; what they do is done at once.
  std::chrono::milliseconds delay{0};
  /// Events wait here while true, as they would on a slow watch.
  bool hold_events = false;
  /// Streams that are asked for while true are never answered.
  bool mute = false;

  std::vector<kube::Request> writes;      // as asked, in order
  std::size_t reads = 0;                  // GETs of single objects
  std::map<std::string, json> objects;    // by path

  void send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) override {
    const bool write = request.method != "GET";
    kube::Task reply = [done = std::move(done), answer = handle(request)] { done(answer); };
    write&& delay.count() > 0 ? static_cast<void>(loop_.start_timer(delay, std::move(reply))) : loop_.post(std::move(reply));
  }

  std::unique_ptr<kube::Stream> open(kube::Request request, kube::StreamEvents events) override {
    auto stream = std::make_shared<Open>(Open{collection_of(request.path), std::move(events)});
    if (mute) return std::make_unique<Handle>(std::move(stream));
    streams_.push_back(stream);
    loop_.post([stream] {
      if (!stream->closed) stream->events.opened();
    });
    return std::make_unique<Handle>(std::move(stream));
  }

  /// A user's hand: no fault, not counted.
  void put(const std::string& path, json object) {
    const bool fresh = !objects.contains(path);
    json& metadata = object["metadata"];
    if (fresh || !metadata.contains("uid")) metadata["uid"] = "uid-" + std::to_string(++last_uid_);
    store(path, std::move(object), fresh ? "ADDED" : "MODIFIED");
  }
  void erase(const std::string& path) {
    const auto it = objects.find(path);
    if (it == objects.end()) return;
    json object = it->second;
    objects.erase(it);
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    emit(path, "DELETED", object);
  }
  void release_events() {
    hold_events = false;
    for (auto& task : held_) loop_.post(std::move(task));
    held_.clear();
    loop_.settle();
  }

 private:
  struct Open {
    std::string collection;
    kube::StreamEvents events;
    bool closed = false;
  };
  class Handle final : public kube::Stream {
   public:
    explicit Handle(std::shared_ptr<Open> stream) : stream_(std::move(stream)) {}
    ~Handle() override { stream_->closed = true; }

   private:
    std::shared_ptr<Open> stream_;
  };

  static std::string collection_of(const std::string& path) { return path.substr(0, path.find('?')); }

  /// "/api/v1/namespaces/pay/configmaps/x" lies in "/api/v1/configmaps" and "/api/v1/namespaces/pay/configmaps".
  static bool lies_in(const std::string& path, const std::string& collection) {
    const std::string own = path.substr(0, path.rfind('/'));
    if (own == collection) return true;
    const auto at = own.find("/namespaces/");
    const auto end = own.find('/', at + 12);
    return at != std::string::npos && own.substr(0, at) + own.substr(end) == collection;
  }

  static kube::Response status(int code, const std::string& reason) {
    return {code, json{{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", reason}}.dump(), std::nullopt};
  }

  base::Result<kube::Response> handle(const kube::Request& request) {
    if (request.method == "GET") return get(request.path);
    writes.push_back(request);
    const base::Error lost{base::Code::Unknown, "no answer", {}, std::nullopt};
    switch (fault(request)) {
      case Fault::None: return write(request);
      case Fault::LostBefore: return base::fail(lost);
      case Fault::LostAfter: (void)write(request); return base::fail(lost);
      case Fault::Conflict: return status(409, "Conflict");
      case Fault::TooMany: {
        kube::Response response = status(429, "TooManyRequests");
        response.retry_after = std::chrono::seconds(7);
        return response;
      }
      case Fault::Refused: return status(422, "Invalid");
    }
    return base::fail(lost);
  }

  base::Result<kube::Response> get(const std::string& full) {
    const std::string path = collection_of(full);
    if (forbidden(path)) return status(403, "Forbidden");
    if (full.find("limit=") == std::string::npos) {
      ++reads;
      const auto it = objects.find(path);
      return it == objects.end() ? status(404, "NotFound") : kube::Response{200, it->second.dump(), std::nullopt};
    }
    json items = json::array();
    for (const auto& [where, object] : objects) {
      if (lies_in(where, path)) items.push_back(object);
    }
    return kube::Response{200, json{{"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", items}}.dump(), std::nullopt};
  }

  base::Result<kube::Response> write(const kube::Request& request) {
    std::string path = collection_of(request.path);
    const json body = json::parse(request.body);
    if (request.method == "DELETE") return remove(path, body);
    if (request.method == "POST") {
      path += "/" + body["metadata"]["name"].get<std::string>();
      if (objects.contains(path)) return status(409, "AlreadyExists");
      if (path.find("/events/") != std::string::npos) return kube::Response{201, body.dump(), std::nullopt};
      put(path, body);
      return kube::Response{201, objects[path].dump(), std::nullopt};
    }
    const bool subresource = path.ends_with("/status");
    if (subresource) path.resize(path.size() - 7);
    const auto it = objects.find(path);
    const std::string uid = body["metadata"].value("uid", "");
    const std::string version = body["metadata"].value("resourceVersion", "");
    if (it == objects.end() && !version.empty()) return status(404, "NotFound");
    if (!version.empty() && it->second["metadata"]["resourceVersion"] != version) return status(409, "Conflict");
    if (it == objects.end() && (subresource || !uid.empty())) return status(uid.empty() ? 404 : 409, "Conflict");
    if (it != objects.end() && !uid.empty() && it->second["metadata"]["uid"] != uid) return status(409, "Conflict");
    if (it != objects.end() && uid.empty() && request.path.find("force=false") != std::string::npos) return status(409, "Conflict");
    json object = it == objects.end() ? json::object() : it->second;
    object.merge_patch(subresource ? json{{"status", body["status"]}} : body);
    if (it == objects.end() || object != it->second) put(path, std::move(object));
    return kube::Response{200, objects[path].dump(), std::nullopt};
  }

  base::Result<kube::Response> remove(const std::string& path, const json& options) {
    const auto it = objects.find(path);
    if (it == objects.end()) return status(404, "NotFound");
    const json& wanted = options["preconditions"];
    for (const char* key : {"uid", "resourceVersion"}) {
      if (wanted.contains(key) && wanted[key] != it->second["metadata"][key]) return status(409, "Conflict");
    }
    erase(path);
    return kube::Response{200, R"({"kind":"Status","metadata":{}})", std::nullopt};
  }

  void store(const std::string& path, json object, const char* type) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    emit(path, type, object);
    objects[path] = std::move(object);
  }

  void emit(const std::string& path, const char* type, const json& object) {
    const std::string line = json{{"type", type}, {"object", object}}.dump() + "\n";
    for (const auto& stream : streams_) {
      if (stream->closed || !lies_in(path, stream->collection)) continue;
      kube::Task task = [stream, line] {
        if (!stream->closed) stream->events.data(line);
      };
      hold_events ? held_.push_back(std::move(task)) : loop_.post(std::move(task));
    }
  }

  kube::testing::ManualLoop& loop_;
  std::vector<std::shared_ptr<Open>> streams_;
  std::vector<kube::Task> held_;
  std::uint64_t version_ = 100;
  std::uint64_t last_uid_ = 0;
};

/// Keys at once and always the same: no processor time in tests.
class FakeKeyMaker final : public KeyMaker {
 public:
  explicit FakeKeyMaker(kube::Loop& loop) : loop_(loop) {}
  void rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) override {
    loop_.post([done = std::move(done)] { done(crypto::RsaKeyPair{base::Secret("PRIVATE"), "PUBLIC"}); });
  }

 private:
  kube::Loop& loop_;
};

}  // namespace engine::testing
