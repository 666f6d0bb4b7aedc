#include "operator/program/metered_transport.hpp"

#include <utility>

namespace program {

void MeteredTransport::count(const std::string& method, const std::string& code) {
  metrics_
      .counter("rest_client_requests_total", "Requests to the API server by method and status code.", {{"method", method}, {"code", code}})
      .Increment();
}

void MeteredTransport::send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) {
  const std::string method = request.method;
  inner_.send(std::move(request), [this, method, done = std::move(done)](base::Result<kube::Response> result) {
    count(method, result ? std::to_string(result->status) : "<error>");
    done(std::move(result));
  });
}

std::unique_ptr<kube::Stream> MeteredTransport::open(kube::Request request, kube::StreamEvents events) {
  events.opened = [this, opened = std::move(events.opened)] {
    count("WATCH", "200");
    opened();
  };
  return inner_.open(std::move(request), std::move(events));
}

}  // namespace program
