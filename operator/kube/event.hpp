// Events (events.k8s.io/v1) about a platform, for `kubectl describe`. Sent on transitions only, never per pass.
#pragma once

#include <string>

#include "common/base/rng.hpp"
#include "operator/kube/api.hpp"

namespace kube {

struct Regarding {
  PlatformKey platform;
  std::string uid;
};

struct EventText {
  bool warning = false;
  std::string reason;      // CamelCase, at most 128 characters
  std::string note;        // cut to 1024 bytes, the API's bound
};

/// Best effort: a refusal is logged, not repeated.
void write_event(Api& api, const Regarding& regarding, const EventText& text, const std::string& instance, base::TimePoint now,
                 base::Rng& rng);

}  // namespace kube
