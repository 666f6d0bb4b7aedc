#include "controllers/secrets/sources.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "controllers/component/live.hpp"
#include "controllers/component/objects.hpp"
#include "controllers/component/pod.hpp"

namespace controllers::secrets {

using object::dig;
using object::list_at;
using object::text_at;

namespace {

constexpr const char* kRootPassword = "mysql-password";
constexpr const char* kApplicationPassword = "mysql-application-password";

const std::vector<std::string> kUserPasswords = {"mysql-migrator-password", kApplicationPassword, "mysql-reader-password"};

/// What the channel adapter opens.
const std::vector<std::string> kWechatKeys = {"wechat-app-id",     "wechat-mch-id",     "wechat-private-key",  "wechat-merchant-serial-no",
                                              "wechat-api-v3-key", "wechat-public-key", "wechat-public-key-id"};

/// Halves of a key pair: both from the user or both from us, or nobody could verify the other's signatures.
const std::vector<std::pair<std::string, std::string>> kPairs = {{"wechat-private-key", "wechat-merchant-public-key"},
                                                                 {"simulator-wechat-private-key", "wechat-public-key"}};
const std::vector<std::string> kSimulatorSingles = {"wechat-app-id", "wechat-mch-id", "wechat-merchant-serial-no", "wechat-api-v3-key",
                                                    "wechat-public-key-id"};

/// key -> Secret, from the volumes of one pod spec. Of two workloads that differ, as half-way through a change from `generated` to the
/// user's, the one with the user's is the newer.
void collect(const Object* pod_spec, const std::string& generated, KeySources& keys) {
  if (pod_spec == nullptr) return;
  for (const Object& volume : list_at(*pod_spec, {"volumes"})) {
    if (text_at(volume, {"name"}) != kSecretsVolume) continue;      // a patch may bring volumes with other Secrets
    for (const Object& source : list_at(volume, {"projected", "sources"})) {
      if (object::truth_at(source, {"secret", "optional"})) continue;      // no decision: they are mounted when they are there
      const std::string secret = text_at(source, {"secret", "name"});
      for (const Object& item : list_at(source, {"secret", "items"})) {
        if (secret.empty()) continue;
        const auto [known, added] = keys.emplace(text_at(item, {"key"}), secret);
        if (!added && known->second == generated) known->second = secret;
      }
    }
  }
}

void collect_workload(const Object& workload, const std::string& generated, KeySources& keys) {
  collect(dig(workload, {"spec", "template", "spec"}), generated, keys);
  collect(dig(workload, {"spec", "jobTemplate", "spec", "template", "spec"}), generated, keys);
}

/// Of one workload, whatever its keys come from.
KeySources mounted_by(const Object& workload) {
  KeySources keys;
  collect_workload(workload, "", keys);
  return keys;
}

/// The decision as it went into the workloads.
struct Mounted {
  KeySources by_services;
  KeySources by_simulator;      // beside a real channel it has keys of its own
  bool simulator = false;       // it is there

