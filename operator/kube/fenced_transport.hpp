#pragma once

#include <chrono>
#include <functional>

#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"

namespace kube {

/// The last gate before the wire: after a lost lease nothing that changes anything is sent, whatever had been decided or had waited in a
/// queue, and what is sent is given up before somebody else can lead. Reads and watches pass.
class FencedTransport final : public Transport {
 public:
  /// `write_time`: how long a write that is sent now may take; zero: none may be sent, and the answer is Cancelled.
  FencedTransport(Loop& loop, Transport& inner, std::function<std::chrono::milliseconds()> write_time)
      : loop_(loop),
        inner_(inner),
        write_time_(std::move(write_time)) {}

  void send(Request request, std::function<void(base::Result<Response>)> done) override;
  [[nodiscard]] std::unique_ptr<Stream> open(Request request, StreamEvents events) override {
    return inner_.open(std::move(request), std::move(events));
  }

 private:
  Loop& loop_;
  Transport& inner_;
  std::function<std::chrono::milliseconds()> write_time_;
};

}  // namespace kube
