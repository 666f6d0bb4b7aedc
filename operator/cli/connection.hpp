// The way from the words on the command line to a cluster.
#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "operator/cli/asio_pump.hpp"
#include "operator/cli/credential.hpp"
#include "operator/cli/renewed_transport.hpp"
#include "operator/cli/session.hpp"
#include "operator/engine/asio_loop.hpp"
#include "operator/kube/config.hpp"

namespace cli {

/// Where these flags look for a kubeconfig.
[[nodiscard]] kube::KubeconfigChoice choice_of(const Flags& flags);

/// Made at its first use; lives until the end of main.
class Connection {
 public:
  /// `terminal`: a person is there whom a program for credentials may ask.
  explicit Connection(bool terminal) : asking_{.terminal = terminal} {}

  [[nodiscard]] base::Result<Cluster*> open(const Flags& flags);

 private:
  base::Result<Login> log_in(kube::ClientConfig config);

  Asking asking_;      // with the environment from before the transport sets SSL_CERT_FILE for itself
  boost::asio::io_context context_{1};
  engine::AsioLoop loop_{context_};
  AsioPump pump_{context_};
  std::unique_ptr<kube::Transport> transport_;
  std::unique_ptr<Cluster> cluster_;
};

}  // namespace cli
