#include "operator/kube/fenced_transport.hpp"

#include <algorithm>
#include <utility>

namespace kube {

void FencedTransport::send(Request request, std::function<void(base::Result<Response>)> done) {
  if (request.method != "GET") {
    const auto allowed = write_time_();
    if (allowed <= std::chrono::milliseconds(0)) {
      return loop_.post([done = std::move(done)] { done(base::fail(base::Code::Cancelled, "the lease is lost; nothing was sent")); });
    }
    request.timeout = std::min(request.timeout, allowed);
  }
  inner_.send(std::move(request), std::move(done));
}

}  // namespace kube
