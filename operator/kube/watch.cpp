#include "operator/kube/watch.hpp"

#include <algorithm>

namespace kube {
namespace {

using State = Watch::State;
using Actions = std::vector<WatchAction>;

void forget(Watch& watch) {
  watch.state = State::Empty;
  watch.resource_version.clear();
  watch.continue_token.clear();
  watch.too_short = 0;
}

struct Stepper {
  Watch& watch;
  base::SteadyPoint now;
  base::Rng& rng;

  Actions operator()(const watch_input::Wake&) const {
    switch (watch.state) {
      case State::Empty:
        watch.state = State::InitPage;
        watch.continue_token.clear();
        return {watch_action::BeginReplace{}, watch_action::ListPage{}};
      case State::InitPage: return {watch_action::ListPage{watch.continue_token}};
      case State::InitListed: return {watch_action::OpenStream{watch.resource_version}};
      case State::Watching: return {};
    }
    return {};
  }

  Actions operator()(const watch_input::Page& page) const {
    if (watch.state != State::InitPage) return {};
    watch.resource_version = page.resource_version;
    watch.continue_token = page.continue_token;
    if (!page.continue_token.empty()) return {watch_action::ListPage{page.continue_token}};
    watch.state = State::InitListed;
    return {watch_action::FinishReplace{}, watch_action::OpenStream{watch.resource_version}};
  }

  Actions operator()(const watch_input::Failed& failed) const {
    if (watch.state == State::Watching && now - watch.opened_at >= kWatchWorked) watch.backoff.reset();
    // 410 (in a reply or in the stream): the version or the page's token is older than the server remembers.
    if (failed.error.code == base::Code::OutOfRange) {
      forget(watch);
    } else if (watch.state == State::Watching) {
      watch.state = State::InitListed;
    }
    return {retry(failed.error.retry_after)};
  }

  Actions operator()(const watch_input::Opened&) const {
    if (watch.state != State::InitListed) return {};
    watch.state = State::Watching;
    watch.opened_at = now;
    watch.heard = false;
    return {};
  }

  Actions operator()(const watch_input::Progress& progress) const {
    if (watch.state != State::Watching) return {};
    watch.resource_version = progress.resource_version;
    watch.heard = true;
    watch.too_short = 0;
    return {};
  }

  Actions operator()(const watch_input::Ended&) const {
    if (watch.state != State::Watching) return {};
    watch.state = State::InitListed;
    if (watch.heard || now - watch.opened_at >= kWatchTooShort) return {watch_action::OpenStream{watch.resource_version}};
    if (++watch.too_short >= kWatchTooShortMax) forget(watch);
    return {retry(std::nullopt)};
  }

  WatchAction retry(std::optional<std::chrono::milliseconds> at_least) const {
    const auto delay = watch.backoff.next(now, rng);
    return watch_action::RetryAfter{std::max(delay, at_least.value_or(delay))};
  }
};

}  // namespace

std::vector<WatchAction> step(Watch& watch, const WatchInput& input, base::SteadyPoint now, base::Rng& rng) {
  return std::visit(Stepper{watch, now, rng}, input);
}

}  // namespace kube
