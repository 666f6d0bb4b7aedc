// Why a condition is as it is, or why a change waits: one word of a closed list, which docs/reference/conditions.md explains. A test holds
// the page to this list; that there is no other word is for the compiler to see.
#pragma once

#include <cstddef>

namespace controllers {

enum class Reason : unsigned char {
  // of the whole
  PlatformReady,
  Progressing,
  Settled,
  Paused,
  NotStalled,
  // that wait for a person
  InvalidSpec,
  NameConflict,
  NamePrefixNotServed,
  SecretIncomplete,
  SecretLost,
  NewerOperator,
  ObjectRefused,
  DataAtRisk,
  LoopDetected,
  // of parts
  DatabaseReady,
  CacheReady,
  ServicesReady,
  SchemaReady,
  DatabaseCreating,
  CacheCreating,
  ServicesCreating,
  SimulatorCreating,
  SchemaCreating,
  DatabaseStarting,
  CacheProgressing,
  ServicesProgressing,
  SimulatorProgressing,
  SchemaMigrating,
  WaitingForDatabase,
  SchemaFailed,
  StorageUnavailable,
  ImageUnavailable,
  Unschedulable,
  ContainerInvalid,
  ContainerFailing,
  PodsRefused,
  // of changes that are held back
  Release,
  Restart,
  PasswordRotation,
};
constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::PasswordRotation) + 1;

[[nodiscard]] const char* name_of(Reason reason);

/// What goes by with time: no news for an event.
[[nodiscard]] bool is_progress(Reason reason);

}  // namespace controllers
