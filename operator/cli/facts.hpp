// What `verify` looks at, gathered once: all judging is done on these values alone.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "controllers/component/live.hpp"
#include "controllers/platform/plan.hpp"
#include "crds/types/platform.hpp"
#include "operator/cli/cluster.hpp"

namespace cli {

using controllers::Object;

struct Facts {
  std::string server;                        // address of the API server
  std::string version;                       // "v1.36.3"
  Object platform;
  crds::Platform decoded;
  controllers::Snapshot live;                // children and pods, as far as they may be listed
  std::map<std::string, base::Error> refused;      // by kind: those that may not be
  base::Result<Object> storage_classes;      // lists; an error where they may not be read
  base::Result<Object> ingress_classes;
  base::Result<Object> endpoint_slices;
  std::map<std::string, base::Result<Answer>> health;      // by service, its plain name: what its management port answers
  struct Payments {
    base::Result<Answer> first;              // the answer to POST /api/payment/create
    base::Result<Answer> second;             // the same request again: refused, or it is not idempotent
    base::Result<Answer> query;
    std::string business_no;
  };
  std::optional<Payments> payments;          // only when they were asked for
  std::string no_payments;                   // why not

  /// What a child is called, given its plain name; and the child, or null.
  [[nodiscard]] std::string name(std::string_view plain) const { return decoded.child_name(plain); }
  [[nodiscard]] const Object* child(const char* api_version, const char* kind, std::string_view plain) const {
    return controllers::find(live, api_version, kind, name(plain));
  }
};

struct FactsWanted {
  bool payments = false;                     // make one, of the smallest amount, at the simulator
  std::string business_no;
};

/// An error only when the platform itself cannot be looked at.
[[nodiscard]] base::Result<Facts> gather(Cluster& cluster, const Object& platform, const FactsWanted& wanted);

}  // namespace cli
