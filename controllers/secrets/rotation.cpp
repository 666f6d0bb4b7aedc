#include "controllers/secrets/rotation.hpp"

#include <sstream>

#include "common/base/clock.hpp"
#include "common/crypto/digest.hpp"

namespace controllers::secrets {

using object::text_at;

namespace {

constexpr std::size_t kDigits = 16;                            // enough to tell two passwords apart
constexpr const char* kKeyedWith = "mysql-password";           // of the generated Secret: there whether it is used or not

std::string created(const Object& object) { return text_at(object, {"metadata", "creationTimestamp"}); }

Digests parse(const std::string& text) {
  Digests digests;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (const auto sign = word.find('='); sign != std::string::npos) digests[word.substr(0, sign)] = word.substr(sign + 1);
  }
  return digests;
}

}  // namespace

std::string digest_of(const Object* generated, const std::string& key, const std::string& data) {
  const std::string secret = generated == nullptr ? std::string() : text_at(*generated, {"data", kKeyedWith});
  return secret.empty() ? secret : crypto::hmac_sha256_hex(secret, "password " + key + " " + data).substr(0, kDigits);
}

std::string to_text(const Digests& digests) {
  std::string text;
  for (const auto& [key, digest] : digests) text += (text.empty() ? "" : " ") + key + "=" + digest;
  return text;
}

Digests passwords_set(const crds::Platform& platform, const Snapshot& live, const Object* generated) {
  const Object* newest = nullptr;
  for (const auto& [ref, object] : live.children) {
    if (ref.kind != "Job" || object::controller_uid(object) != platform.uid || object::is_deleting(object)) continue;
    if (text_at(object, {"metadata", "annotations", kPasswords}).empty() || is_newer_than(generated, object)) continue;
    if (newest == nullptr || created(object) > created(*newest)) newest = &object;
  }
  return newest == nullptr ? Digests() : parse(text_at(*newest, {"metadata", "annotations", kPasswords}));
}

bool is_newer_than(const Object* generated, const Object& job) {
  if (generated == nullptr) return false;
  const auto of_secret = base::parse_rfc3339(created(*generated)), of_job = base::parse_rfc3339(created(job));
  return of_secret && of_job && *of_secret > *of_job;
}

}  // namespace controllers::secrets
