#include "tests/sim/operator/operations.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/operator/scripts.hpp"
#include "tests/sim/operator/server.hpp"
#include "tests/sim/operator/vary.hpp"

namespace sim {
namespace {

using controllers::object::text_at;

constexpr const char* kApply = "application/apply-patch+yaml";
constexpr const char* kMergePatch = "application/merge-patch+json";
constexpr const char* kNobodysUid = "11111111-1111-1111-1111-111111111111";
constexpr int kTurns = 6;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
  return text;
}

/// What happens to one object.
class Row {
 public:
  Row(Object original, std::uint64_t seed) : rng_(seed), vary_(rng_), original_(std::move(original)) {
    original_["metadata"]["name"] = fmt::format("{}-{}", text_at(original_, {"metadata", "name"}), seed);
    status_ = original_.value("status", Object());
    original_.erase("status");
  }

  std::vector<Operation> play() {
    if (vary_.chance(10)) apply("us", identified(original_, kNobodysUid), true);      // of what does not exist
    begin();
    for (int turn = 0; turn < kTurns; ++turn) act();
    return std::move(operations_);
  }

 private:
  [[nodiscard]] bool is(const char* kind) const { return text_at(original_, {"kind"}) == kind; }
  [[nodiscard]] Place place() const { return place_of(original_); }
  [[nodiscard]] std::string path() const { return kube::path_of(*place().kind, place().name_space, place().name); }
  [[nodiscard]] static Object identified(Object object, const char* uid) {
    object["metadata"]["uid"] = uid;
    return object;
  }
  [[nodiscard]] Object named(Object object) const {
    for (const char* key : {"apiVersion", "kind"}) object[key] = original_[key];
    for (const char* key : {"name", "namespace"}) object["metadata"][key] = original_["metadata"][key];
    return object;
  }

  void send(const char* method, std::string where, const char* content_type, Object body) {
    const Stored live = server_.store().find(place());
    std::string text = body.dump();
    if (live) {
      text = replaced(text, kItsUid, text_at(*live, {"metadata", "uid"}));
      text = replaced(text, kItsVersion, text_at(*live, {"metadata", "resourceVersion"}));
    }
    kube::Request request;
    request.method = method;
    request.path = where;
    request.content_type = content_type;
    request.body = text;
    const int status = server_.handle(request).status;
    const Stored now = server_.store().find(place());
    operations_.push_back({method, std::move(where), content_type, std::move(body), status, now ? *now : Object()});
    schedule_.pass_until(schedule_.now() + seconds(1));
  }
  void apply(const std::string& who, const Object& object, bool force, const char* subresource = "") {
    send("PATCH", fmt::format("{}{}?fieldManager={}&force={}", path(), subresource, who, force), kApply, named(object));
  }
  void patch(const Object& patch, const char* subresource = "") {
    send("PATCH", fmt::format("{}{}?fieldManager=editor", path(), subresource), kMergePatch, patch);
  }
  void create(const Object& object) {
    send("POST", kube::path_of(*place().kind, place().name_space) + "?fieldManager=us", "application/json", object);
  }
  void remove(const Object& preconditions) {
    send("DELETE", path(), "application/json",
         {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}, {"preconditions", preconditions}});
  }

  void begin() {
    if (!is("Secret") && !is("Lease") && vary_.chance(80)) return apply("us", original_, false);
    Object object = original_;
    if (is("Secret")) object["stringData"]["id"] = "A1";
    create(object);
  }

