// Virtual time: one queue for everything that happens in a simulated world, and the loop that each operator process has on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "common/base/clock.hpp"
#include "operator/kube/loop.hpp"

namespace sim {

using kube::Task;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// When every world begins: a Sunday noon.
inline const base::TimePoint kGenesis{seconds(1'772'366'400)};

/// Events in the order of their time; those of one moment in the order in which they were booked.
class Schedule {
 public:
  using Id = std::uint64_t;

  Schedule() = default;
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  ~Schedule();

  Id after(microseconds delay, Task task);
  void cancel(Id id);
  /// Runs the next event that is due by then; false when there is none.
  bool step(base::SteadyPoint until);
  /// Lets time pass without an event.
  void pass_until(base::SteadyPoint when) { now_ = std::max(now_, when); }

  [[nodiscard]] base::SteadyPoint now() const { return now_; }
  [[nodiscard]] base::TimePoint wall() const { return kGenesis + std::chrono::duration_cast<microseconds>(now_.time_since_epoch()); }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  std::map<std::pair<base::SteadyPoint, Id>, Task> queue_;
  std::unordered_map<Id, base::SteadyPoint> due_;
  base::SteadyPoint now_{};
  Id last_id_ = 0;
  std::uint64_t steps_ = 0;
};

/// The loop of one process. It ends with the process: nothing that was booked runs any more. A paused process (stopped, starved) runs
/// nothing, while its clocks go on; all of it runs when it is resumed.
class ProcessLoop final : public kube::Loop {
 public:
  explicit ProcessLoop(Schedule& schedule) : schedule_(schedule), clock_(schedule) {}

  [[nodiscard]] const base::Clock& clock() const override { return clock_; }
  void post(Task task) override { after({}, std::move(task)); }
  TimerId start_timer(milliseconds delay, Task task) override { return after(delay, std::move(task)); }
  TimerId after(microseconds delay, Task task);
  void cancel_timer(TimerId id) override;

  void pause() { paused_ = true; }
  void resume();
  /// Somebody sets the machine's clock.
  void set_clock_ahead(seconds by) { clock_.ahead += by; }

 private:
  struct Clock final : base::Clock {
    explicit Clock(const Schedule& world) : schedule(world) {}
    [[nodiscard]] base::TimePoint now() const override { return schedule.wall() + ahead; }
    [[nodiscard]] base::SteadyPoint steady_now() const override { return schedule.now(); }
    const Schedule& schedule;
    seconds ahead{0};
  };

  Schedule& schedule_;
  Clock clock_;
  bool paused_ = false;
  TimerId last_id_ = 0;
  std::unordered_map<TimerId, Schedule::Id> booked_;
  std::deque<std::pair<TimerId, Task>> backlog_;      // came due while paused
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace sim
