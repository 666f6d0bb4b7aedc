#include "common/base/rng.hpp"

#include <limits>

#include <openssl/rand.h>

#include "common/base/assert.hpp"

namespace base {
namespace {

class SystemRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    // Without randomness no key is safe to make: stop rather than continue.
    BASE_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  }
};

}  // namespace

std::uint64_t Rng::next_u64() {
  std::uint8_t bytes[8];
  fill(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  BASE_ASSERT(bound > 0);
  const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() - std::numeric_limits<std::uint64_t>::max() % bound;
  std::uint64_t value = next_u64();
  while (value >= limit) value = next_u64();
  return value % bound;
}

Rng& system_rng() {
  static SystemRng rng;
  return rng;
}

void SeededRng::fill(std::span<std::uint8_t> bytes) {
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
}

}  // namespace base
