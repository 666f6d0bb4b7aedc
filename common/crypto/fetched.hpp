// Algorithms of OpenSSL, fetched once: EVP_sha256() is looked up anew at every use in OpenSSL 3.0.
#pragma once

#include <openssl/evp.h>

#include "common/base/assert.hpp"

namespace crypto::detail {

inline const EVP_MD* fetched_sha256() {
  static const EVP_MD* const kMd = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  BASE_ASSERT(kMd != nullptr);
  return kMd;
}

}  // namespace crypto::detail
