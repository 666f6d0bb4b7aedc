// A transport whose credentials end: before they do, it is made anew.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"

namespace cli {

struct Login {
  std::unique_ptr<kube::Transport> transport;
  std::optional<base::TimePoint> expires = {};
};

class RenewedTransport final : public kube::Transport {
 public:
  using LogIn = std::function<base::Result<Login>()>;

  static constexpr std::chrono::seconds kRenewBefore{10};      // a request is on its way for as long

  RenewedTransport(kube::Loop& loop, Login first, LogIn log_in) : loop_(loop), now_(std::move(first)), log_in_(std::move(log_in)) {}

  void send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) override;
  [[nodiscard]] std::unique_ptr<kube::Stream> open(kube::Request request, kube::StreamEvents events) override;

 private:
  base::Status renew();

  kube::Loop& loop_;
  Login now_;
  LogIn log_in_;
  std::vector<std::unique_ptr<kube::Transport>> former_;      // streams that they opened go on
};

}  // namespace cli
