// The status that the operator reports. Described so that the schema in the CRD and what the operator writes cannot part.
#pragma once

#include "crds/types/describe.hpp"

namespace crds {

/// As metav1.Condition.
struct Condition {
  std::string type;
  std::string status = "Unknown";
  std::int64_t observed_generation = 0;
  std::string last_transition_time;
  std::string reason;
  std::string message;
};

struct Component {
  std::string name;
  std::string kind;
  std::int64_t ready = 0;
  std::int64_t desired = 0;
  std::string image;
  std::string message;
};

/// A change that is held back.
struct PendingChange {
  std::string component;
  std::string reason;
  std::string change;
  std::string restarts;
  std::string waits_for;
};

struct Endpoints {
  std::string payment;
  std::string callback;
};

struct Status {
  std::int64_t observed_generation = -1;   // -1: not yet seen; so that nobody takes a new object for a healthy one
  std::vector<Condition> conditions;
  std::vector<Component> components;
  std::string services;                    // "3/3"
  std::string version;
  Endpoints endpoints;
  std::vector<PendingChange> pending_changes;
};

template <>
Description<Status> describe();

constexpr std::size_t kPendingChangesMax = 64;   // listed; more than a platform has objects
constexpr std::uint32_t kMessageMax = 2048;   // characters of a condition's message

}  // namespace crds
