#include "operator/engine/work_queue.hpp"

#include <algorithm>
#include <utility>

namespace engine {

WorkQueue::WorkQueue(kube::Loop& loop, base::Rng& rng, Instruments& instruments, std::function<void(const Key&)> run)
    : loop_(loop),
      rng_(rng),
      instruments_(instruments),
      run_(std::move(run)) {}

void WorkQueue::push(const Key& key) {
  if (stopped_) return;
  delayed_.erase(key);
  instruments_.queue_adds.Increment();
  if (active_.contains(key)) {
    again_.insert(key);
  } else if (queued_.insert(key).second) {
    ready_.push_back(key);
    pump();
  }
}

void WorkQueue::add_now(const Key& key) {
  held_.erase(key);
  push(key);
}

void WorkQueue::add_after(const Key& key, std::chrono::milliseconds delay) {
  if (stopped_ || queued_.contains(key)) return;
  const auto now = loop_.clock().steady_now();
  auto due = now + delay;
  if (const auto held = held_.find(key); held != held_.end()) due = std::max(due, held->second);
  if (due <= now) return push(key);
  if (const auto it = delayed_.find(key); it != delayed_.end() && it->second.due <= due) return;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - now);
  delayed_[key] = Delayed{due, kube::Timer(loop_, wait, [this, key] { push(key); })};
}

std::chrono::milliseconds WorkQueue::retry(const Key& key, std::chrono::milliseconds at_least) {
  kube::Backoff& backoff = backoffs_.try_emplace(key, kKeyBackoff).first->second;
  const auto delay = std::max(backoff.next(loop_.clock().steady_now(), rng_), at_least);
  instruments_.queue_retries.Increment();
  held_[key] = loop_.clock().steady_now() + delay;
  again_.erase(key);
  delayed_.erase(key);
  add_after(key, delay);
  return delay;
}

void WorkQueue::settled(const Key& key) {
  backoffs_.erase(key);
  held_.erase(key);
}

void WorkQueue::done(const Key& key) {
  active_.erase(key);
  instruments_.active_workers.Set(static_cast<double>(active_.size()));
  if (again_.erase(key) > 0 && !stopped_ && queued_.insert(key).second) ready_.push_back(key);
  pump();
}

void WorkQueue::forget(const Key& key) {
  delayed_.erase(key);
  settled(key);
  again_.erase(key);
  if (queued_.erase(key) > 0) std::erase(ready_, key);
}

void WorkQueue::stop() {
  stopped_ = true;
  ready_.clear();
  queued_.clear();
  again_.clear();
  delayed_.clear();
}

void WorkQueue::pump() {
  instruments_.queue_depth.Set(static_cast<double>(ready_.size()));
  if (pumping_ || ready_.empty() || active_.size() >= kKeysInFlightMax) return;
  pumping_ = true;
  loop_.post(lifetime_.wrap([this] {
    pumping_ = false;
    if (ready_.empty() || active_.size() >= kKeysInFlightMax) return;
    const Key key = ready_.front();
    ready_.pop_front();
    queued_.erase(key);
    active_.insert(key);
    instruments_.active_workers.Set(static_cast<double>(active_.size()));
    pump();
    run_(key);
  }));
}

}  // namespace engine
