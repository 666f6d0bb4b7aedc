// A server that behaves like WeChat Pay API v3 for native pay, with real signatures on both sides, and a control side that lets the payer
// pay and things go wrong. No money moves. Everything is in memory and ends with the process.
#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "common/net/router.hpp"
#include "payment-runtime/simulator/bills.hpp"
#include "payment-runtime/simulator/callbacks.hpp"
#include "payment-runtime/simulator/faults.hpp"
#include "payment-runtime/simulator/keys.hpp"
#include "payment-runtime/simulator/world.hpp"

namespace pay::simulator {

class Simulator {
 public:
  struct Parts;

  /// `clock` and `rng` outlive it.
  [[nodiscard]] static base::Result<std::unique_ptr<Simulator>> make(std::shared_ptr<ReloadingKeys> keys, const base::Clock& clock,
                                                                     base::Rng& rng);
  ~Simulator();

  /// WeChat Pay's routes and /_control.
  void add_routes(net::Router& router) const;
  /// Begins to send callbacks; once, on the context of one shard.
  void start(boost::asio::io_context& context);
  [[nodiscard]] World& world();

 private:
  explicit Simulator(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

/// What the routes share.
struct Simulator::Parts {
  Parts(std::shared_ptr<ReloadingKeys> given, const base::Clock& clock, base::Rng& random, net::HttpClient client)
      : rng(random),
        keys(std::move(given)),
        world(clock, random),
        faults(random),
        bills(world, random),
        callbacks(world, faults, keys, std::move(client), random) {}

  base::Rng& rng;
  std::shared_ptr<ReloadingKeys> keys;
  World world;
  Faults faults;
  Bills bills;
  Callbacks callbacks;
};

// The two halves of the routes; wechat.cpp and control.cpp.
void add_wechat_routes(net::Router& router, std::shared_ptr<Simulator::Parts> parts);
void add_control_routes(net::Router& router, std::shared_ptr<Simulator::Parts> parts);

}  // namespace pay::simulator
