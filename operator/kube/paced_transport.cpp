#include "operator/kube/paced_transport.hpp"

#include <algorithm>
#include <utility>

namespace kube {

using base::Code;

PacedTransport::PacedTransport(Loop& loop, Transport& inner, obs::Metrics& metrics)
    : loop_(loop),
      inner_(inner),
      limit_(metrics.gauge("payment_operator_request_window",
                           "Requests that may be in flight to the API server; it shrinks when that is "
                           "overloaded.")),
      waiting_count_(metrics.gauge("payment_operator_requests_waiting", "Requests that wait for a place among those.")) {
  measure();
}

void PacedTransport::send(Request request, Done done) {
  if (waiting_.empty() && window_.open(loop_.clock().steady_now(), in_flight_)) return go(std::move(request), std::move(done));
  if (waiting_.size() >= kRequestsWaitingMax) {
    return loop_.post([done = std::move(done)] { done(base::fail(Code::Unavailable, "too many requests wait for the API server")); });
  }
  const auto patience = request.timeout;
  const auto it = waiting_.insert(waiting_.end(), Waiting{std::move(request), std::move(done), {}});
  it->patience = Timer(loop_, patience, [this, it] { give_up(it); });
  pump();
}

std::unique_ptr<Stream> PacedTransport::open(Request request, StreamEvents events) {
  events.ended = lifetime_.wrap([this, ended = std::move(events.ended)](const base::Status& status) {
    // Unavailable is a refused connection too, which says nothing of the kind: only the server itself names a time.
    if (!status && (status.error().code == Code::ResourceExhausted || status.error().retry_after)) {
      window_.overloaded(loop_.clock().steady_now(), status.error().retry_after);
      measure();
    }
    ended(status);
  });
  return inner_.open(std::move(request), std::move(events));
}

void PacedTransport::pump() {
  const auto now = loop_.clock().steady_now();
  while (!waiting_.empty() && window_.open(now, in_flight_)) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    go(std::move(next.request), std::move(next.done));
  }
  if (!waiting_.empty() && now < window_.paused_until()) {
    resume_ = Timer(loop_, std::chrono::ceil<std::chrono::milliseconds>(window_.paused_until() - now), [this] { pump(); });
  }
  measure();
}

void PacedTransport::go(Request request, Done done) {
  ++in_flight_;
  inner_.send(std::move(request), lifetime_.wrap([this, done = std::move(done)](const base::Result<Response>& result) {
    judge(result, in_flight_--);
    pump();
    done(result);
  }));
}

void PacedTransport::judge(const base::Result<Response>& result, std::size_t in_flight) {
  const auto now = loop_.clock().steady_now();
  if (!result) {
    // Refused connections and cancelled writes say nothing about how much the server can bear.
    if (result.error().code == Code::Unknown) window_.overloaded(now, std::nullopt);
  } else if (result->status == 429 || result->status == 503 || result->status == 504) {
    window_.overloaded(now, error_of(*result).retry_after);
  } else {
    window_.answered(in_flight);
  }
}

void PacedTransport::give_up(std::list<Waiting>::iterator it) {
  const Done done = std::move(it->done);
  waiting_.erase(it);
  measure();
  done(base::fail(Code::Unavailable, "the API server is overloaded: no turn for this request in time; nothing was sent"));
}

void PacedTransport::measure() {
  limit_.Set(static_cast<double>(window_.limit()));
  waiting_count_.Set(static_cast<double>(waiting_.size()));
}

}  // namespace kube
