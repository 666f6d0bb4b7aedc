// What a reconcile sees and what it decides, as values. reconcile() is a pure function from the first to the second;
// operator/engine gathers the Snapshot and executes the Plan. Everything lies in the platform's namespace.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"
#include "controllers/component/reason.hpp"
#include "controllers/object/diff.hpp"
#include "controllers/object/path.hpp"

namespace controllers {

struct Ref {
  std::string api_version;   // "apps/v1"
  std::string kind;          // "Deployment"
  std::string name;
  auto operator<=>(const Ref&) const = default;
};

/// Somebody changes an object back each time it is written.
struct Fight {
  std::string path;      // of the field; empty: the object itself, which is deleted
  std::string manager;   // who, by the object's managed fields; empty: nobody says so
  friend bool operator==(const Fight&, const Fight&) = default;
};

/// Another platform of the namespace.
struct Neighbour {
  std::string name;
  std::string name_prefix;
  std::string created;           // metadata.creationTimestamp
};

/// What the engine knows about one platform at one moment.
struct Snapshot {
  /// Objects with our labels (managed-by and instance), pods included, as watched.
  std::map<Ref, Object> children;
  /// Answers to earlier Plan::reads of this reconcile; an empty value means "read, and it does not exist".
  std::map<Ref, std::optional<Object>> reads;
  /// What the API server answered to our last write of an object, where it refused (invalid, forbidden, quota). Gone after a write that
  /// it took; reported only while the plan still wants that write. Without it a refusal would show only in the log.
  std::map<Ref, std::string> refused;
  /// Objects that somebody keeps changing back. Their writes stay in the plan and are made at growing distances.
  std::map<Ref, Fight> fought;
  /// Told only while this platform has no children: that is when it may turn out that its names are taken.
  std::vector<Neighbour> neighbours;
};

/// Create once, never change afterwards (the generated Secret). `object` holds no secret value: `generate` says what to make.
/// One recipe may fill several keys of the Secret's data.
struct Generate {
  struct Password {
    std::string key;
    std::uint32_t length;
  };                  // [0-9A-Za-z]
  struct HexId {
    std::string key;
    std::uint32_t digits;
  };                     // upper-case hexadecimal, as certificate serials are
  struct RsaKeyPair {
    std::string private_key;
    std::string public_key;
  };      // 2048 bit, PKCS#8 and SubjectPublicKeyInfo PEM
  using Recipe = std::variant<Password, HexId, RsaKeyPair>;

  Object object;                 // Secret without `data`; identifiers that are no secret stand in `stringData`
  std::vector<Recipe> recipes;
};

/// Server-side apply as field manager `payment-operator`.
struct Apply {
  Object object;
  std::string uid;               // of the live object; empty: the first apply, which does not force
  std::string reason;            // for people: "image changed a -> b; pods restart"
  std::vector<object::Difference> differences = {};   // field by field, kDifferencesMax at most; none for an object that is created
};

/// Delete by uid (in the background: what the object owns goes too), then let a later reconcile create it anew; only under a condition that
/// the reason states.
struct Replace {
  Ref ref;
  std::string uid;
  std::string resource_version;  // the state that the decision saw; the delete fails if it changed since
  std::string reason;
};

struct Remove {
  Ref ref;
  std::string uid;
  std::string reason;
};

/// A change that is decided and held back.
struct Pending {
  Ref ref;
  Reason reason;
  std::string change;  // as Apply::reason
  std::string restarts;  // "3 pods of payment-service, one after another"
  std::string waits_for;  // what, and how to let it happen
  bool needs_approval = false;  // or a maintenance window; else it waits for its turn
  std::vector<object::Difference> differences = {};
  Object wanted = nullptr;  // what would be applied, where its texts are worth comparing line by line
  bool removes = false;  // the object would go
  std::string data_at_risk = {};  // why it is not simply done
};

struct Event {
  bool warning = false;
  std::string reason;  // name of one
  std::string message;
};

struct Plan {
  /// Objects that must be read by name before more can be decided. When not empty, the engine reads them and reconciles again
  /// before it writes anything.
  std::vector<Ref> reads;
  std::vector<Generate> generate;
  std::vector<Apply> apply;
  /// `replicas` of a Deployment, applied by the manager payment-operator-scale: at creation, and without an HPA whenever it differs.
  /// The manager payment-operator never sends replicas of a service, so that an HPA's number is never touched. Executed after `apply`;
  /// an empty uid: the object is created by this same plan.
  std::vector<Apply> scale;
  std::vector<Replace> replace;
  std::vector<Remove> remove;
  std::vector<Pending> pending;
  std::string hash;  // of the changes in `pending` that an approval lets through; "" without such
  std::optional<Object> status;  // the whole status; absent when the live one already equals it
  std::optional<std::vector<std::string>> finalizers;  // wanted list of metadata.finalizers; absent: leave alone
  std::vector<Event> events;  // on transitions only
  std::optional<std::chrono::seconds> requeue_after;

  /// An object waits for one thing at a time: the first that held it back.
  void hold(Pending change) {
    const auto same = [&change](const Pending& held) { return held.ref == change.ref; };
    if (std::none_of(pending.begin(), pending.end(), same)) pending.push_back(std::move(change));
  }

  /// Whatever asked first: the sooner of the two counts.
  void look_again(std::chrono::seconds after) { requeue_after = std::min(requeue_after.value_or(after), after); }

  /// True when nothing needs to be written or read.
  [[nodiscard]] bool empty() const {
    return reads.empty() && generate.empty() && apply.empty() && scale.empty() && replace.empty() && remove.empty() && !status &&
           !finalizers && events.empty();
  }
};

/// What the operator's own flags contribute. Part of the input, so that the function stays pure.
struct Settings {
  std::string operator_version;  // "0.1.0"
  std::string runtime_image;  // --runtime-image
  std::string mysql_image;  // --mysql-image
  std::string redis_image;  // --redis-image
  std::vector<std::string> name_prefixes = {};  // --name-prefix, beside none
};

/// The content of a reconcile. `platform` is the PaymentPlatform as read from the API server (metadata, spec, status).
/// Never throws on any content of its arguments; bad input becomes Stalled with the field path.
[[nodiscard]] Plan reconcile(const Object& platform, const Snapshot& live, const Settings& settings, base::TimePoint now);

}  // namespace controllers
