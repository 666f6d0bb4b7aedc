#pragma once

#include "common/obs/metrics.hpp"
#include "operator/kube/transport.hpp"

namespace program {

/// Counts every request by method and status code (rest_client_requests_total); watches count when they are opened.
class MeteredTransport final : public kube::Transport {
 public:
  MeteredTransport(kube::Transport& inner, obs::Metrics& metrics) : inner_(inner), metrics_(metrics) {}

  void send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) override;
  [[nodiscard]] std::unique_ptr<kube::Stream> open(kube::Request request, kube::StreamEvents events) override;

 private:
  void count(const std::string& method, const std::string& code);

  kube::Transport& inner_;
  obs::Metrics& metrics_;
};

}  // namespace program
