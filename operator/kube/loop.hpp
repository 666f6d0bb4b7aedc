// The engine's only way to wait. One thread runs everything that is posted, so nothing in operator/ needs a lock;
// in tests and in simulation the loop is a list that the test steps through.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "common/base/clock.hpp"

namespace kube {

using Task = std::function<void()>;

class Loop {
 public:
  using TimerId = std::uint64_t;

  virtual ~Loop() = default;
  [[nodiscard]] virtual const base::Clock& clock() const = 0;
  /// Runs `task` on the loop, never inside this call. Safe from any thread.
  virtual void post(Task task) = 0;
  /// On the loop only. Ids are never used twice.
  virtual TimerId start_timer(std::chrono::milliseconds delay, Task task) = 0;
  /// A cancelled timer does not run any more, even when it was due.
  virtual void cancel_timer(TimerId id) = 0;
};

/// A timer that ends with its owner.
class Timer {
 public:
  Timer() = default;
  Timer(Loop& loop, std::chrono::milliseconds delay, Task task) : loop_(&loop), id_(loop.start_timer(delay, std::move(task))) {}
  Timer(Timer&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
  Timer& operator=(Timer&& other) noexcept {
    if (this != &other) {
      cancel();
      loop_ = std::exchange(other.loop_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  void cancel() {
    if (loop_ != nullptr) std::exchange(loop_, nullptr)->cancel_timer(id_);
  }

 private:
  Loop* loop_ = nullptr;
  Loop::TimerId id_ = 0;
};

/// Callbacks that outlive their owner are dropped: wrap(f) does nothing once this object is gone.
class Lifetime {
 public:
  template <typename F>
  [[nodiscard]] auto wrap(F f) const {
    return [alive = std::weak_ptr<char>(token_), f = std::move(f)](auto&&... args) mutable {
      if (!alive.expired()) f(std::forward<decltype(args)>(args)...);
    };
  }

 private:
  std::shared_ptr<char> token_ = std::make_shared<char>();
};

}  // namespace kube
