// Randomness is a port, so that a seeded run repeats to the byte.
#pragma once

#include <cstdint>
#include <random>
#include <span>

namespace base {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  [[nodiscard]] std::uint64_t next_u64();
  /// Uniform in [0, bound); bound > 0. Rejection sampling: no modulo bias, so it is fit for passwords.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

/// The operating system's generator through OpenSSL. Safe from any thread.
[[nodiscard]] Rng& system_rng();

/// Repeatable; for tests and simulation only. Not thread-safe, not secret.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::mt19937_64 engine_;
};

}  // namespace base
