// docs/reference/metrics.md lists what there is, all of it and nothing else.
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "operator/engine/instruments.hpp"
#include "operator/engine/leader.hpp"
#include "operator/kube/paced_transport.hpp"
#include "operator/kube/testing.hpp"
#include "operator/program/metered_transport.hpp"

namespace program {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> all(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) found.insert((*it)[1]);
  return found;
}

TEST(Metrics, AreListedInTheReferenceAllOfThemAndNoOthers) {
  kube::testing::ManualLoop loop;
  kube::testing::ScriptedTransport wire(loop);
  base::SeededRng rng(1);
  obs::Metrics metrics;
  MeteredTransport metered(wire, metrics);
  kube::PacedTransport paced(loop, metered, metrics);
  engine::Instruments instruments(metrics);
  engine::Leader leader(loop, metered, rng, {"ops", "lease", "me", {}}, metrics, [](bool) {});
  instruments.set_platform({.key = {"pay", "shop"}, .uid = "", .resource_version = "", .finalizers = {}});
  instruments.set_cache(1, 1);
  instruments.reconciled(engine::Instruments::Result::Success, 0.1);
  paced.send({}, [](const auto&) {});
  wire.answer(200, "{}");

  const auto there = all(metrics.expose(), std::regex("# TYPE ([a-z_]+) "));
  const auto listed = all(text_of(SOURCE_DIR "/docs/reference/metrics.md"), std::regex("`([a-z]+_[a-z_]+)[{`]"));
  EXPECT_EQ(there, listed);
}

}  // namespace
}  // namespace program