  Mounted(const crds::Platform& platform, const Snapshot& live, const std::string& generated) {
    for (const auto& [ref, object] : live.children) {
      if (object::controller_uid(object) != platform.uid) continue;      // a copy that somebody made, labels and all, decides nothing
      const bool is_simulator = ref.kind == "Deployment" && ref.name == platform.child_name("channel-simulator");
      simulator = simulator || is_simulator;
      collect_workload(object, generated, is_simulator ? by_simulator : by_services);
    }
  }
  [[nodiscard]] KeySources all() const {
    KeySources keys = by_services;
    keys.insert(by_simulator.begin(), by_simulator.end());
    return keys;
  }
};

std::vector<std::string> needed(const crds::Platform& platform) {
  std::vector<std::string> keys = migrate_keys();
  if (platform.spec.channels.wechat_pay.enabled) keys.insert(keys.end(), kWechatKeys.begin(), kWechatKeys.end());
  if (platform.spec.channels.simulator.enabled) {
    for (const std::string& key : simulator_keys()) keys.push_back(key);
  }
  return keys;
}

/// A user's Secret, as far as it was read.
class UserSecret {
 public:
  UserSecret(const Snapshot& live, std::string name) : name_(std::move(name)) {
    if (name_.empty()) return;
    const auto read = live.reads.find(ref());
    known_ = read != live.reads.end();
    if (known_ && read->second) secret_ = &*read->second;
  }
  [[nodiscard]] Ref ref() const { return {"v1", "Secret", name_}; }
  [[nodiscard]] bool unread() const { return !name_.empty() && !known_; }
  [[nodiscard]] bool named() const { return !name_.empty(); }
  [[nodiscard]] bool exists() const { return secret_ != nullptr; }
  [[nodiscard]] std::string data(const std::string& key) const { return secret_ == nullptr ? "" : text_at(*secret_, {"data", key}); }
  [[nodiscard]] bool has(const std::string& key) const { return !data(key).empty(); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string lack(const std::string& key) const {
    if (name_.empty()) return fmt::format("no Secret is named for key \"{}\": set spec.secretRef.name", key);
    if (secret_ == nullptr) return fmt::format("Secret \"{}\" does not exist; create it with key \"{}\"", name_, key);
    return fmt::format("Secret \"{}\" has no key \"{}\"; add it", name_, key);
  }

 private:
  std::string name_;
  bool known_ = false;
  const Object* secret_ = nullptr;
};

/// Decides one key after the other. A key that came from the user before stays the user's, even while his Secret lacks it or is gone:
/// other keys than those that the database and the channel know would cut the platform off. Only a spec that names no Secret gives it up.
class Chooser {
 public:
  Chooser(const Mounted& before, std::string generated, Decision& decision)
      : before_(before),
        generated_(std::move(generated)),
        decision_(decision) {}

  /// `kept`: what is kept with the data says that it is the user's.
  void password(const UserSecret& user, const std::string& key, bool kept = false) {
    choose({key}, user, user.has(key) || (user.named() && (kept || from_user(before_.by_services, key))));
  }

  /// Keys that the simulator shares with the services.
  void simulated(const UserSecret& user) {
    for (const std::string& key : kSimulatorSingles)
      choose({key}, user, user.has(key) || (user.named() && was_simulated_by(user, key, key)));
    for (const auto& [one, other] : kPairs) {
      choose({one, other}, user, (user.has(one) && user.has(other)) || (user.named() && was_simulated_by(user, one, other)));
    }
  }

  void user_only(const UserSecret& user, const std::string& key) { choose({key}, user, true); }

 private:
  [[nodiscard]] bool from_user(const KeySources& keys, const std::string& key) const {
    const auto source = keys.find(key);
    return source != keys.end() && source->second != generated_;
  }

  /// The simulator's own mounts tell: what the services mount may have been another channel's. When both the simulator and the Secret are
  /// gone there is nothing to tell by, and the services' mounts stand.
  [[nodiscard]] bool was_simulated_by(const UserSecret& user, const std::string& services, const std::string& simulator) const {
    if (before_.simulator) return from_user(before_.by_simulator, simulator);
    return !user.exists() && from_user(before_.by_services, services);
  }

  void choose(const std::vector<std::string>& keys, const UserSecret& user, bool of_user) {
    for (const std::string& key : keys) {
      decision_.keys[key] = of_user ? user.name() : generated_;
      if (of_user && !user.has(key)) decision_.missing.push_back({key, user.lack(key)});
    }
  }

