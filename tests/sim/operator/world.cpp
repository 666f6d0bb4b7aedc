#include "tests/sim/operator/world.hpp"

#include <fmt/format.h>

#include "common/base/assert.hpp"

namespace sim {

using controllers::object::text_at;

namespace {

constexpr seconds kRestartTakes{3};

controllers::Settings settings() { return {"0.1.0", "localhost/payment-runtime:0.1.0", "localhost/mariadb:10.11", "localhost/redis:7.2"}; }

std::string describe(const controllers::Plan& plan) {
  std::string text = plan.empty() ? "  decides: nothing" : "  decides:";
  const auto add = [&text](const char* verb, std::size_t n) {
    if (n > 0) text += fmt::format(" {} {}", verb, n);
  };
  add("read", plan.reads.size());
  add("generate", plan.generate.size());
  add("apply", plan.apply.size());
  add("scale", plan.scale.size());
  add("replace", plan.replace.size());
  add("remove", plan.remove.size());
  add("events", plan.events.size());
  if (plan.finalizers) text += " finalizers";
  if (plan.status) text += " status";
  for (const controllers::Apply& apply : plan.apply) text += "\n      " + describe(place_of(apply.object)) + ": " + apply.reason;
  for (const controllers::Apply& apply : plan.scale) text += "\n      " + describe(place_of(apply.object)) + ": " + apply.reason;
  for (const controllers::Remove& remove : plan.remove)
    text += fmt::format("\n      {} {}: {}", remove.ref.kind, remove.ref.name, remove.reason);
  for (const controllers::Replace& item : plan.replace) text += fmt::format("\n      {} {}: {}", item.ref.kind, item.ref.name, item.reason);
  return text;
}

Place platform_place() { return {&kube::platform_kind(), kNamespace, kPlatform}; }

std::string identity_of(int id) { return fmt::format("operator-{}", id); }

}  // namespace

void SlowKeyMaker::rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) {
  loop_.after(faults_.key_making(), [done = std::move(done)] { done(crypto::RsaKeyPair{base::Secret("PRIVATE"), "PUBLIC"}); });
}

Process::Process(const Surroundings& world, int id, std::uint64_t seed)
    : keeps_leading_(world.planted.keeps_leading),
      loop_(world.schedule),
      wire_(world.network, loop_, id),
      fenced_(loop_, wire_, [this] { return write_time(); }),
      paced_(loop_, fenced_, metrics_),
      rng_(seed),
      keys_(loop_, world.faults),
      instruments_(metrics_),
      manager_({loop_, paced_, rng_, keys_, instruments_}, {{}, settings(), identity_of(id), [this] { return write_time().count() > 0; }},
               watched(world)) {
  manager_.start();
  if (!world.election) {
    manager_.set_leading(true);
    return;
  }
  leader_ = std::make_unique<engine::Leader>(loop_, wire_, rng_, engine::LeaderOptions{kNamespace, "payment-operator", identity_of(id), {}},
                                             metrics_, [this](bool leads) {
                                               if (leads || !keeps_leading_) manager_.set_leading(leads);
                                             });
  leader_->start();
}

engine::Reconcile Process::watched(const Surroundings& world) const {
  return [this, &network = world.network, &properties = world.properties,
          decide = world.planted.reconcile ? world.planted.reconcile(controllers::reconcile) : controllers::reconcile](
             const Object& platform, const controllers::Snapshot& live, const controllers::Settings& given, base::TimePoint now) {
    if (wire_.writes_in_flight(text_at(platform, {"metadata", "namespace"})) > 0) {
      properties.violated("a reconcile began while writes of the one before it were under way");
    }
    controllers::Plan plan = decide(platform, live, given, now);
    if (network.trace) network.trace(describe(plan));
    return plan;
  };
}

World::World(Options options)
    : options_(std::move(options)),
      rng_(options_.seed ^ 0x5eed),
      faults_(options_.faults ? FaultPlan(options_.seed) : FaultPlan()),
      server_(schedule_),
      cluster_(schedule_, server_, faults_),
      network_(schedule_, server_, faults_),
      properties_(server_.store()) {
  network_.seen = [this](const Seen& request) { seen(request); };
  network_.sending = [this](int process, const kube::Request& request) { sending(process, request); };
  if (options_.planted.tamper) network_.tamper = options_.planted.tamper;
  if (options_.trace) {
    network_.trace = [this](const std::string& what) { trace(what); };
    trace(faults_.describe());
  }
}

