#include "operator/engine/executor.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/obs/log.hpp"
#include "operator/engine/generate.hpp"
#include "operator/kube/event.hpp"

namespace engine {

using controllers::Object;
using controllers::Plan;
using controllers::Ref;

namespace {

Ref ref_of(const Object& object) {
  return {object.value("apiVersion", std::string()), object.value("kind", std::string("?")),
          object.value("/metadata/name"_json_pointer, std::string("?"))};
}

base::Result<kube::ObjectId> id_of(const Ref& ref, const std::string& name_space) {
  const kube::Kind* kind = kube::find_kind(ref.api_version, ref.kind);
  if (kind == nullptr) return base::fail(base::Code::Internal, "no path is known for " + ref.api_version + " " + ref.kind);
  return kube::ObjectId{name_space, kind, ref.name};
}

}  // namespace

/// One plan under way. Keeps itself alive through the callbacks that it waits for.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(Executor& executor, Platform platform, Plan plan, std::function<bool()> wanted, std::function<void(Outcome)> done)
      : executor_(executor),
        platform_(std::move(platform)),
        plan_(std::move(plan)),
        wanted_(std::move(wanted)),
        done_(std::move(done)) {}

  void start() {
    schedule_finalizers();
    schedule_objects();
    schedule_status();
    next();
  }

 private:
  using Finished = std::function<void()>;
  using Step = std::function<void(const Finished&)>;
  enum class When { Always, AllWell, FinalizerSet, StatusWritten };
  struct Phase {
    std::deque<Step> steps;
    When when = When::Always;
  };

  void schedule_finalizers() {
    if (!plan_.finalizers) return;
    const auto& wanted = *plan_.finalizers;
    const bool grows = std::any_of(wanted.begin(), wanted.end(), [this](const std::string& finalizer) {
      return std::find(platform_.finalizers.begin(), platform_.finalizers.end(), finalizer) == platform_.finalizers.end();
    });
    // A finalizer goes when what it stands for is done.
    Phase phase{{[this](const Finished& f) { set_finalizers(f); }}, grows ? When::Always : When::AllWell};
    (grows ? before_ : after_).push_back(std::move(phase));
  }

  void schedule_objects() {
    // What a finalizer stands for is not made before it: the platform could be deleted, and nobody would clear it away.
    Phase main{{}, When::FinalizerSet};
    Phase scaling{{}, When::FinalizerSet};
    for (const auto& wanted : plan_.generate) main.steps.push_back([this, &wanted](const Finished& f) { make(wanted, f); });
    for (const auto& item : plan_.replace) {
      main.steps.push_back([this, &item](const Finished& f) { remove(item.ref, item.uid, item.resource_version, item.reason, f); });
    }
    for (const auto& item : plan_.remove) {
      main.steps.push_back([this, &item](const Finished& f) { remove(item.ref, item.uid, "", item.reason, f); });
    }
    for (auto& item : plan_.apply) {
      main.steps.push_back([this, &item](const Finished& f) { apply(item, kube::kManager, f); });
    }
    for (auto& item : plan_.scale) scaling.steps.push_back([this, &item](const Finished& f) { scale(item, f); });
    before_.push_back(std::move(main));
    before_.push_back(std::move(scaling));
  }

  void schedule_status() {
    Phase status;
    if (plan_.status) status.steps.push_back([this](const Finished& f) { apply_status(f); });
    after_.push_back(std::move(status));
    Phase events;
    events.when = When::StatusWritten;   // otherwise the next plan will hold them again
    if (!plan_.events.empty()) {
      events.steps.push_back([this](const Finished& f) {
        for (const auto& event : plan_.events) executor_.tell(platform_, event);
        f();
      });
    }
    after_.push_back(std::move(events));
  }

  /// Starts the next phase that has anything to do, or ends.
  void next() {
    while (!before_.empty() || !after_.empty()) {
      auto& list = before_.empty() ? after_ : before_;
      current_ = std::move(list.front());
      list.pop_front();
      if (current_.steps.empty() || !permitted(current_.when)) continue;
      pump();
      return;
    }
    done_(std::move(outcome_));
  }

  [[nodiscard]] bool permitted(When when) const {
    switch (when) {
      case When::Always: return true;
      case When::AllWell: return outcome_.failures.empty();
      case When::FinalizerSet: return !finalizers_failed_;
      case When::StatusWritten: return !status_failed_;
    }
    return false;
  }

