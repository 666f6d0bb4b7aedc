#include "controllers/component/reason.hpp"

namespace controllers {

const char* name_of(Reason reason) {
  switch (reason) {
    case Reason::PlatformReady: return "PlatformReady";
    case Reason::Progressing: return "Progressing";
    case Reason::Settled: return "Settled";
    case Reason::Paused: return "Paused";
    case Reason::NotStalled: return "NotStalled";
    case Reason::InvalidSpec: return "InvalidSpec";
    case Reason::NameConflict: return "NameConflict";
    case Reason::NamePrefixNotServed: return "NamePrefixNotServed";
    case Reason::SecretIncomplete: return "SecretIncomplete";
    case Reason::SecretLost: return "SecretLost";
    case Reason::NewerOperator: return "NewerOperator";
    case Reason::ObjectRefused: return "ObjectRefused";
    case Reason::DataAtRisk: return "DataAtRisk";
    case Reason::LoopDetected: return "LoopDetected";
    case Reason::DatabaseReady: return "DatabaseReady";
    case Reason::CacheReady: return "CacheReady";
    case Reason::ServicesReady: return "ServicesReady";
    case Reason::SchemaReady: return "SchemaReady";
    case Reason::DatabaseCreating: return "DatabaseCreating";
    case Reason::CacheCreating: return "CacheCreating";
    case Reason::ServicesCreating: return "ServicesCreating";
    case Reason::SimulatorCreating: return "SimulatorCreating";
    case Reason::SchemaCreating: return "SchemaCreating";
    case Reason::DatabaseStarting: return "DatabaseStarting";
    case Reason::CacheProgressing: return "CacheProgressing";
    case Reason::ServicesProgressing: return "ServicesProgressing";
    case Reason::SimulatorProgressing: return "SimulatorProgressing";
    case Reason::SchemaMigrating: return "SchemaMigrating";
    case Reason::WaitingForDatabase: return "WaitingForDatabase";
    case Reason::SchemaFailed: return "SchemaFailed";
    case Reason::StorageUnavailable: return "StorageUnavailable";
    case Reason::ImageUnavailable: return "ImageUnavailable";
    case Reason::Unschedulable: return "Unschedulable";
    case Reason::ContainerInvalid: return "ContainerInvalid";
    case Reason::ContainerFailing: return "ContainerFailing";
    case Reason::PodsRefused: return "PodsRefused";
    case Reason::Release: return "Release";
    case Reason::Restart: return "Restart";
    case Reason::PasswordRotation: return "PasswordRotation";
  }
  return "";
}

bool is_progress(Reason reason) {
  switch (reason) {
    case Reason::Progressing:
    case Reason::Paused:
    case Reason::DatabaseCreating:
    case Reason::CacheCreating:
    case Reason::ServicesCreating:
    case Reason::SimulatorCreating:
    case Reason::SchemaCreating:
    case Reason::DatabaseStarting:
    case Reason::CacheProgressing:
    case Reason::ServicesProgressing:
    case Reason::SimulatorProgressing:
    case Reason::SchemaMigrating:
    case Reason::WaitingForDatabase: return true;
    default: return false;
  }
}

}  // namespace controllers
