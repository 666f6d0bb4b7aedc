#include "operator/engine/work_queue.hpp"

#include <algorithm>
#include <utility>

namespace engine {
namespace {

double seconds(base::SteadyPoint::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

WorkQueue::WorkQueue(kube::Loop& loop, base::Rng& rng, Instruments& instruments, std::function<void(const Key&)> run)
    : loop_(loop),
      rng_(rng),
      instruments_(instruments),
      run_(std::move(run)) {
  instruments_.max_concurrent.Set(static_cast<double>(kKeysInFlightMax));
}

void WorkQueue::push(const Key& key, Urgency urgency) {
  if (stopped_) return;
  if (const auto delayed = delayed_.extract(key)) urgency = std::min(urgency, delayed.mapped().urgency);
  bool fresh = false;
  if (active_.contains(key)) {
    const auto [again, added] = again_.try_emplace(key, urgency);
    again->second = std::min(again->second, urgency);
    fresh = added;
  } else {
    fresh = ready_.add(key, urgency, loop_.clock().steady_now());
    pump();
  }
  if (fresh) instruments_.queue_adds.Increment();
}

void WorkQueue::add_now(const Key& key) {
  held_.erase(key);
  push(key, Urgency::Wish);
}

void WorkQueue::add_after(const Key& key, std::chrono::milliseconds delay, Urgency urgency) {
  if (stopped_) return;
  if (ready_.contains(key)) {
    if (delay <= std::chrono::milliseconds(0)) ready_.add(key, urgency, {});
    return;
  }
  const auto now = loop_.clock().steady_now();
  auto due = now + delay;
  if (const auto held = held_.find(key); held != held_.end()) due = std::max(due, held->second);
  if (due <= now) return push(key, urgency);
  if (const auto it = delayed_.find(key); it != delayed_.end()) {
    it->second.urgency = urgency = std::min(urgency, it->second.urgency);
    if (it->second.due <= due) return;
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - now);
  delayed_[key] = Delayed{due, urgency, kube::Timer(loop_, wait, [this, key, urgency] { push(key, urgency); })};
}

std::chrono::milliseconds WorkQueue::retry(const Key& key, std::chrono::milliseconds at_least) {
  kube::Backoff& backoff = backoffs_.try_emplace(key, kKeyBackoff).first->second;
  const auto delay = std::max(backoff.next(loop_.clock().steady_now(), rng_), at_least);
  instruments_.queue_retries.Increment();
  if (const auto again = again_.find(key); again != again_.end() && again->second == Urgency::Wish) return delay;
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
  const auto now = loop_.clock().steady_now();
  if (const auto ended = active_.extract(key)) instruments_.work_duration.Observe(seconds(now - ended.mapped().started));
  instruments_.active_workers.Set(static_cast<double>(active_.size()));
  if (const auto again = again_.extract(key); again && !stopped_) ready_.add(key, again.mapped(), now);
  pump();
}

void WorkQueue::postpone(const Key& key, std::chrono::milliseconds delay) {
  const Urgency urgency = active_.at(key).urgency;
  done(key);
  add_after(key, delay, urgency);
}

void WorkQueue::resume(const Key& key) {
  const auto it = delayed_.find(key);
  const bool wish = it != delayed_.end() && it->second.urgency == Urgency::Wish;
  wish ? push(key, Urgency::Wish) : add_after(key, kBurst, Urgency::Event);
}

void WorkQueue::forget(const Key& key) {
  delayed_.erase(key);
  settled(key);
  again_.erase(key);
  ready_.erase(key);
}

void WorkQueue::stop() {
  stopped_ = true;
  ready_.clear();
  again_.clear();
  delayed_.clear();
}

std::optional<Urgency> WorkQueue::least() const {
  if (active_.size() >= kKeysInFlightMax) return std::nullopt;
  const auto start_ups =
      std::count_if(active_.begin(), active_.end(), [](const auto& key_and_run) { return key_and_run.second.urgency == Urgency::StartUp; });
  return static_cast<std::size_t>(start_ups) < kStartUpsInFlightMax ? Urgency::StartUp : Urgency::Again;
}

void WorkQueue::pump() {
  instruments_.queue_depth.Set(static_cast<double>(ready_.size()));
  if (const auto now = least(); pumping_ || !now || !ready_.any(*now)) return;
  pumping_ = true;
  loop_.post(lifetime_.wrap([this] {
    pumping_ = false;
    const auto turn = least();
    const auto next = turn ? ready_.take(*turn) : std::nullopt;
    if (!next) return;
    const auto now = loop_.clock().steady_now();
    instruments_.queue_duration.Observe(seconds(now - next->since));
    active_.emplace(next->key, Run{next->urgency, now});
    instruments_.active_workers.Set(static_cast<double>(active_.size()));
    pump();
    run_(next->key);
  }));
}

void WorkQueue::measure() {
  const auto now = loop_.clock().steady_now();
  base::SteadyPoint::duration all{};
  base::SteadyPoint::duration longest{};
  for (const auto& [key, run] : active_) {
    all += now - run.started;
    longest = std::max(longest, now - run.started);
  }
  instruments_.unfinished_work.Set(seconds(all));
  instruments_.longest_running.Set(seconds(longest));
}

}  // namespace engine
