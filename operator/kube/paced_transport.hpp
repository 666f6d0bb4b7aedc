#pragma once

#include <list>

#include "common/obs/metrics.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"
#include "operator/kube/window.hpp"

namespace kube {

inline constexpr std::size_t kRequestsWaitingMax = 2'048;    // first lists of 64 namespaces are 900

/// All requests of the process share one window; what does not fit waits in line, as long as it would wait for its answer. Streams pass:
/// each has a backoff of its own, but what the server says to them counts.
class PacedTransport final : public Transport {
 public:
  PacedTransport(Loop& loop, Transport& inner, obs::Metrics& metrics);

  /// Unavailable, with nothing sent, when its turn did not come in time.
  void send(Request request, std::function<void(base::Result<Response>)> done) override;
  [[nodiscard]] std::unique_ptr<Stream> open(Request request, StreamEvents events) override;

  [[nodiscard]] const Window& window() const { return window_; }

 private:
  using Done = std::function<void(base::Result<Response>)>;
  struct Waiting {
    Request request;
    Done done;
    Timer patience;
  };

  void pump();
  void go(Request request, Done done);
  void judge(const base::Result<Response>& result, std::size_t in_flight);
  void give_up(std::list<Waiting>::iterator it);
  void measure();

  Loop& loop_;
  Transport& inner_;
  prometheus::Gauge& limit_;
  prometheus::Gauge& waiting_count_;
  Window window_;
  std::list<Waiting> waiting_;
  std::size_t in_flight_ = 0;
  Timer resume_;
  Lifetime lifetime_;
};

}  // namespace kube
