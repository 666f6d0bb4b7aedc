// The requests that the operator makes, one function each. Answers arrive on the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.hpp"
#include "operator/kube/cache.hpp"
#include "operator/kube/transport.hpp"

namespace kube {

// Field managers, for ever: renaming one would orphan the fields it owns.
inline constexpr std::string_view kManager = "payment-operator";
inline constexpr std::string_view kStatusManager = "payment-operator-status";
inline constexpr std::string_view kScaleManager = "payment-operator-scale";

/// What a write left behind.
struct Written {
  ObjectId id;
  std::string uid;
  std::uint64_t version = 0;
};

template <typename T>
using Done = std::function<void(base::Result<T>)>;

class Api {
 public:
  explicit Api(Transport& transport) : transport_(transport) {}

  /// NotFound is an empty value, not an error.
  void get(const ObjectId& id, Done<std::optional<nlohmann::json>> done);

  struct ApplyOptions {
    std::string_view manager = kManager;
    std::string uid;             // empty: the first apply, which neither forces nor insists on an identity
    bool status = false;         // the status subresource
  };
  /// Server-side apply. Aborted when another manager owns a field (first apply), or the object is not the one with this uid.
  void apply(const nlohmann::json& object, const ApplyOptions& options, Done<Written> done);

  /// AlreadyExists when there is one.
  void create(const nlohmann::json& object, Done<Written> done);

  /// Delete, in the background as garbage collection goes. Aborted when uid or version differ; NotFound when it is gone.
  /// An empty resource_version is not compared.
  void remove(const ObjectId& id, const std::string& uid, const std::string& resource_version, Done<Written> done);

  /// The whole list of finalizers, under the version that the decision saw.
  void set_finalizers(const ObjectId& id, const std::string& resource_version, const std::vector<std::string>& finalizers,
                      Done<Written> done);

  /// For kinds that are written without being cached (events, leases): the answer's body is the result.
  void write(std::string_view method, std::string path, const nlohmann::json& body, Done<nlohmann::json> done);
  void read(std::string path, Done<nlohmann::json> done);

 private:
  void send(Request request, ObjectId id, Done<Written> done);

  Transport& transport_;
};

/// Of a child or platform as it is sent; Internal when its kind is not one of kinds.hpp.
[[nodiscard]] base::Result<ObjectId> id_of(const nlohmann::json& object);

}  // namespace kube
