#include "operator/program/probes.hpp"

#include <utility>

#include "common/obs/log.hpp"

namespace program {
namespace {

// Probes and scrapers; a flood of others is not served.
constexpr net::ServerLimits kLimits{.body_bytes = 1024, .connections_per_shard = 64, .in_flight_per_shard = 16};

base::Task<net::Response> reply(net::Response response) { co_return response; }

net::Response report(const obs::Health::Report& report) {
  net::Response response;
  response.status = report.up ? 200 : 503;
  response.body = report.body;
  return response;
}

}  // namespace

Probes::Probes(kube::Loop& loop, const obs::Metrics& metrics, Questions questions)
    : loop_(loop),
      metrics_(metrics),
      questions_(std::move(questions)) {
  health_.add("loop", obs::Group::Liveness, [this] { return stalled(); });
  health_.add("watches", obs::Group::Liveness, [this] { return said(why_not_alive_); });
  health_.add("caches", obs::Group::Readiness, [this] { return said(why_not_ready_); });
}

void Probes::beat() {
  last_beat_ = loop_.clock().steady_now().time_since_epoch().count();
  questions_.measure();
  {
    const std::lock_guard lock(mutex_);
    why_not_ready_ = questions_.not_ready();
    why_not_alive_ = questions_.not_alive();
  }
  timer_ = kube::Timer(loop_, kBeat, [this] { beat(); });
}

obs::Problem Probes::stalled() const {
  const auto silent = loop_.clock().steady_now() - base::SteadyPoint(base::SteadyPoint::duration(last_beat_));
  if (silent < kLoopStalled) return std::nullopt;
  return "the loop has not turned for " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(silent).count()) + " s";
}

obs::Problem Probes::said(const std::string& why) const {
  const std::lock_guard lock(mutex_);
  return why.empty() ? obs::Problem{} : obs::Problem{why};
}

base::Status Probes::start(const Options& options) {
  beat();
  net::Router probes;
  probes.add("GET", "/healthz", [this](const net::Request&) { return reply(report(health_.liveness())); }, net::Admission::Always);
  probes.add("GET", "/readyz", [this](const net::Request&) { return reply(report(health_.readiness())); }, net::Admission::Always);
  net::Router metrics;
  metrics.add("GET", "/metrics", [this](const net::Request&) {
    net::Response response;
    response.content_type = obs::kMetricsContentType;
    response.body = metrics_.expose();
    return reply(std::move(response));
  });
  if (options.probes) {
    if (auto done = listen(*options.probes, std::move(probes), "probes"); !done) return done;
  }
  if (options.metrics) {
    if (auto done = listen(*options.metrics, std::move(metrics), "metrics"); !done) return done;
  }
  shards_.start();
  return {};
}

base::Status Probes::listen(const Address& address, net::Router router, const char* what) {
  net::ServerOptions server;
  server.service = "payment-operator";
  server.address = address.host;
  server.port = address.port;
  server.limits = kLimits;
  auto listening = net::HttpServer::listen(shards_, std::move(router), std::move(server));
  if (!listening) return base::fail(listening.error());
  obs::info("listening", {{"what", what}, {"port", (*listening)->port()}});
  servers_.push_back(std::move(*listening));
  return {};
}

}  // namespace program
