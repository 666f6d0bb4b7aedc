// ports::Cache that counts how often the cache knew a key: idempotency_cache_hits_total.
#pragma once

#include <prometheus/counter.h>

#include "payment-runtime/ports/cache.hpp"

namespace pay::commands {

class CountingCache final : public ports::Cache {
 public:
  CountingCache(ports::Cache& behind, prometheus::Counter& hits) : behind_(behind), hits_(hits) {}

  base::Task<base::Result<bool>> set_if_absent(std::string key, std::string value, std::chrono::seconds time_to_live,
                                               base::Deadline deadline) override {
    auto first = co_await behind_.set_if_absent(std::move(key), std::move(value), time_to_live, deadline);
    if (first && !*first) hits_.Increment();
    co_return first;
  }

 private:
  ports::Cache& behind_;
  prometheus::Counter& hits_;
};

}  // namespace pay::commands