  void act() {
    if (!server_.store().find(place())) return begin();
    Object body = original_;
    vary_.change(body);
    switch (vary_.below(is("PaymentPlatform") ? 11 : 9)) {
      case 0:      // we, with other values and more of it, once or twice
        vary_.add(body);
        apply("us", body, vary_.chance(60));
        return apply("us", body, true);
      case 1: {      // somebody else, with a part of it
        Object some = vary_.part(body, Type::of(body), 50);
        if (some.contains("spec") && is("PaymentPlatform")) some["spec"] = body["spec"];      // parts of it need others
        some = named(some);
        vary_.add(some);
        return apply("them", some, vary_.chance(50));
      }
      case 2:      // we, with less of it
        if (Object& labels = body["metadata"]["labels"]; !labels.empty()) labels = vary_.part(labels, Type::of({}), 50);
        if (body["metadata"]["labels"].empty()) body["metadata"].erase("labels");
        if (body.contains("data")) {
          if (const Object some = vary_.part(body["data"], Type::of({}), 50); !some.empty()) body["data"] = some;
        }
        return apply("us", body, true);
      case 3: return patch(vary_.edit(*server_.store().find(place())));
      case 4:      // the same again
        apply("us", body, true);
        return apply("us", body, true);
      case 5:
        if (!is("Deployment") && !is("StatefulSet")) return patch({{"metadata", {{"labels", nullptr}}}});
        return apply("scaler", {{"spec", {{"replicas", 1 + vary_.below(4)}}}}, vary_.chance(70));
      case 6: return under_conditions(body);
      case 7:
        if (vary_.chance(50)) remove({{"uid", kNobodysUid}});
        if (vary_.chance(50)) remove({{"uid", kItsUid}, {"resourceVersion", "1"}});
        return remove(vary_.chance(50) ? Object{{"uid", kItsUid}} : Object{{"uid", kItsUid}, {"resourceVersion", kItsVersion}});
      case 8: return create(original_);      // which exists
      default: return set_status();
    }
  }

  void under_conditions(Object body) {
    const bool right = vary_.chance(50);
    if (is("ConfigMap") || is("Lease")) {
      body["metadata"]["resourceVersion"] = right ? kItsVersion : "1";
      if (is("Lease")) body["spec"]["holderIdentity"] = "another";
      return send("PUT", path() + "?fieldManager=editor", "application/json", body);
    }
    if (vary_.chance(50)) return apply("us", identified(body, right ? kItsUid : kNobodysUid), true);
    patch({{"metadata", {{"resourceVersion", right ? kItsVersion : "1"}, {"finalizers", {"example.com/kept"}}}}});
  }

  void set_status() {
    Object status = status_;
    status["observedGeneration"] = 1 + vary_.below(5);
    if (vary_.chance(30)) return patch({{"status", {{"conditions", Object::array()}}}}, "/status");
    Object some = vary_.chance(50) ? Object{{"observedGeneration", 7}} : status;
    if (vary_.chance(50)) some["conditions"] = Object::array({status["conditions"][0]});
    apply(vary_.chance(70) ? "status" : "them", {{"status", some}}, vary_.chance(70), "/status");
  }

  base::SeededRng rng_;
  Variation vary_;
  Object original_;
  Object status_;
  Schedule schedule_;
  Server server_{schedule_};
  std::vector<Operation> operations_;
};

}  // namespace

std::vector<Object> written_objects() {
  std::vector<Object> found;
  Planted listener;
  listener.tamper = [&found](kube::Request& request) {
    if (request.path.find("?fieldManager=payment-operator&") == std::string::npos || request.method != "PATCH") return;
    Object object = Object::parse(request.body, nullptr, false);
    if (object["metadata"].contains("uid")) return;
    object["metadata"].erase("ownerReferences");      // of a platform that is only here
    found.push_back(std::move(object));
  };
  World world({.planted = listener});
  world.start_operator();
  world.run_for(seconds(2));
  begin(world, *find_script("install-large"));
  world.run_for(minutes(3));
  std::erase_if(found, [](const Object& object) { return object["kind"] == "PersistentVolumeClaim"; });      // nearly all of it is fixed

  Object platform = *world.platform();
  for (const char* key : {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "finalizers"}) {
    platform["metadata"].erase(key);
  }
  const auto other = [](const char* api_version, const char* kind) -> Object {
    return {{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", "other"}, {"namespace", kNamespace}}}};
  };
  Object secret = other("v1", "Secret");
  secret["data"] = {{"a", "eA=="}, {"b", "eQ=="}};
  Object lease = other("coordination.k8s.io/v1", "Lease");
  lease["spec"] = {{"holderIdentity", "one"}, {"leaseDurationSeconds", 15}, {"leaseTransitions", 1}};
  found.insert(found.end(), {platform, platform, secret, lease});
  return found;
}

std::vector<Operation> generate_operations(const std::vector<Object>& objects, std::uint64_t seed) {
  return Row(objects[seed % objects.size()], seed).play();
}

std::string to_line(std::uint64_t seed, const std::vector<Operation>& operations) {
  Object list = Object::array();
  for (const Operation& one : operations) {
    list.push_back({{"method", one.method},
                    {"path", one.path},
                    {"type", one.content_type},
                    {"body", one.body},
                    {"status", one.status},
                    {"after", one.after}});
  }
  return Object{{"seed", seed}, {"operations", std::move(list)}}.dump();
}

}  // namespace sim
