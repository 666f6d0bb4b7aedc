// The command line against an API server in memory: what a user types, what comes out, and what was asked of the server.
// Defined in cli_test.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/platform/testing/fake_cluster.hpp"
#include "operator/cli/cluster.hpp"
#include "operator/cli/session.hpp"
#include "operator/engine/testing.hpp"

namespace cli::testing {

using controllers::Object;
using nlohmann::json;

class ManualPump final : public Pump {
 public:
  explicit ManualPump(kube::testing::ManualLoop& loop) : loop_(loop) {}
  bool run_until(const std::function<bool()>& so, std::chrono::milliseconds at_most) override;

 private:
  kube::testing::ManualLoop& loop_;
};

/// The server in memory, and what it does not play: label selectors, dry runs, and answers that a test puts in its mouth.
class TestServer final : public kube::Transport {
 public:
  explicit TestServer(kube::testing::ManualLoop& loop) : memory(loop), loop_(loop) {}

  engine::testing::FakeApiServer memory;
  std::map<std::string, kube::Response> answers;      // by "METHOD path", with which the request has to begin
  std::map<std::string, std::string> logs;            // by path
  std::function<void(const kube::Request&)> asked = [](const kube::Request&) {};
  std::vector<kube::Request> dry_runs;

  void send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) override;
  std::unique_ptr<kube::Stream> open(kube::Request request, kube::StreamEvents events) override;
  void answer(const std::string& words, int status, const json& body) { answers[words] = {status, body.dump(), std::nullopt}; }

 private:
  kube::Response dry_run(const kube::Request& request);

  kube::testing::ManualLoop& loop_;
};

[[nodiscard]] std::string path_of(const Object& object);

class CliTest : public ::testing::Test {
 protected:
  kube::testing::ManualLoop loop;
  TestServer server{loop};
  ManualPump pump{loop};
  Cluster cluster{loop, server, pump, "https://api.test:6443", "payment"};
  base::ManualClock clock{controllers::test::kStart + std::chrono::minutes(10)};
  base::SeededRng rng{1};
  std::string input;                          // standard input
  std::optional<base::Error> unreachable;     // no cluster: what connecting says
  std::ostringstream out;
  std::ostringstream err;

  /// The exit code; errors end up in `err`, as main prints them.
  int run(std::vector<std::string> words, bool colour = false);

  void put(const Object& object);
  void put_all(const controllers::test::FakeCluster& fake);
  /// The operator's Deployment, as the chart makes it.
  void put_operator();
  /// A platform that is Ready, with a pod of each part, as the operator left it.
  static controllers::test::FakeCluster settled(Object spec = controllers::test::quickstart_spec());

  /// Compares `out` with operator/cli/testdata/<name>; GOLDEN=1 rewrites it.
  void expect_golden(const std::string& name) const;
};

}  // namespace cli::testing
