// Counts work in flight and lets a closer wait for its end. For one shard; not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

namespace net {

class Gate {
 public:
  /// Held while the work runs; leaving scope is the end of the work.
  class Pass {
   public:
    explicit Pass(Gate* gate) : gate_(gate) { ++gate_->inside_; }
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    ~Pass() {
      if (gate_ != nullptr) --gate_->inside_;
    }

   private:
    Gate* gate_;
  };

  explicit Gate(std::size_t max) : max_(max) {}
  /// Nothing when the gate is closed or `max` are inside.
  [[nodiscard]] std::optional<Pass> enter() {
    if (closed_ || inside_ >= max_) return std::nullopt;
    return std::optional<Pass>{Pass{this}};
  }
  void close() { closed_ = true; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t inside() const { return inside_; }

 private:
  std::size_t max_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace net
