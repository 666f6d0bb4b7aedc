// The way between one operator process and the API server: requests that take their time, arrive or not, and are answered or not.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "operator/kube/transport.hpp"
#include "tests/sim/operator/faults.hpp"
#include "tests/sim/operator/watches.hpp"

namespace sim {

/// One request of an operator as it reaches the server: what the properties look at.
struct Seen {
  int process = 0;
  const kube::Request& request;
  Address address;
  Stored before;            // the object that it names, null when there was none
  Stored after;
  int status = 0;           // as the server decided; the operator may hear otherwise, or nothing
};

class Network {
 public:
  Network(Schedule& schedule, Server& server, FaultPlan& faults)
      : schedule_(schedule),
        server_(server),
        faults_(faults),
        watches_(schedule, server) {}

  /// Hears of every request that reached the server, watches and lists excepted.
  std::function<void(const Seen&)> seen = [](const Seen&) {};
  /// Hears of every request when it leaves its process.
  std::function<void(int process, const kube::Request&)> sending = [](int, const kube::Request&) {};
  /// A hand in the wire, for planted bugs: may change a request before it is sent.
  std::function<void(kube::Request&)> tamper = [](kube::Request&) {};
  std::function<void(const std::string&)> trace;      // empty: nobody reads along

 private:
  friend class Wire;
  kube::Response arrive(int process, const kube::Request& request, const Fate& fate);

  Schedule& schedule_;
  Server& server_;
  FaultPlan& faults_;
  Watches watches_;
};

/// The port of one process, which ends with the process's loop. No answer comes back any more then, while what was sent still arrives.
class Wire final : public kube::Transport {
 public:
  Wire(Network& network, ProcessLoop& loop, int process) : network_(network), loop_(loop), process_(process) {}

  void send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) override;
  [[nodiscard]] std::unique_ptr<kube::Stream> open(kube::Request request, kube::StreamEvents events) override;

  /// Writes to objects of a namespace that are neither answered nor given up.
  [[nodiscard]] int writes_in_flight(const std::string& name_space) const;

 private:
  struct Call;
  struct Line;
  class Handle;
  void end(const std::shared_ptr<Call>& call, const base::Result<kube::Response>& result);

  Network& network_;
  ProcessLoop& loop_;
  int process_;
  std::map<std::string, int> in_flight_;
  kube::Lifetime lifetime_;
};

}  // namespace sim