  [[nodiscard]] bool goes_on() const { return executor_.may_write_() && wanted_(); }

  /// Callbacks that come after the executor's end do nothing.
  template <typename F>
  [[nodiscard]] auto mine(F f) const {
    return executor_.lifetime_.wrap(std::move(f));
  }

  void pump() {
    while (in_flight_ < kRequestsInFlightPerPlan && !current_.steps.empty()) {
      if (!goes_on()) {
        outcome_.cut_short = true;
        current_.steps.clear();
        before_.clear();
        after_.clear();
        break;
      }
      const Step step = std::move(current_.steps.front());
      current_.steps.pop_front();
      ++in_flight_;
      step([self = shared_from_this()] {
        // In a turn of its own: a step may finish before it returns.
        self->executor_.loop_.post(self->mine([self] {
          --self->in_flight_;
          self->pump();
        }));
      });
    }
    if (in_flight_ == 0 && current_.steps.empty()) next();
  }

  /// The usual end of a write: remember what came of it.
  kube::Done<kube::Written> keep(Ref ref, Finished finished) {
    return mine([self = shared_from_this(), ref = std::move(ref), finished = std::move(finished)](base::Result<kube::Written> written) {
      if (written) {
        self->outcome_.written.push_back(std::move(*written));
      } else if (written.error().code == base::Code::Cancelled) {
        self->outcome_.cut_short = true;   // it had waited in a queue, and was not sent
      } else {
        self->outcome_.failures.push_back({ref, written.error()});
      }
      finished();
    });
  }

  void say(const char* verb, const Ref& ref, const std::string& reason) const {
    obs::info(verb, {{"namespace", platform_.key.name_space},
                     {"platform", platform_.key.name},
                     {"object", ref.kind + " " + ref.name},
                     {"reason", reason}});
  }

  void make(const controllers::Generate& wanted, const Finished& finished) {
    const auto made = [self = shared_from_this(), ref = ref_of(wanted.object), finished](base::Result<Object> secret) {
      if (!secret) {
        self->outcome_.failures.push_back({ref, secret.error()});
        return finished();
      }
      // Time has passed: the lease may be lost by now.
      if (!self->goes_on()) {
        self->outcome_.cut_short = true;
        return finished();
      }
      self->place(*secret);
      self->say("create", ref, "generated");
      self->executor_.api_.create(*secret, self->keep(ref, finished));
    };
    generate(wanted, executor_.rng_, executor_.keys_, mine(made));
  }

  void apply(controllers::Apply& item, std::string_view manager, const Finished& finished) {
    place(item.object);
    say("apply", ref_of(item.object), item.reason);
    executor_.api_.apply(item.object, {.manager = manager, .uid = item.uid}, keep(ref_of(item.object), finished));
  }

  void scale(controllers::Apply& item, const Finished& finished) {
    place(item.object);
    if (!item.uid.empty()) return apply(item, kube::kScaleManager, finished);
    const auto id = kube::id_of(item.object);
    const auto created = std::find_if(outcome_.written.begin(), outcome_.written.end(),
                                      [&id](const kube::Written& written) { return id && written.id == *id; });
    if (created == outcome_.written.end()) {
      // Without the object a server-side apply of its replicas would create one that has nothing else.
      outcome_.failures.push_back({ref_of(item.object), {base::Code::FailedPrecondition, "was not created", {}, std::nullopt}});
      return finished();
    }
    item.uid = created->uid;
    apply(item, kube::kScaleManager, finished);
  }

  void remove(const Ref& ref, const std::string& uid, const std::string& version, const std::string& reason, const Finished& finished) {
    const auto id = id_of(ref, platform_.key.name_space);
    if (!id) {
      outcome_.failures.push_back({ref, id.error()});
      return finished();
    }
    say("delete", ref, reason);
    const auto removed = [self = shared_from_this(), id = *id, uid, ref, finished](const base::Result<kube::Written>& result) {
      if (result || result.error().code == base::Code::NotFound) {
        self->outcome_.removed.push_back({id, uid, 0});
      } else if (result.error().code == base::Code::Cancelled) {
        self->outcome_.cut_short = true;
      } else {
        self->outcome_.failures.push_back({ref, result.error()});
      }
      finished();
    };
    executor_.api_.remove(*id, uid, version, mine(removed));
  }

