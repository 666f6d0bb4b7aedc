#include "operator/cli/foresee.hpp"

#include "controllers/platform/forecast.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/engine/reconciler.hpp"

namespace cli {

base::Result<std::vector<controllers::Plan>> foresee(Live& live, const Object& platform, controllers::Snapshot& snapshot,
                                                     const controllers::Settings& settings, base::TimePoint now) {
  for (int round = 0; round <= engine::kReadRoundsMax; ++round) {
    controllers::Forecast forecast = controllers::forecast(platform, snapshot, settings, now);
    if (forecast.reads.empty()) return std::move(forecast.plans);
    auto reads = live.read(key_of(platform).name_space, forecast.reads);
    if (!reads) return base::fail(reads.error());
    for (auto& [ref, object] : *reads) snapshot.reads.insert_or_assign(ref, std::move(object));
  }
  return base::fail(base::Code::Internal, "the decision keeps asking for objects; this is a mistake in the program");
}

}  // namespace cli
