#include "operator/engine/fights.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "controllers/component/live.hpp"
#include "controllers/object/managers.hpp"

namespace engine {

using controllers::Apply;
using controllers::Plan;
using controllers::Ref;
using controllers::object::Difference;

std::vector<Fights::Sent> Fights::sent_by(const Plan& plan) {
  std::vector<Sent> sent;
  for (const auto* list : {&plan.apply, &plan.scale}) {
    for (const Apply& apply : *list) {
      auto fields = apply.uid.empty() ? std::vector<Difference>{{"", "present", ""}} : apply.differences;
      sent.push_back({controllers::ref_of(apply.object), std::move(fields)});
    }
  }
  return sent;
}

bool Fights::observe(const Plan& plan, base::SteadyPoint now, base::Rng& rng) {
  const auto before = fought();
  std::erase_if(objects_, [now](const auto& entry) { return entry.second.at_rest(now); });
  std::set<Ref> differ;
  for (const Sent& planned : sent_by(plan)) {
    differ.insert(planned.ref);
    if (const auto it = objects_.find(planned.ref); it != objects_.end()) observe(it->second, planned, now, rng);
  }
  for (auto& [ref, object] : objects_) {
    if (!object.reverted || differ.contains(ref)) continue;
    object.reverted = false;         // they have changed it to what we want: if that stays, the fight is over
    object.written_at = now;
  }
  return fought() != before;
}

void Fights::observe(Contested& object, const Sent& planned, base::SteadyPoint now, base::Rng& rng) {
  if (object.reverted) return;
  for (const Difference& field : planned.fields) {
    const auto write = object.writes.find(field.path);
    if (write == object.writes.end() || write->second.wanted != field.wanted || now - write->second.at > kRevertedWithin) continue;
    object.reverted = true;
    if (!object.fought()) object.path = field.path;      // later, the status is to keep still
    if (++object.reverts >= kRevertsMax) object.due = object.written_at + object.backoff.next(now, rng);
    return;
  }
}

void Fights::hold_back(Plan& plan, base::SteadyPoint now) const {
  const auto held = [this, now](const Apply& apply) {
    const auto it = objects_.find(controllers::ref_of(apply.object));
    return it != objects_.end() && it->second.fought() && now < it->second.due;
  };
  std::erase_if(plan.apply, held);
  std::erase_if(plan.scale, held);
}

void Fights::written(const Sent& sent, base::SteadyPoint now) {
  Contested& object = objects_[sent.ref];
  for (const Difference& field : sent.fields) object.writes.insert_or_assign(field.path, Write{field.wanted, now});
  object.written_at = now;
  object.reverted = false;
}

std::map<Ref, controllers::Fight> Fights::fought() const {
  std::map<Ref, controllers::Fight> fights;
  for (const auto& [ref, object] : objects_) {
    if (object.fought()) fights.emplace(ref, controllers::Fight{object.path, object.manager.value_or("")});
  }
  return fights;
}

std::vector<Ref> Fights::unnamed() const {
  std::vector<Ref> refs;
  for (const auto& [ref, object] : objects_) {
    if (object.fought() && !object.manager) refs.push_back(ref);
  }
  return refs;
}

void Fights::name(const Ref& ref, const std::optional<controllers::Object>& live) {
  const auto it = objects_.find(ref);
  if (it != objects_.end()) it->second.manager = live ? controllers::object::manager_of(*live, it->second.path) : "";
}

std::optional<base::SteadyPoint> Fights::next() const {
  std::optional<base::SteadyPoint> first;
  for (const auto& [ref, object] : objects_) {
    if (!object.fought()) continue;
    const auto when = object.reverted ? object.due : object.written_at + kRevertedWithin;
    first = std::min(first.value_or(when), when);
  }
  return first;
}

}  // namespace engine
