// The real transport: cpprestsdk's client, confined to this pair of files (docs/adr tells why and how).
// Its threads only move bytes; every callback is posted to the loop.
#pragma once

#include <memory>

#include "common/base/result.hpp"
#include "operator/kube/config.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"

namespace kube {

inline constexpr int kTransportThreads = 4;
// A mounted token lives an hour and is renewed at 80 % of it.
inline constexpr std::chrono::seconds kTokenReadAgain{60};

/// Once, first in main: cpprestsdk would start 40 threads. Also makes the cluster's authority the only one, when there is one.
void initialize_transport(const ClientConfig& config);

/// InvalidArgument for a certificate or key that OpenSSL cannot read. The loop must outlive the transport.
[[nodiscard]] base::Result<std::unique_ptr<Transport>> make_cpprest_transport(ClientConfig config, Loop& loop);

}  // namespace kube
