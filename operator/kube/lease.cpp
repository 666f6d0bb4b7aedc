#include "operator/kube/lease.hpp"

#include <algorithm>

namespace kube {
namespace {

using State = Lease::State;
using Actions = std::vector<LeaseAction>;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kReleasedDuration{1};     // of a lease that was given back; nobody waits for it, but zero is not valid

milliseconds with_jitter(milliseconds retry, base::Rng& rng) {
  return retry + milliseconds(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(retry.count()) / 5 + 1)));
}

/// The lease is not as we saw it last.
bool lost_race(base::Code code) { return code == base::Code::Aborted || code == base::Code::AlreadyExists || code == base::Code::NotFound; }

struct Stepper {
  Lease& lease;
  base::SteadyPoint now;
  base::Rng& rng;

  Actions operator()(const lease_input::Wake&) const {
    if (lease.state == State::Leaving) return {};
    Actions actions = follow_if_late();
    if (lease.asked_at) {
      actions.push_back(wake_later());
    } else if (lease.state == State::Leader && lease.certain) {
      write(actions, lease.self);
    } else {
      read(actions);
    }
    return actions;
  }

  Actions operator()(const lease_input::Seen& input) const {
    lease.asked_at.reset();
    remember(input.record);
    if (lease.state == State::Leaving) return leave();
    Actions actions = follow_if_late();
    if (lease.state == State::Leader && lease.seen.holder != lease.self) follow(actions);   // deleted, or taken from us
    if (may_take()) {
      write(actions, lease.self);
    } else {
      actions.push_back(wake_later());
    }
    return actions;
  }

  Actions operator()(const lease_input::Written& input) const {
    const auto sent = lease.asked_at.value_or(now);
    lease.asked_at.reset();
    remember(input.record);
    if (lease.state == State::Leaving) return leave();
    lease.renewed_at = sent;
    Actions actions = follow_if_late();
    if (lease.state == State::Standby && now - sent < lease.times.renew_deadline) {
      lease.state = State::Leader;
      actions.push_back(lease_action::Lead{});
    }
    actions.push_back(wake_later());
    return actions;
  }

  Actions operator()(const lease_input::Failed& failed) const {
    lease.asked_at.reset();
    lease.certain = false;
    if (lease.state == State::Leaving) return {lease_action::Left{}};
    Actions actions = follow_if_late();
    if (lease.state == State::Leader && lost_race(failed.error.code)) {
      read(actions);     // somebody wrote it: see who
    } else {
      actions.push_back(wake_later(failed.error.retry_after.value_or(milliseconds(0))));
    }
    return actions;
  }

  Actions operator()(const lease_input::Stop&) const {
    if (lease.state == State::Leaving) return {};
    lease.state = State::Leaving;
    if (lease.asked_at) return {};      // it may just be giving us the lease: its answer tells
    return leave();
  }

  void remember(const LeaseRecord& record) const {
    if (record.version != lease.seen.version || record.version.empty()) lease.seen_at = now;
    lease.seen = record;
    lease.certain = true;
  }

  [[nodiscard]] bool may_take() const {
    const LeaseRecord& seen = lease.seen;
    return seen.version.empty() || seen.holder.empty() || seen.holder == lease.self || now - lease.seen_at >= seen.duration;
  }

  void read(Actions& actions) const {
    lease.asked_at = now;
    actions.push_back(lease_action::Read{});
    actions.push_back(wake_later());
  }

  void write(Actions& actions, const std::string& holder) const {
    LeaseRecord record = lease.seen;
    const bool acquires = record.holder != holder && !holder.empty();
    if (acquires && !record.version.empty()) ++record.transitions;
    record.holder = holder;
    record.duration = holder.empty() ? kReleasedDuration : std::chrono::duration_cast<std::chrono::seconds>(lease.times.duration);
    lease.asked_at = now;
    actions.push_back(lease_action::Write{std::move(record), acquires});
    if (lease.state != State::Leaving) actions.push_back(wake_later());
  }

  void follow(Actions& actions) const {
    lease.state = State::Standby;
    actions.push_back(lease_action::Follow{});
  }

  [[nodiscard]] Actions follow_if_late() const {
    Actions actions;
    if (lease.state == State::Leader && !holds(lease, now)) follow(actions);
    return actions;
  }

  /// The next attempt; while a request is under way, the moment when the lease is lost without its answer.
  [[nodiscard]] LeaseAction wake_later(milliseconds at_least = {}) const {
    milliseconds delay = std::max(with_jitter(lease.times.retry, rng), at_least);
    if (lease.state == State::Leader) {
      const auto left = std::chrono::ceil<milliseconds>(lease.renewed_at + lease.times.renew_deadline - now);
      delay = lease.asked_at ? left : std::min(delay, left);
    }
    return lease_action::WakeAfter{delay};
  }

  [[nodiscard]] Actions leave() const {
    if (!lease.certain || lease.seen.version.empty() || lease.seen.holder != lease.self) return {lease_action::Left{}};
    Actions actions;
    write(actions, "");
    return actions;
  }
};

}  // namespace

base::Status check(const LeaseTimes& times) {
  const auto wrong = [](const char* field, const char* problem) { return base::fail(base::Code::InvalidArgument, problem, field); };
  if (times.duration % std::chrono::seconds(1) != milliseconds(0)) return wrong("lease-duration", "is not in whole seconds");
  if (times.duration <= times.renew_deadline) return wrong("lease-duration", "must be longer than the renew deadline");
  if (times.retry <= milliseconds(0)) return wrong("retry-period", "must be above zero");
  if (times.renew_deadline <= times.retry + times.retry / 5) return wrong("renew-deadline", "must be longer than 1.2 retry periods");
  return {};
}

bool holds(const Lease& lease, base::SteadyPoint now) {
  return lease.state == State::Leader && now - lease.renewed_at < lease.times.renew_deadline;
}

milliseconds exclusive_for(const Lease& lease, base::SteadyPoint now) {
  if (!holds(lease, now)) return {};
  return std::chrono::floor<milliseconds>(lease.renewed_at + lease.times.duration - now);
}

std::vector<LeaseAction> step(Lease& lease, const LeaseInput& input, base::SteadyPoint now, base::Rng& rng) {
  return std::visit(Stepper{lease, now, rng}, input);
}

}  // namespace kube