  const Mounted& before_;
  std::string generated_;
  Decision& decision_;
};

/// The passwords of the database by `decision`, against those that it has. Those that are new to it are listed, and do not count when they
/// are to wait: nobody is given the user's in place of a generated one, and the schema Job stays the one that has run.
void compare_passwords(const crds::Platform& platform, const Snapshot& live, const KeySources& before, const UserSecret& user,
                       NewPasswords news, Decision& decision) {
  const std::string ours = platform.child_name(kGeneratedSecret);
  const Object* generated = find(live, "v1", "Secret", ours);
  const Digests set = passwords_set(platform, live, generated);
  Digests wanted;
  Digests waiting;
  Rotation rotation;
  for (const std::string& key : migrate_keys()) {
    if (decision.keys[key] == ours) continue;
    const auto was = set.find(key);
    const std::string digest = user.has(key) ? digest_of(generated, key, user.data(key)) : std::string();
    const auto mounted = before.find(key);
    const bool gained = key != kRootPassword && mounted != before.end() && mounted->second == ours;
    const bool changed = !gained && !digest.empty() && was != set.end() && was->second != digest;
    const bool waits = news == NewPasswords::Wait || (news == NewPasswords::TakeChanged && gained);
    if (waits && (gained || changed)) {
      waiting[key] = digest;
      rotation.keys.push_back(key);
      rotation.gains = rotation.gains || gained;
      rotation.changes = rotation.changes || changed;
    }
    if (waits && gained) {
      decision.keys[key] = ours;
      continue;
    }
    decision.users_passwords = true;
    const bool stays = was != set.end() && (digest.empty() || waits);
    if (stays || !digest.empty()) wanted[key] = stays ? was->second : digest;
  }
  decision.passwords = to_text(wanted);
  if (waiting.empty()) return;
  rotation.secret = user.name();
  rotation.digest = to_text(waiting);
  decision.rotation = std::move(rotation);
}

}  // namespace

std::vector<std::string> mysql_keys() { return {kRootPassword}; }

std::vector<std::string> migrate_keys() {
  std::vector<std::string> keys = {kRootPassword};
  keys.insert(keys.end(), kUserPasswords.begin(), kUserPasswords.end());
  return keys;
}

std::vector<std::string> service_keys(const crds::Platform& platform) {
  std::vector<std::string> keys = {kApplicationPassword};
  if (platform.spec.channels.wechat_pay.enabled) keys.insert(keys.end(), kWechatKeys.begin(), kWechatKeys.end());
  return keys;
}

std::vector<std::string> simulator_keys() {
  std::vector<std::string> keys = kSimulatorSingles;
  keys.insert(keys.end(), {"wechat-merchant-public-key", "simulator-wechat-private-key"});
  return keys;
}

Decision decide(const crds::Platform& platform, const Snapshot& live, bool steady, NewPasswords news) {
  Decision decision;
  const std::vector<std::string> wanted = needed(platform);
  const std::string ours = platform.child_name(kGeneratedSecret);
  const Mounted before(platform, live, ours);
  const UserSecret user(live, platform.spec.secret_ref.name);
  if (steady) {
    decision.keys = before.all();
    const bool whole = std::all_of(wanted.begin(), wanted.end(), [&](const std::string& key) { return decision.keys.count(key) > 0; });
    if (whole) {
      decision.root_generated = decision.keys[kRootPassword] == ours;
      const std::vector<std::string> passwords = migrate_keys();
      if (std::all_of(passwords.begin(), passwords.end(), [&](const std::string& key) { return decision.keys[key] == ours; }))
        return decision;
      if (user.unread()) {
        decision.reads.push_back(user.ref());
        return decision;
      }
      for (const std::string& key : kUserPasswords) {
        if (user.has(key)) decision.keys[key] = user.name();
      }
      compare_passwords(platform, live, before.by_services, user, news, decision);
      return decision;
    }
    decision.keys.clear();
  }

  const crds::Channels& channels = platform.spec.channels;
  const std::string& own = channels.wechat_pay.secret_ref.name;
  const UserSecret wechat(live, own.empty() ? platform.spec.secret_ref.name : own);
  for (const UserSecret* secret : {&user, &wechat}) {
    const bool asked = std::find(decision.reads.begin(), decision.reads.end(), secret->ref()) != decision.reads.end();
    if (secret->unread() && !asked) decision.reads.push_back(secret->ref());
  }
  if (!decision.reads.empty()) return decision;

  Chooser chooser(before, ours, decision);
  // A volume that was initialised with our password knows no other, even if the user adds one later.
  const Object* claim = find(live, "v1", "PersistentVolumeClaim", platform.child_name("data-mysql-0"));
  const std::string from = claim == nullptr ? "" : text_at(*claim, {"metadata", "annotations", kRootPasswordFrom});
  if (from == "generated") {
    decision.keys[kRootPassword] = ours;
  } else if (from == "user") {
    chooser.user_only(user, kRootPassword);
  } else {
    chooser.password(user, kRootPassword);
  }
  decision.root_generated = decision.keys[kRootPassword] == ours;
  const std::string theirs = claim == nullptr ? "" : "," + text_at(*claim, {"metadata", "annotations", kPasswordsFromUser}) + ",";
  for (const std::string& key : kUserPasswords) chooser.password(user, key, theirs.find("," + key + ",") != std::string::npos);
  compare_passwords(platform, live, before.by_services, user, news, decision);

  const bool simulated = channels.wechat_pay.enabled && channels.wechat_pay.base_url.empty() && channels.simulator.enabled;
  if (simulated) {
    chooser.simulated(wechat);
  } else {
    if (channels.simulator.enabled) {
      for (const std::string& key : simulator_keys()) decision.keys[key] = ours;
    }
    if (channels.wechat_pay.enabled) {
      for (const std::string& key : kWechatKeys) chooser.user_only(wechat, key);
    }
  }
  return decision;
}

std::string passwords_from_user(const Context& ctx) {
  std::string keys;
  for (const std::string& key : kUserPasswords) {
    const auto source = ctx.keys.find(key);
    if (source == ctx.keys.end() || source->second == ctx.name(kGeneratedSecret)) continue;
    keys += (keys.empty() ? "" : ",") + key;
  }
  return keys;
}

bool mounts_missing(const Object& workload, const std::vector<Missing>& missing) {
  const KeySources keys = mounted_by(workload);
  return std::any_of(missing.begin(), missing.end(), [&](const Missing& one) { return keys.count(one.key) > 0; });
}

bool mounts_password_of(const Object& workload, const Rotation& rotation) {
  const KeySources mounted = mounted_by(workload);
  return std::any_of(rotation.keys.begin(), rotation.keys.end(),
                     [&](const std::string& key) { return key != kRootPassword && mounted.count(key) > 0; });
}

bool moves_password(const Object& live, const Object& wanted) {
  const KeySources before = mounted_by(live);
  const KeySources after = mounted_by(wanted);
  const auto was = before.find(kApplicationPassword);
  const auto becomes = after.find(kApplicationPassword);
  return was != before.end() && becomes != after.end() && was->second != becomes->second;
}

Generate generated(const Context& ctx) {
  constexpr std::uint32_t kPasswordLength = 32;  // 190 bits
  Generate generate;
  generate.object = object_of(ctx, "v1", "Secret", kGeneratedSecret, {"payment-generated", "secrets"}, {}, Owned::Outlives);
  generate.object["type"] = "Opaque";
  // What the simulator calls its merchant: identifiers, not secrets.
  generate.object["stringData"] = {
      {"wechat-app-id", "wx5a8f3c1d9e2b7046"}, {"wechat-mch-id", "1900000109"}, {"wechat-public-key-id", "PUB_KEY_ID_SIMULATOR"}};
  generate.recipes = {
      Generate::Password{kRootPassword, kPasswordLength},
      Generate::Password{"mysql-migrator-password", kPasswordLength},
      Generate::Password{"mysql-application-password", kPasswordLength},
      Generate::Password{"mysql-reader-password", kPasswordLength},
      Generate::Password{"wechat-api-v3-key", 32},  // AES-256: exactly 32 bytes
      Generate::HexId{"wechat-merchant-serial-no", 40},
      Generate::RsaKeyPair{"wechat-private-key", "wechat-merchant-public-key"},
      Generate::RsaKeyPair{"simulator-wechat-private-key", "wechat-public-key"},
  };
  return generate;
}

}  // namespace controllers::secrets
