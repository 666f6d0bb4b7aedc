// One cluster, asked in the blocking style that suits a command: every call runs the loop until its answer is there.
// What goes wrong is told in words for the person at the terminal: what was tried, what the server said, what to do next.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.hpp"
#include "operator/kube/cache.hpp"
#include "operator/kube/loop.hpp"
#include "operator/kube/transport.hpp"

namespace cli {

/// Lets a loop run until something is so; false when it is not so in time.
class Pump {
 public:
  virtual ~Pump() = default;
  virtual bool run_until(const std::function<bool()>& so, std::chrono::milliseconds at_most) = 0;
};

/// What a service said, by whatever status.
struct Answer {
  int status = 0;
  nlohmann::json body;      // null when it is no JSON
};

class Cluster {
 public:
  /// `name_space`: the kubeconfig's, or "default".
  Cluster(kube::Loop& loop, kube::Transport& transport, Pump& pump, std::string server, std::string name_space)
      : loop_(loop),
        transport_(transport),
        pump_(pump),
        server_(std::move(server)),
        name_space_(std::move(name_space)) {}

  /// `what` completes "cannot ...": "read PaymentPlatform shop/quickstart".
  [[nodiscard]] base::Result<nlohmann::json> ask(kube::Request request, const std::string& what);
  /// Of a service behind the API server's proxy; an error only when it could not be asked.
  [[nodiscard]] base::Result<Answer> ask_service(kube::Request request, const std::string& what);
  [[nodiscard]] base::Result<nlohmann::json> get(std::string path, const std::string& what);
  /// The items of a collection, those with these labels.
  [[nodiscard]] base::Result<nlohmann::json> list(const std::string& path, const std::string& labels, const std::string& what);
  /// Without a value when it does not exist.
  [[nodiscard]] base::Result<std::optional<nlohmann::json>> find(const kube::ObjectId& id);
  [[nodiscard]] base::Result<nlohmann::json> merge_patch(const kube::ObjectId& id, const nlohmann::json& patch, const std::string& what);

  /// Waits for what callbacks on the loop bring about.
  [[nodiscard]] bool wait(const std::function<bool()>& so, std::chrono::milliseconds at_most) { return pump_.run_until(so, at_most); }
  /// The same error in words for people.
  [[nodiscard]] base::Error told(base::Error error, const std::string& what) const;

  [[nodiscard]] kube::Loop& loop() { return loop_; }
  [[nodiscard]] kube::Transport& transport() { return transport_; }
  [[nodiscard]] const std::string& server() const { return server_; }
  [[nodiscard]] const std::string& name_space() const { return name_space_; }

 private:
  [[nodiscard]] base::Result<kube::Response> send(kube::Request request, const std::string& what);

  kube::Loop& loop_;
  kube::Transport& transport_;
  Pump& pump_;
  std::string server_;
  std::string name_space_;
};

/// "PaymentPlatform shop/quickstart"
[[nodiscard]] std::string words(const kube::ObjectId& id);

}  // namespace cli
