#include "operator/cli/renewed_transport.hpp"

#include <utility>

namespace cli {
namespace {

/// A stream that ends before it begins.
class NoStream final : public kube::Stream {
 public:
  NoStream(kube::Loop& loop, kube::StreamEvents events, base::Error error) {
    loop.post(alive_.wrap([events = std::move(events), error = std::move(error)] { events.ended(base::fail(error)); }));
  }

 private:
  kube::Lifetime alive_;
};

}  // namespace

base::Status RenewedTransport::renew() {
  if (!now_.expires || loop_.clock().now() + kRenewBefore < *now_.expires) return {};
  auto login = log_in_();
  if (!login) return base::fail(login.error());
  former_.push_back(std::exchange(now_, std::move(*login)).transport);
  return {};
}

void RenewedTransport::send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) {
  if (auto renewed = renew(); !renewed) {
    return loop_.post([done = std::move(done), error = renewed.error()] { done(base::fail(error)); });
  }
  now_.transport->send(std::move(request), std::move(done));
}

std::unique_ptr<kube::Stream> RenewedTransport::open(kube::Request request, kube::StreamEvents events) {
  if (auto renewed = renew(); !renewed) return std::make_unique<NoStream>(loop_, std::move(events), renewed.error());
  return now_.transport->open(std::move(request), std::move(events));
}

}  // namespace cli
