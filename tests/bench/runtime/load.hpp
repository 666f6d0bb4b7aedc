// Closed-loop HTTP clients: each connection sends its next create when the last was answered. One thread drives them all. Every request is
// accounted for: it ends as a status or as unanswered, and at the end nothing is left in flight.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

constexpr int kConnectionsMax = 1024;
constexpr std::size_t kAnswerBytesMax = 1U << 16;
constexpr auto kAnswerPatience = std::chrono::seconds{15};   // for what is in flight at the end

struct Window {
  std::chrono::milliseconds warm_up{3000};
  std::chrono::milliseconds measured{10000};
  std::function<void()> opened = [] {};   // called where the measured part begins and ends
  std::function<void()> closed = [] {};
};

struct LoadResult {
  std::vector<std::uint32_t> latencies_us;        // of answers 200 within the measured part
  double seconds = 0;                             // of the measured part
  std::map<int, std::uint64_t> statuses;          // of all requests, from the first to the last
  std::uint64_t unanswered = 0;                   // connection lost, or no answer within kAnswerPatience: the outcome is not known
  std::string first_failure;                      // the body of the first answer that was not 200

  [[nodiscard]] std::uint64_t created() const;
  [[nodiscard]] std::uint64_t failed() const;     // other statuses and unanswered ones
};

/// POST /api/payment/create on 127.0.0.1:`port`; business numbers are unique within `run` (at most 32 bytes of [0-9A-Za-z-]).
/// Throws when the service does not take connections.
[[nodiscard]] LoadResult load_creates(std::uint16_t port, int connections, const std::string& run, const Window& window);

/// Status of one GET; 0 when there is no answer.
[[nodiscard]] int get_status(std::uint16_t port, const std::string& path);

}  // namespace bench
