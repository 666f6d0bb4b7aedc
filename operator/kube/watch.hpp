// List and watch of one collection as a pure step function:
//
//   Empty --list--> InitPage --last page--> InitListed --stream opened--> Watching
//     ^------------------ 410, or the resource version proved useless ------|
//                                              ^------ any other end -------|
//
// The shell (watcher.cpp) does what the actions say and feeds back what came of it. No I/O, no clock, no timer here.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "operator/kube/backoff.hpp"

namespace kube {

inline constexpr std::chrono::seconds kWatchServerTimeout{290};       // below the 295 s where some load balancers cut
// The server sends a bookmark every minute; two missed ones mean a dead connection, and opening another costs one request.
inline constexpr std::chrono::seconds kWatchSilenceMax{130};
inline constexpr Backoff::Limits kWatchBackoff{std::chrono::milliseconds(800), std::chrono::seconds(30), std::chrono::seconds(120)};
// A stream that lasted so long had worked: the delay after it breaks is the first again, so that a bad line keeps no change waiting.
inline constexpr std::chrono::seconds kWatchWorked{5};
// A stream that ends cleanly within a second without a word has told us nothing; after three the resource version is given up.
inline constexpr std::chrono::seconds kWatchTooShort{1};
inline constexpr int kWatchTooShortMax = 3;

struct Watch {
  enum class State { Empty, InitPage, InitListed, Watching };

  State state = State::Empty;
  std::string resource_version;      // where the next stream starts
  std::string continue_token;        // of the page being read
  Backoff backoff{kWatchBackoff};
  base::SteadyPoint opened_at{};
  bool heard = false;                // this stream has delivered something
  int too_short = 0;                 // such streams in a row
};

namespace watch_input {
struct Wake {};                                                   // start, or the delay of an earlier RetryAfter is over
struct Page {
  std::string resource_version, continue_token;
};    // a page was read and its items were delivered
struct Failed {
  base::Error error;
};                             // the list failed, or the stream was refused or broke
struct Opened {};                                                 // the stream is up
struct Progress {
  std::string resource_version;
};                // an event or a bookmark was delivered
struct Ended {};                                                  // the server closed the stream cleanly
}  // namespace watch_input
using WatchInput =
    std::variant<watch_input::Wake, watch_input::Page, watch_input::Failed, watch_input::Opened, watch_input::Progress, watch_input::Ended>;

namespace watch_action {
struct BeginReplace {};                                           // what is known may be stale: mark it
struct ListPage {
  std::string continue_token;
};
struct FinishReplace {};                                          // drop what was not listed again
struct OpenStream {
  std::string resource_version;
};
struct RetryAfter {
  std::chrono::milliseconds delay;
};           // close what is open; Wake after this
}  // namespace watch_action
using WatchAction = std::variant<watch_action::BeginReplace, watch_action::ListPage, watch_action::FinishReplace, watch_action::OpenStream,
                                 watch_action::RetryAfter>;

[[nodiscard]] std::vector<WatchAction> step(Watch& watch, const WatchInput& input, base::SteadyPoint now, base::Rng& rng);

}  // namespace kube