void World::trace(const std::string& what) const {
  if (options_.trace) options_.trace(fmt::format("{} {}", base::to_rfc3339(schedule_.wall(), true).substr(11, 12), what));
}

int World::start_operator() {
  const int id = ++last_process_;
  trace(fmt::format("operator {} starts", id));
  processes_[id] =
      std::make_unique<Process>(Process::Surroundings{schedule_, network_, faults_, properties_, options_.planted, options_.election}, id,
                                options_.seed * 1'000 + static_cast<std::uint64_t>(id));
  return id;
}

void World::kill_operator(int id) {
  if (processes_.erase(id) > 0) trace(fmt::format("operator {} dies", id));
}

std::vector<int> World::operators() const {
  std::vector<int> ids;
  for (const auto& [id, process] : processes_) ids.push_back(id);
  return ids;
}

int World::leader() const {
  const Stored lease = store().find({&kind_named("Lease"), kNamespace, "payment-operator"});
  const std::string holder = lease ? text_at(*lease, {"spec", "holderIdentity"}) : "";
  for (const auto& [id, process] : processes_) {
    if (holder == identity_of(id)) return id;
  }
  return 0;
}

void World::sending(int process, const kube::Request& request) {
  if (!options_.election || request.method == "GET" || request.path.find("/leases") != std::string::npos) return;
  if (leader() != process) properties_.violated(fmt::format("operator {} writes while operator {} holds the lease", process, leader()));
}

void World::seen(const Seen& request) {
  properties_.seen(request, schedule_.now());
  if (crash_at_ == 0 || properties_.writes() < crash_at_) return;
  crash_at_ = 0;
  faults_.happened(Fault::CrashAfterWrite);
  const int id = request.process;
  // In a turn of its own: this one runs inside the request.
  schedule_.after({}, [this, id] {
    kill_operator(id);
    schedule_.after(kRestartTakes, [this] { start_operator(); });
  });
}

void World::create_platform(const Object& spec) {
  trace("user creates the platform");
  const Answer made = server_.create({{"apiVersion", kube::platform_kind().api_version},
                                      {"kind", kube::platform_kind().kind},
                                      {"metadata", {{"name", kPlatform}, {"namespace", kNamespace}}},
                                      {"spec", spec}},
                                     "kubectl");
  if (!made.good()) properties_.violated("the test's own platform was refused: " + made.message);
}

void World::edit_spec(const Object& merge_patch) {
  trace("user edits the spec: " + merge_patch.dump());
  const Answer done = server_.update(platform_place(), "kubectl", [&](Object& object) { object["spec"].merge_patch(merge_patch); });
  if (!done.good()) properties_.violated("the test's own edit was refused: " + done.message);
}

void World::delete_platform() {
  trace("user deletes the platform");
  server_.remove(platform_place());
}

void World::when_gone(std::function<void()> then) {
  ++waiting_;
  schedule_.after(seconds(1), [this, then = std::move(then)]() mutable {
    --waiting_;
    platform() ? when_gone(std::move(then)) : then();
  });
}

void World::put_user_secret(const std::string& name, const Object& data) {
  trace("user writes Secret " + name);
  const Place place{&kind_named("Secret"), kNamespace, name};
  if (server_.store().find(place)) {
    server_.update(place, "kubectl", [&](Object& object) { object["data"] = data; });
  } else {
    server_.create({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}, {"namespace", kNamespace}}}, {"data", data}},
                   "kubectl");
  }
}

Stored World::platform() const { return server_.store().find(platform_place()); }

void World::run_for(microseconds time) {
  const base::SteadyPoint until = schedule_.now() + time;
  while (properties_.good() && schedule_.step(until)) {
  }
  schedule_.pass_until(until);
}

bool World::run_until(const std::function<bool()>& holds, microseconds limit) {
  const base::SteadyPoint until = schedule_.now() + limit;
  while (properties_.good() && schedule_.now() < until) {
    if (holds()) return true;
    run_for(seconds(1));
  }
  return properties_.good() && holds();
}

}  // namespace sim
