// Which Secret each key comes from. A user's own key wins; what is missing and can be made comes from payment-generated, which is
// made once and never changed. In steady state the decision is read back from the pod templates that it went into, and a user's Secret is
// read, by name, only if the database's passwords come from it. What came from the user stays the user's: while the Secret or the key
// is gone it is missing, and never replaced by a generated one. Passwords that the database does not have yet wait (rotation.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/component/context.hpp"
#include "controllers/secrets/rotation.hpp"

namespace controllers::secrets {

/// A key that only the user can give, and has not.
struct Missing {
  std::string key;
  std::string message;  // 'Secret "a" has no key "b"; add it'
};

struct Decision {
  KeySources keys;
  std::vector<Ref> reads;  // not empty: read these first
  std::vector<Missing> missing;
  bool root_generated = true;  // the database's root password is ours
  bool users_passwords = false;  // the database has passwords of the user's; nothing tells when he changes them
  std::string passwords;  // digests of those, for the schema Job
  std::optional<Rotation> rotation;  // that waits
};

/// Passwords that the database does not have. TakeChanged: those that take the place of generated ones wait still.
enum class NewPasswords { Wait, TakeChanged, Take };

/// `steady`: the platform is Ready for this generation.
[[nodiscard]] Decision decide(const crds::Platform& platform, const Snapshot& live, bool steady, NewPasswords news);

/// Whether the workload would mount the application's password from another Secret.
[[nodiscard]] bool moves_password(const Object& live, const Object& wanted);

/// Whether a workload mounts one of the missing keys: its pods could not start.
[[nodiscard]] bool mounts_missing(const Object& workload, const std::vector<Missing>& missing);

/// Whether it mounts one of the passwords that the schema Job would set; the root password is none of these.
[[nodiscard]] bool mounts_password_of(const Object& workload, const Rotation& rotation);

/// The Secret payment-generated and how to fill it. Everything that can ever be needed, so that it never has to change.
[[nodiscard]] Generate generated(const Context& ctx);

/// Where the root password of a data volume lives, kept as an annotation of its claim: the volume knows no other password.
inline constexpr const char* kRootPasswordFrom = "paymentplatform.io/root-password-from";

/// Which of the other passwords of the database are the user's, as an annotation beside it: workloads and Jobs may be gone while the volume
/// waits for a platform of the same name, or long cleaned up.
inline constexpr const char* kPasswordsFromUser = "paymentplatform.io/passwords-from-user";
/// Its value by the decision in `ctx`: "mysql-application-password,mysql-reader-password"; "" when all are generated.
[[nodiscard]] std::string passwords_from_user(const Context& ctx);

// Keys by reader, as docs/reference/runtime-configuration.md lists them.
[[nodiscard]] std::vector<std::string> mysql_keys();
[[nodiscard]] std::vector<std::string> migrate_keys();
[[nodiscard]] std::vector<std::string> service_keys(const crds::Platform& platform);
[[nodiscard]] std::vector<std::string> simulator_keys();

}  // namespace controllers::secrets
