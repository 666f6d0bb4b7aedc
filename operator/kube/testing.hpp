// Hand-driven doubles of the two ports, for the tests of operator/ and for simulation: time moves when told to,
// and every request waits until the test answers it.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/assert.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"

namespace kube::testing {

class ManualLoop final : public Loop {
 public:
  [[nodiscard]] const base::Clock& clock() const override { return clock_; }
  void post(Task task) override { ready_.push_back(std::move(task)); }
  TimerId start_timer(std::chrono::milliseconds delay, Task task) override {
    timers_.emplace(std::pair{clock_.steady_now() + std::max(delay, std::chrono::milliseconds(0)), ++last_id_}, std::move(task));
    return last_id_;
  }
  void cancel_timer(TimerId id) override {
    std::erase_if(timers_, [id](const auto& timer) { return timer.first.second == id; });
  }

  /// Runs what is posted, and what that posts, until nothing is left. No time passes.
  void settle() {
    while (!ready_.empty()) {
      const Task task = std::move(ready_.front());
      ready_.pop_front();
      task();
    }
  }
  /// Lets time pass, and every timer run at its moment.
  void advance(std::chrono::milliseconds by) {
    settle();
    const auto until = clock_.steady_now() + by;
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      const auto it = timers_.begin();
      move_to(it->first.first);
      const Task task = std::move(it->second);
      timers_.erase(it);
      task();
      settle();
    }
    move_to(until);
  }
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }

 private:
  void move_to(base::SteadyPoint when) {
    clock_.advance(std::chrono::duration_cast<std::chrono::microseconds>(when - clock_.steady_now()));
  }

  base::ManualClock clock_{base::TimePoint{std::chrono::seconds(1'770'000'000)}};
  std::deque<Task> ready_;
  std::map<std::pair<base::SteadyPoint, TimerId>, Task> timers_;
  TimerId last_id_ = 0;
};

/// Keeps what it is asked; the test answers through the loop.
class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(ManualLoop& loop) : loop_(loop) {}

  struct Asked {
    Request request;
    std::function<void(base::Result<Response>)> done;
  };
  struct Opened {
    Request request;
    StreamEvents events;
    bool closed = false;
  };

  void send(Request request, std::function<void(base::Result<Response>)> done) override {
    asked.push_back({std::move(request), std::move(done)});
  }
  std::unique_ptr<Stream> open(Request request, StreamEvents events) override {
    streams.push_back(std::make_shared<Opened>(Opened{std::move(request), std::move(events)}));
    return std::make_unique<Handle>(streams.back());
  }

  /// Takes the oldest unanswered request.
  Asked take() {
    BASE_ASSERT(!asked.empty());
    Asked first = std::move(asked.front());
    asked.pop_front();
    return first;
  }
  void answer(Asked call, base::Result<Response> result) {
    loop_.post([call = std::move(call), result = std::move(result)] { call.done(result); });
    loop_.settle();
  }
  void answer(int status, std::string body) { answer(take(), Response{status, std::move(body), std::nullopt}); }

  void stream_opened() {
    emit([](Opened& stream) { stream.events.opened(); });
  }
  void stream_data(const std::string& piece) {
    emit([piece](Opened& stream) { stream.events.data(piece); });
  }
  void stream_ended(const base::Status& status) {
    emit([status](Opened& stream) { stream.events.ended(status); });
  }

  std::deque<Asked> asked;
  std::vector<std::shared_ptr<Opened>> streams;

 private:
  class Handle final : public Stream {
   public:
    explicit Handle(std::shared_ptr<Opened> stream) : stream_(std::move(stream)) {}
    ~Handle() override { stream_->closed = true; }

   private:
    std::shared_ptr<Opened> stream_;
  };

  void emit(std::function<void(Opened&)> what) {
    BASE_ASSERT(!streams.empty());
    loop_.post([stream = streams.back(), what = std::move(what)] {
      if (!stream->closed) what(*stream);
    });
    loop_.settle();
  }

  ManualLoop& loop_;
};

}  // namespace kube::testing
