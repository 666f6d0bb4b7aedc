#include "tests/sim/operator/store.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

Place place(const std::string& name) { return {&kind_named("ConfigMap"), "pay", name}; }

Object config_map(const std::string& name, const std::string& value) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}, {"namespace", "pay"}}}, {"data", {{"key", value}}}};
}

TEST(Store, AListOfAnEarlierVersionIsAsItWasThen) {
  Store store;
  store.put(place("a"), config_map("a", "1"));
  const std::uint64_t then = store.version();
  store.put(place("a"), config_map("a", "2"));
  store.put(place("b"), config_map("b", "1"));
  store.erase(place("a"));

  const auto now = store.list(kind_named("ConfigMap"), "pay");
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ((*now[0])["metadata"]["name"], "b");
  const auto old = store.list_at(kind_named("ConfigMap"), "", then);
  ASSERT_EQ(old.size(), 1U);
  EXPECT_EQ((*old[0])["data"]["key"], "1");
}

TEST(Store, EveryChangeHasAVersionOfItsOwnAndIsTold) {
  Store store;
  std::vector<std::uint64_t> told;
  store.subscribe([&told](const Change& change) { told.push_back(change.version); });
  const std::uint64_t start = store.version();
  store.put(place("a"), config_map("a", "1"));
  store.put(place("a"), config_map("a", "2"));
  store.erase(place("a"));
  EXPECT_EQ(told, (std::vector<std::uint64_t>{start + 1, start + 2, start + 3}));
}

TEST(Store, ForgetsFromTheOldEnd) {
  Store store;
  store.put(place("a"), config_map("a", "1"));
  const std::uint64_t middle = store.version();
  store.put(place("a"), config_map("a", "2"));
  store.forget_up_to(middle);
  EXPECT_EQ(store.forgotten(), middle);
  ASSERT_EQ(store.history().size(), 1U);
  EXPECT_EQ(store.history().front().version, middle + 1);
}

}  // namespace
}  // namespace sim
