#include "tests/sim/operator/schedule.hpp"

#include <algorithm>

namespace sim {

Schedule::~Schedule() {
  // One by one: what a task holds may cancel another one when it goes.
  while (!queue_.empty()) {
    const auto task = queue_.extract(queue_.begin());
    due_.erase(task.key().second);
  }
}

Schedule::Id Schedule::after(microseconds delay, Task task) {
  const base::SteadyPoint due = now_ + std::max(delay, microseconds(0));
  queue_.emplace(std::pair{due, ++last_id_}, std::move(task));
  due_.emplace(last_id_, due);
  return last_id_;
}

void Schedule::cancel(Id id) {
  const auto it = due_.find(id);
  if (it == due_.end()) return;
  queue_.erase({it->second, id});
  due_.erase(it);
}

bool Schedule::step(base::SteadyPoint until) {
  if (queue_.empty() || queue_.begin()->first.first > until) return false;
  const auto it = queue_.begin();
  now_ = it->first.first;
  const Task task = std::move(it->second);
  due_.erase(it->first.second);
  queue_.erase(it);
  ++steps_;
  task();
  return true;
}

ProcessLoop::TimerId ProcessLoop::after(microseconds delay, Task task) {
  const TimerId id = ++last_id_;
  booked_[id] = schedule_.after(delay, [this, id, alive = std::weak_ptr<char>(alive_), task = std::move(task)]() mutable {
    if (alive.expired()) return;
    booked_.erase(id);
    if (paused_) {
      backlog_.emplace_back(id, std::move(task));
    } else {
      task();
    }
  });
  return id;
}

void ProcessLoop::cancel_timer(TimerId id) {
  if (const auto it = booked_.find(id); it != booked_.end()) {
    schedule_.cancel(it->second);
    booked_.erase(it);
  }
  std::erase_if(backlog_, [id](const auto& late) { return late.first == id; });
}

void ProcessLoop::resume() {
  paused_ = false;
  for (auto& [id, task] : std::exchange(backlog_, {})) {
    // Under its old id, by which it may still be cancelled.
    booked_[id] = schedule_.after({}, [this, id = id, alive = std::weak_ptr<char>(alive_), task = std::move(task)] {
      if (alive.expired()) return;
      booked_.erase(id);
      task();
    });
  }
}

}  // namespace sim
