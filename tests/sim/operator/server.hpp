// The API server: what a request does to the store, at one moment. Time, loss and delay are the network's affair (network.hpp).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operator/kube/transport.hpp"
#include "tests/sim/operator/apply.hpp"
#include "tests/sim/operator/schedule.hpp"
#include "tests/sim/operator/store.hpp"

namespace sim {

struct Answer {
  int status = 200;
  Stored object;              // what was written or read
  std::string reason;         // of a failure: "Conflict", "Invalid"
  std::string message;
  std::string field;
  [[nodiscard]] bool good() const { return status < 300; }
};

struct Preconditions {
  std::string uid;
  std::string version;
};

class Server {
 public:
  explicit Server(Schedule& schedule) : schedule_(schedule) {}

  /// Anything but a watch. `stale_by`: a list is answered from a replica that is this many versions behind.
  [[nodiscard]] kube::Response handle(const kube::Request& request, std::uint64_t stale_by = 0);

  // The verbs, for the world's own controllers and people. `who` is the field manager.
  Answer create(Object object, const std::string& who);
  Answer apply(const Object& object, const std::string& who, bool force, const std::string& subresource = {});
  /// Reads, lets `edit` change it, and writes; nothing when that changes nothing or the object is gone.
  Answer update(const Place& place, const std::string& who, const std::function<void(Object&)>& edit, const std::string& subresource = {});
  /// The same past the rules, as an older definition of the kind would have let it through.
  Answer update_unchecked(const Place& place, const std::string& who, const std::function<void(Object&)>& edit);
  Answer remove(const Place& place, const Preconditions& preconditions = {});

  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] const Store& store() const { return store_; }

 private:
  Answer merge_patch(const Place& place, const Object& patch, const std::string& who, const std::string& subresource);
  Answer replace(const Place& place, const Object& object, const std::string& who, const std::string& subresource);
  Answer commit(const Place& place, const Stored& live, Object next);
  kube::Response list(const Place& collection, std::string_view query, std::uint64_t stale_by);
  kube::Response write(const kube::Request& request, const Address& address, std::string_view query);
  [[nodiscard]] Writer writer(const std::string& who, const std::string& subresource) const;

  Schedule& schedule_;
  Store store_;
  bool checks_ = true;
};

[[nodiscard]] kube::Response failure(int status, const std::string& reason, const std::string& message, const std::string& field = {});

/// Whether an object is in a watched collection.
struct Selection {
  const kube::Kind* kind = nullptr;
  std::string name_space;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string name;

  [[nodiscard]] static Selection of(const Place& collection, std::string_view query);
  [[nodiscard]] bool matches(const Object& object) const;
};

}  // namespace sim
