#include "tests/sim/operator/properties.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "controllers/component/objects.hpp"
#include "controllers/component/reason.hpp"
#include "controllers/database/database.hpp"
#include "controllers/jobs/jobs.hpp"
#include "controllers/secrets/rotation.hpp"
#include "tests/sim/operator/fields.hpp"

namespace sim {

using controllers::object::dig;
using controllers::object::is_deleting;
using controllers::object::list_at;
using controllers::object::number_at;
using controllers::object::text_at;

namespace {

/// Every identity and every time of the text as a word.
std::string plain(const std::string& text) {
  std::string out;
  const auto digits = [&](std::size_t at, std::size_t n) {
    return at + n <= text.size() &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(at + n),
                       [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
  };
  for (std::size_t i = 0; i < text.size();) {
    if (digits(i, 8) && text.compare(i + 8, 16, "-0000-4000-8000-") == 0) {
      out += "UID";
      i += 36;
    } else if (digits(i, 4) && i + 20 <= text.size() && text[i + 4] == '-' && text[i + 10] == 'T' && text[i + 19] == 'Z') {
      out += "TIME";
      i += 20;
    } else {
      out += text[i++];
    }
  }
  return out;
}

Object without_foreign(const Object& object, const std::vector<std::string>& foreign) {
  Object kept = object;
  std::vector<const Object*> keepers;
  std::vector<const Object*> theirs;
  for (const Object& entry : list_at(object, {"metadata", "managedFields"})) {
    const bool other = std::find(foreign.begin(), foreign.end(), text_at(entry, {"manager"})) != foreign.end();
    (other ? theirs : keepers).push_back(&entry["fieldsV1"]);
  }
  for (const Object* set : theirs) prune(kept, *set, keepers, Type::of(object));
  return kept;
}

Object normal(const Object& object, const std::vector<std::string>& foreign) {
  Object kept = without_foreign(object, foreign);
  Object& metadata = kept["metadata"];
  for (const char* key : {"resourceVersion", "generation", "managedFields"}) metadata.erase(key);
  if (const auto annotations = metadata.find("annotations"); annotations != metadata.end()) {
    for (const char* key : {"sim/template", "deployment.kubernetes.io/revision"}) annotations->erase(key);
  }
  for (const char* map : {"annotations", "labels"}) {
    if (metadata.contains(map) && metadata[map].empty()) metadata.erase(map);
  }
  const std::string kind = text_at(kept, {"kind"});
  if (kind == "Secret" && kept.contains("data")) {
    for (auto& [key, value] : kept["data"].items()) value = value.get<std::string>().empty() ? "empty" : "value";
  }
  if (kind == "PaymentPlatform") {
    kept["status"].erase("observedGeneration");
    // The server may keep these in any order.
    Object conditions = Object::object();
    for (Object& condition : kept["status"]["conditions"]) {
      condition.erase("observedGeneration");
      conditions[text_at(condition, {"type"})] = condition;
    }
    kept["status"]["conditions"] = std::move(conditions);
  } else {
    kept.erase("status");
  }
  return Object::parse(plain(kept.dump()));
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

/// A reason in the status that was sent which is not on the closed list, or "".
std::string unknown_reason(const Object& status) {
  const auto is_known = [](const std::string& word) {
    for (std::size_t i = 0; i < controllers::kReasons; ++i) {
      if (word == controllers::name_of(static_cast<controllers::Reason>(i))) return true;
    }
    return false;
  };
  for (const char* list : {"conditions", "pendingChanges"}) {
    for (const Object& one : list_at(status, {"status", list})) {
      if (const std::string reason = text_at(one, {"reason"}); !is_known(reason)) return "\"" + reason + "\"";
    }
  }
  return {};
}

/// Digests of the user's passwords, by which a schema Job is named too, are keyed with what this world happened to generate.
Picture without_digests(const Picture& picture) {
  std::string text = Object(picture).dump();
  for (const auto& [name, object] : picture) {
    const std::string digests = text_at(object, {"metadata", "annotations", controllers::secrets::kPasswords});
    if (digests.empty()) continue;
    replace_all(text, digests, "digests");
    replace_all(text, text_at(object, {"metadata", "name"}), "schema-by-digests");
  }
  return Object::parse(text).get<Picture>();
}

}  // namespace

Properties::Properties(Store& store) : store_(store) {
  store.subscribe([this](const Change& change) { changed(change); });
}

void Properties::violated(const std::string& what) {
  if (violation_.empty()) violation_ = what;
}

void Properties::seen(const Seen& request, base::SteadyPoint now) {
  const auto& [process, sent, address, before, after, status] = request;
  if (sent.method == "GET" || address.place.kind->kind == "Lease") return;
  ++writes_;
  last_write_ = now;
  last_write_what_ = fmt::format("{} {} by operator {}", sent.method, sent.path, process);
  const bool changed_it = before != after;
  if (address.place.name_space.empty()) violated("a write outside of every namespace: " + last_write_what_);
  if (changed_it && before && dig(*before, {"metadata", "annotations", kStranger}) != nullptr) {
    violated("a write to a stranger's object: " + last_write_what_);
  }
  if (address.place.kind->kind == kube::platform_kind().kind && sent.path.find("/status") != std::string::npos) {
    const std::string reason = unknown_reason(Object::parse(sent.body, nullptr, false));
    if (!reason.empty()) violated("a reason that nobody can look up: " + reason);
  }
  if (sent.method == "DELETE" && text_at(Object::parse(sent.body, nullptr, false), {"preconditions", "uid"}).empty()) {
    violated("a delete without a uid: " + last_write_what_);
  }
  if (address.place.kind->kind == "Job" && changed_it && controllers::object::controller_uid(before ? *before : *after) != "")
    look_at_job(request);
}

/// A Job is made anew when it failed, when it was for another spec, or when somebody else took it away; otherwise its work is done twice.
void Properties::look_at_job(const Seen& request) {
  const Place& place = request.address.place;
  const Object& job = request.before ? *request.before : *request.after;
  const auto spec = [&] {
    const Object& owner = list_at(job, {"metadata", "ownerReferences"})[0];
    const Stored platform = store_.find({&kube::platform_kind(), place.name_space, text_at(owner, {"name"})});
    return text_at(owner, {"uid"}) + "/" + std::to_string(platform ? number_at(*platform, {"metadata", "generation"}) : 0);
  };
  if (request.request.method == "DELETE" && !controllers::jobs::failed_at(job)) given_up_[place.name] = spec();
  const auto before = given_up_.find(place.name);
  if (!request.before && before != given_up_.end() && before->second == spec()) {
    violated(fmt::format("Job {} was made twice, though it had not failed", place.name));
  }
}

void Properties::changed(const Change& change) {
  if (data_may_go_) return;
  const std::string_view kind = change.place.kind->kind;
  if (kind == "PersistentVolumeClaim" && change.before && controllers::database::is_bound(*change.before)) {
    if (!change.now || is_deleting(*change.now)) violated("a bound volume claim was deleted: " + change.place.name);
  }
  if (kind == "Secret" && change.place.name == controllers::kGeneratedSecret) {
    const std::string data = change.now && change.now->contains("data") ? (*change.now)["data"].dump() : "";
    if (secret_.empty()) secret_ = data;
    if (data != secret_) violated("the generated Secret was " + std::string(data.empty() ? "deleted" : "changed or made again"));
  }
}

Picture picture_of(const Store& store, const std::string& name_space, const std::vector<std::string>& foreign) {
  Picture picture;
  const auto add = [&](const kube::Kind& kind) {
    for (const Stored& object : store.list(kind, name_space)) {
      const bool from_cron = kind.kind == "Job" && !list_at(*object, {"metadata", "ownerReferences"}).empty() &&
                             text_at(list_at(*object, {"metadata", "ownerReferences"})[0], {"kind"}) == "CronJob";
      if (!from_cron) picture[describe(place_of(*object))] = normal(*object, foreign);
    }
  };
  add(kube::platform_kind());
  for (const kube::Kind& kind : kube::child_kinds()) {
    if (kind.kind != "Pod") add(kind);
  }
  return without_digests(picture);
}

Picture with_what_was_put_back(Picture found, const Picture& whole, const Picture& wanted) {
  const std::function<void(Object&, const Object&, const Object&)> put = [&put](Object& kept, const Object& all, const Object& asked) {
    for (const auto& [key, part] : asked.items()) {
      const auto there = all.find(key);
      if (there == all.end()) continue;
      if (part.is_object() && there->is_object()) {
        put(kept[key], *there, part);
      } else if (!kept.contains(key)) {
        kept[key] = *there;
      }
    }
  };
  for (auto& [name, object] : found) {
    if (wanted.contains(name)) put(object, whole.at(name), wanted.at(name));
  }
  return found;
}

std::string difference(const Picture& wanted, const Picture& found) {
  for (const auto& [name, object] : wanted) {
    const auto it = found.find(name);
    if (it == found.end()) return name + " is missing";
    if (it->second == object) continue;
    const Object patch = Object::diff(object, it->second);
    std::string text = name + " differs:";
    for (std::size_t i = 0; i < std::min<std::size_t>(patch.size(), 5); ++i) {
      const Object::json_pointer path(patch[i]["path"].get<std::string>());
      text += fmt::format(" {} {} {} instead of {};", patch[i]["op"].get<std::string>(), path.to_string(),
                          patch[i].value("value", Object("nothing")).dump(), object.contains(path) ? object[path].dump() : "nothing");
    }
    return text;
  }
  for (const auto& [name, object] : found) {
    if (!wanted.contains(name)) return name + " should not be there";
  }
  return {};
}

bool is_settled(const Object& platform) {
  const std::int64_t generation = number_at(platform, {"metadata", "generation"});
  if (number_at(platform, {"status", "observedGeneration"}, -1) != generation) return false;
  if (controllers::object::truth_at(platform, {"spec", "paused"})) return true;      // whatever it is, it stays so
  const Object* ready = controllers::object::condition_of(platform, "Ready");
  return ready != nullptr && text_at(*ready, {"status"}) == "True" && number_at(*ready, {"observedGeneration"}, -1) == generation;
}

}  // namespace sim