  void set_finalizers(const Finished& finished) {
    const auto written = [self = shared_from_this(), finished](base::Result<kube::Written> result) {
      self->finalizers_failed_ = !result;
      self->keep(self->platform_ref(), finished)(std::move(result));
    };
    executor_.api_.set_finalizers(platform_id(), platform_.resource_version, *plan_.finalizers, mine(written));
  }

  void apply_status(const Finished& finished) {
    const Object object = {{"apiVersion", kube::platform_kind().api_version},
                           {"kind", kube::platform_kind().kind},
                           {"metadata", {{"name", platform_.key.name}, {"namespace", platform_.key.name_space}}},
                           {"status", *plan_.status}};
    const auto written = [self = shared_from_this(), finished](base::Result<kube::Written> result) {
      self->status_failed_ = !result;
      self->keep(self->platform_ref(), finished)(std::move(result));
    };
    executor_.api_.apply(object, {.manager = kube::kStatusManager, .uid = platform_.uid, .status = true}, mine(written));
  }

  /// Whatever the plan says, nothing is written outside of the platform's namespace.
  void place(Object& object) const { object["metadata"]["namespace"] = platform_.key.name_space; }

  [[nodiscard]] Ref platform_ref() const {
    return {std::string(kube::platform_kind().api_version), std::string(kube::platform_kind().kind), platform_.key.name};
  }
  [[nodiscard]] kube::ObjectId platform_id() const { return {platform_.key.name_space, &kube::platform_kind(), platform_.key.name}; }

  Executor& executor_;
  Platform platform_;
  Plan plan_;
  std::function<bool()> wanted_;
  std::function<void(Outcome)> done_;
  std::deque<Phase> before_;     // up to and with the objects
  std::deque<Phase> after_;
  Phase current_;
  std::size_t in_flight_ = 0;
  bool finalizers_failed_ = false;
  bool status_failed_ = false;
  Outcome outcome_;
};

Executor::Executor(kube::Loop& loop, kube::Api& api, base::Rng& rng, KeyMaker& keys, std::function<bool()> may_write, std::string instance)
    : loop_(loop),
      api_(api),
      rng_(rng),
      keys_(keys),
      may_write_(std::move(may_write)),
      instance_(std::move(instance)) {}

void Executor::execute(Platform platform, Plan plan, std::function<bool()> wanted, std::function<void(Outcome)> done) {
  std::make_shared<Execution>(*this, std::move(platform), std::move(plan), std::move(wanted), std::move(done))->start();
}

/// Reads by name under way, some at a time.
struct Executor::Reading : std::enable_shared_from_this<Executor::Reading> {
  Executor& executor;
  std::string name_space;
  std::deque<Ref> left;
  std::size_t in_flight = 0;
  Reads found;
  std::optional<base::Error> error;
  std::function<void(base::Result<Reads>)> done;

  explicit Reading(Executor& owner) : executor(owner) {}

  void pump() {
    while (!left.empty() && in_flight < kRequestsInFlightPerPlan && !error) {
      const Ref ref = std::move(left.front());
      left.pop_front();
      const auto id = id_of(ref, name_space);
      if (!id) {
        error = id.error();
        break;
      }
      ++in_flight;
      const auto got = [self = shared_from_this(), ref](base::Result<std::optional<Object>> object) {
        --self->in_flight;
        if (object) {
          self->found[ref] = std::move(*object);
        } else {
          self->error = object.error();
        }
        self->pump();
      };
      executor.api_.get(*id, executor.lifetime_.wrap(got));
    }
    if (in_flight == 0 && done) {
      auto finished = std::exchange(done, nullptr);
      error ? finished(base::fail(*error)) : finished(std::move(found));
    }
  }
};

void Executor::read(const std::string& name_space, const std::vector<Ref>& refs, std::function<void(base::Result<Reads>)> done) {
  auto reading = std::make_shared<Reading>(*this);
  reading->name_space = name_space;
  reading->left.assign(refs.begin(), refs.end());
  reading->done = std::move(done);
  loop_.post(lifetime_.wrap([reading] { reading->pump(); }));
}

void Executor::tell(const Platform& platform, const controllers::Event& event) {
  if (!may_write_()) return;
  const kube::Regarding regarding{platform.key, platform.uid};
  kube::write_event(api_, regarding, {event.warning, event.reason, event.message}, instance_, loop_.clock().now(), rng_);
}

}  // namespace engine
