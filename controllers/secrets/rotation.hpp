// Which of the user's passwords the database has. None is kept for that: the schema Job that sets them carries a digest of each, keyed with
// a random value that only the generated Secret holds, so that nobody can try out guesses on it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/component/context.hpp"

namespace controllers::secrets {

/// By key of the Secret.
using Digests = std::map<std::string, std::string>;

/// Annotation of the schema Job: "mysql-application-password=0123456789abcdef mysql-password=..."; absent when all are generated.
inline constexpr const char* kPasswords = "paymentplatform.io/passwords";

/// Passwords in the user's Secret that the database does not have.
struct Rotation {
  std::string secret;
  std::vector<std::string> keys;
  std::string digest;  // of their new values
  bool changes = false;  // passwords that are the user's already: pods that start have the new ones
  bool gains = false;  // in place of generated ones, which pods keep until they are rolled out anew
};

/// "" where `generated` does not hold the key to it.
[[nodiscard]] std::string digest_of(const Object* generated, const std::string& key, const std::string& data);
/// The annotation's text.
[[nodiscard]] std::string to_text(const Digests& digests);
/// As the newest schema Job has set them; one from before the generated Secret has set nothing that still counts.
[[nodiscard]] Digests passwords_set(const crds::Platform& platform, const Snapshot& live, const Object* generated);

/// Made after that Job: after somebody deleted it, it was made anew. By the seconds of the API server's clock, which both have from it.
[[nodiscard]] bool is_newer_than(const Object* generated, const Object& job);

}  // namespace controllers::secrets
