#include "tests/sim/operator/network.hpp"

#include <utility>

#include <fmt/format.h>

namespace sim {
namespace {

base::Error unavailable() { return {base::Code::Unavailable, "connection refused", {}, std::nullopt}; }
base::Error no_answer() { return {base::Code::Unknown, "no answer in time", {}, std::nullopt}; }

std::optional<Address> address_of(const kube::Request& request) { return parse_path(request.path.substr(0, request.path.find('?'))); }

}  // namespace

kube::Response Network::arrive(int process, const kube::Request& request, const Fate& fate) {
  if (fate.instead) {
    if (trace) trace(fmt::format("  {} {} -> {} (fault)", request.method, request.path, fate.instead->status));
    return *fate.instead;
  }
  const auto address = address_of(request);
  const bool one = address && (!address->place.name.empty() || request.method == "POST");
  Place place = address ? address->place : Place{};
  if (request.method == "POST")
    place.name = controllers::object::text_at(Object::parse(request.body, nullptr, false), {"metadata", "name"});
  const Stored before = one ? server_.store().find(place) : nullptr;
  const std::uint64_t version = server_.store().version();
  kube::Response response = server_.handle(request, fate.stale_by);
  if (trace && one) {
    trace(fmt::format("  {} {} -> {}{}{}", request.method, request.path, response.status,
                      server_.store().version() == version ? "" : fmt::format(" at {}", server_.store().version()),
                      response.status >= 400 ? " " + response.body.substr(0, 300) : ""));
  }
  if (one) {
    Address full = *address;
    full.place = place;
    seen({process, request, full, before, server_.store().find(place), response.status});
  }
  return fate.covered ? *fate.covered : response;
}

/// A call that ends once, by whatever comes first.
struct Wire::Call {
  std::function<void(base::Result<kube::Response>)> done;
  std::string name_space;      // of a write; "": it is none
  kube::Loop::TimerId timeout = 0;
};

void Wire::end(const std::shared_ptr<Call>& call, const base::Result<kube::Response>& result) {
  if (!call->done) return;
  loop_.cancel_timer(call->timeout);
  if (!call->name_space.empty()) --in_flight_[call->name_space];
  std::exchange(call->done, nullptr)(result);
}

void Wire::send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) {
  network_.tamper(request);
  network_.sending(process_, request);
  const Fate fate = network_.faults_.fate_of(request);
  const auto address = address_of(request);
  const bool write = request.method != "GET" && address && is_child(*address->place.kind);
  auto call = std::make_shared<Call>(Call{std::move(done), write ? address->place.name_space : ""});
  if (write) ++in_flight_[call->name_space];
  if (fate.never_sent) {
    loop_.post([this, call] { end(call, base::fail(unavailable())); });
    return;
  }
  call->timeout = loop_.start_timer(request.timeout, [this, call] { end(call, base::fail(no_answer())); });
  if (fate.never_arrives) return;
  const std::function<void(const kube::Response&)> answer = lifetime_.wrap([this, call, back = fate.back](const kube::Response& response) {
    loop_.after(back, [this, call, response] { end(call, response); });
  });
  network_.schedule_.after(fate.there, [&network = network_, answer, fate, process = process_, request = std::move(request)] {
    const kube::Response response = network.arrive(process, request, fate);
    if (!fate.answer_is_lost) answer(response);
  });
}

int Wire::writes_in_flight(const std::string& name_space) const {
  const auto it = in_flight_.find(name_space);
  return it == in_flight_.end() ? 0 : it->second;
}

/// One open stream, as long as its handle lives. Lines come in order, however long one is held up.
struct Wire::Line : std::enable_shared_from_this<Wire::Line> {
  Line(Wire& wire, kube::StreamEvents what) : network(wire.network_), loop(wire.loop_), events(std::move(what)) {}

  Network& network;
  ProcessLoop& loop;
  kube::StreamEvents events;
  std::shared_ptr<Watch> watch;
  base::SteadyPoint last{};      // when the line before this one arrives
  bool over = false;             // nothing comes any more

  void later(microseconds delay, std::function<void(Line&)> what) {
    last = std::max(last, network.schedule_.now() + delay);
    loop.after(std::chrono::ceil<microseconds>(last - network.schedule_.now()), [weak = weak_from_this(), what = std::move(what)] {
      if (const auto line = weak.lock()) what(*line);
    });
  }
  void end(microseconds delay, base::Status status) {
    over = true;
    later(delay, [status](Line& line) {
      line.watch.reset();
      line.events.ended(status);
    });
  }
  void take(const std::string& text) {
    if (over) return;
    const LineFate fate = network.faults_.line_fate();
    switch (fate.then) {
      case LineFate::Then::GoOn: break;
      case LineFate::Then::FallSilent: over = true; return;
      case LineFate::Then::Break: return end(fate.delay, base::fail(base::Code::Unknown, "connection reset"));
      case LineFate::Then::Expire:
        later(fate.delay, [](Line& line) {
          line.events.data("{\"type\":\"ERROR\",\"object\":" + failure(410, "Expired", "too old resource version").body + "}\n");
        });
        return end(fate.delay, {});
    }
    for (int i = 0; i < (fate.twice ? 2 : 1); ++i) {
      if (fate.in_pieces) {
        later(fate.delay, [text](Line& line) { line.events.data(std::string_view(text).substr(0, text.size() / 2)); });
        later(fate.delay, [text](Line& line) { line.events.data(std::string_view(text).substr(text.size() / 2)); });
      } else {
        later(fate.delay, [text](Line& line) { line.events.data(text); });
      }
    }
  }
  void connect(const kube::Request& request, const Fate& fate) {
    if (fate.instead) return end({}, base::fail(kube::error_of(*fate.instead)));
    const auto address = address_of(request);
    if (!address) return end({}, base::fail(base::Code::NotFound, "no such collection"));
    later(fate.back, [](Line& line) { line.events.opened(); });
    const auto weak = weak_from_this();
    auto opened = network.watches_.open(address->place, std::string_view(request.path).substr(request.path.find('?') + 1),
                                        {[weak](const std::string& text) {
                                           if (const auto line = weak.lock()) line->take(text);
                                         },
                                         [weak] {
                                           if (const auto line = weak.lock(); line && !line->over) line->end({}, {});
                                         }});
    if (opened == nullptr) return end({}, base::fail(kube::error_of(failure(410, "Expired", "too old resource version"))));
    watch = std::move(opened);
  }
};

class Wire::Handle final : public kube::Stream {
 public:
  explicit Handle(std::shared_ptr<Line> line) : line_(std::move(line)) {}

 private:
  std::shared_ptr<Line> line_;
};

std::unique_ptr<kube::Stream> Wire::open(kube::Request request, kube::StreamEvents events) {
  const Fate fate = network_.faults_.opening_fate();
  auto line = std::make_shared<Line>(*this, std::move(events));
  if (fate.never_sent) {
    line->end({}, base::fail(unavailable()));
  } else {
    network_.schedule_.after(fate.there, [weak = std::weak_ptr<Line>(line), fate, request = std::move(request)] {
      if (const auto open = weak.lock()) open->connect(request, fate);
    });
  }
  return std::make_unique<Handle>(std::move(line));
}

}  // namespace sim
