// Fills a generated Secret: the only place where the operator handles secret values of its own making.
#pragma once

#include "common/base/rng.hpp"
#include "controllers/platform/plan.hpp"
#include "operator/engine/key_maker.hpp"

namespace engine {

/// The Secret with `data` for every recipe, or why it could not be made. `done` runs on the loop, possibly inside this call.
void generate(const controllers::Generate& wanted, base::Rng& rng, KeyMaker& keys,
              std::function<void(base::Result<controllers::Object>)> done);

}  // namespace engine
