// What must hold in every world, whatever goes wrong in it. The first violation ends the run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sim/operator/network.hpp"

namespace sim {

/// An object with this annotation belongs to nobody here.
inline constexpr const char* kStranger = "sim/stranger";

class Properties {
 public:
  explicit Properties(Store& store);

  /// While it runs: of every request of an operator that reached the server.
  void seen(const Seen& request, base::SteadyPoint now);
  void violated(const std::string& what);
  /// The user asked for data to be deleted: from now on volumes and Secrets may go.
  void data_may_go() { data_may_go_ = true; }

  [[nodiscard]] bool good() const { return violation_.empty(); }
  [[nodiscard]] const std::string& violation() const { return violation_; }
  /// Writes by operators, events included, that reached the server.
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  [[nodiscard]] base::SteadyPoint last_write() const { return last_write_; }
  [[nodiscard]] const std::string& last_write_what() const { return last_write_what_; }

 private:
  void changed(const Change& change);
  void look_at_job(const Seen& request);

  const Store& store_;
  std::string violation_;
  std::uint64_t writes_ = 0;
  base::SteadyPoint last_write_{};
  std::string last_write_what_;
  bool data_may_go_ = false;
  std::string secret_;      // what the generated Secret held first
  std::map<std::string, std::string> given_up_;  // Jobs that an operator deleted though they had not failed: for which spec they were
};

/// All objects of the namespace that an operator answers for, by name, without what differs from run to run: identities, versions, times,
/// random values, the work of others. Fields that only `foreign` managers own are left out.
using Picture = std::map<std::string, Object>;
[[nodiscard]] Picture picture_of(const Store& store, const std::string& name_space, const std::vector<std::string>& foreign = {});
/// Labels that one stripped and another put back, as Argo CD does with an old copy, are the other's alone, and the operator leaves them to
/// it: users are promised their values, not who owns them. So of `whole`, where nobody's fields are left out, what is `wanted` counts as
/// found.
[[nodiscard]] Picture with_what_was_put_back(Picture found, const Picture& whole, const Picture& wanted);
/// The first difference in words; "" when they are equal.
[[nodiscard]] std::string difference(const Picture& wanted, const Picture& found);

/// Ready for its generation, by what its status says.
[[nodiscard]] bool is_settled(const Object& platform);

}  // namespace sim
