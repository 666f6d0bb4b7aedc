// Which Secret each key comes from. A user's own key wins; what is missing and can be made comes from payment-generated, which is
// made once and never changed. A user's Secret is read by name, only while something is not Ready or the spec changed; in steady state
// the decision is read back from the pod templates that it went into. What came from the user stays the user's: while the Secret or the key
// is gone it is missing, and never replaced by a generated one.
#pragma once

#include <string>
#include <vector>

#include "controllers/component/context.hpp"

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
};

/// `steady`: the platform is Ready for this generation, so nothing needs to be read.
[[nodiscard]] Decision decide(const crds::Platform& platform, const Snapshot& live, bool steady);

/// Whether a workload mounts one of the missing keys: its pods could not start.
[[nodiscard]] bool mounts_missing(const Object& workload, const std::vector<Missing>& missing);

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
