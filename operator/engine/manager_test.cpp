#include <gtest/gtest.h>

#include "operator/engine/fixture.hpp"

namespace engine {
namespace {

using namespace testing;

class ManagerTest : public EngineTest {};

TEST_F(ManagerTest, InstallsEverythingAndComesToRest) {
  create_platform(many());
  start();
  loop.advance(seconds(2));
  EXPECT_EQ(server.objects.size(), 22U);
  EXPECT_EQ(server.objects[kPlatformPath]["status"]["objects"], 21);
  EXPECT_EQ(server.objects[kSecretPath]["data"]["private"], "UFJJVkFURQ==");
  EXPECT_EQ(server.objects[kSecretPath]["data"]["password"].get<std::string>().size(), 24U);

  const auto writes = server.writes.size();
  const auto reads = server.reads;
  loop.advance(std::chrono::hours(2));
  EXPECT_EQ(server.writes.size(), writes) << "a steady platform costs no write";
  EXPECT_EQ(server.reads, reads) << "and no read by name";
}

TEST_F(ManagerTest, APlatformThatAppearsLaterIsInstalledToo) {
  start();
  loop.advance(seconds(1));
  create_platform({"a"});
  loop.advance(seconds(2));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
}

TEST_F(ManagerTest, WhatIsNoLongerWantedIsRemovedByUid) {
  create_platform({"a", "b"});
  start();
  loop.advance(seconds(2));
  const std::string uid = server.objects[path_of_map("b")]["metadata"]["uid"];
  create_platform({"a"});
  loop.advance(seconds(2));
  EXPECT_FALSE(server.objects.contains(path_of_map("b")));
  const auto removal = std::find_if(server.writes.begin(), server.writes.end(), [](const auto& r) { return r.method == "DELETE"; });
  ASSERT_NE(removal, server.writes.end());
  EXPECT_NE(removal->body.find(uid), std::string::npos);
}

TEST_F(ManagerTest, AWishThatWaitedForOurOwnWritesIsServedTheMomentTheyAreSeen) {
  reconcile = [](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    Plan plan = small_reconcile(platform, live, settings, now);
    plan.status.reset();      // the event of another write of the platform would come after that of the second wish
    plan.events.clear();
    return plan;
  };
  create_platform({"a"});
  start();
  loop.advance(seconds(2));
  create_platform({"a"}, "2");
  server.hold_events = true;      // those of what we write from now on
  loop.advance(seconds(1));
  ASSERT_EQ(server.objects[path_of_map("a")]["data"]["value"], "2");
  server.hold_events = false;
  create_platform({"a"}, "3");      // its event overtakes them
  loop.advance(seconds(1));
  ASSERT_EQ(server.objects[path_of_map("a")]["data"]["value"], "2");
  server.release_events();
  loop.settle();
  EXPECT_EQ(server.objects[path_of_map("a")]["data"]["value"], "3");
}

TEST_F(ManagerTest, AfterItsOwnWritesItWaitsForTheCacheAndWritesNothingTwice) {
  create_platform(many());
  start();
  loop.advance(milliseconds(1));
  server.hold_events = true;
  loop.advance(seconds(3));
  EXPECT_EQ(count("PATCH", "/configmaps/"), 20U);
  EXPECT_EQ(count("POST", "/secrets"), 1U);
  server.release_events();
  loop.advance(seconds(3));
  EXPECT_EQ(count("PATCH", "/configmaps/"), 20U);
  EXPECT_EQ(count("POST", "/secrets"), 1U);
}

TEST_F(ManagerTest, ALostReplyIsResolvedByLookingNotByDoingItAgainBlindly) {
  int lost = 0;
  server.fault = [&](const kube::Request& request) {
    return request.path.find("/secrets") != std::string::npos && ++lost == 1 ? Fault::LostAfter : Fault::None;
  };
  create_platform({"a"});
  start();
  loop.advance(seconds(10));
  EXPECT_EQ(lost, 1) << "the Secret was seen, so nothing was left to create";
  EXPECT_EQ(server.objects[kPlatformPath]["status"]["objects"], 2);
}

TEST_F(ManagerTest, AStrangerUnderOurNameIsNeverWritten) {
  server.put(
      path_of_map("a"),
      {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}, {"namespace", "pay"}}}, {"data", {{"mine", "yes"}}}});
  create_platform({"a", "b"});
  start();
  loop.advance(seconds(5));
  EXPECT_EQ(count("PATCH", "/configmaps/a"), 0U);
  EXPECT_TRUE(server.objects.contains(path_of_map("b")));
}

TEST_F(ManagerTest, WithoutLeadershipItWatchesAndWritesNothing) {
  create_platform({"a"});
  start();
  manager->set_leading(false);
  loop.advance(seconds(30));
  EXPECT_TRUE(server.writes.empty());
  EXPECT_EQ(manager->not_ready(), "");
  manager->set_leading(true);
  loop.advance(seconds(2));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
}

TEST_F(ManagerTest, WhoeverTakesOverTakesNoWishBackThatItsWatchHasNotTold) {
  create_platform({"a"}, "old");
  start();
  loop.advance(seconds(2));
  manager->set_leading(false);
  server.hold_events = true;
  create_platform({"a"}, "new");
  server.hold_events = false;      // the watch of platforms is behind that of what another leader has made for the new wish
  json made = server.objects[path_of_map("a")];
  made["data"]["value"] = "new";
  server.put(path_of_map("a"), made);
  server.writes.clear();
  manager->set_leading(true);
  loop.advance(seconds(20));
  EXPECT_TRUE(server.writes.empty());
  server.release_events();
  loop.advance(seconds(2));
  EXPECT_EQ(count("PATCH", "/configmaps/a"), 0U);
  EXPECT_EQ(server.objects[kPlatformPath]["status"]["observedGeneration"], 2);
}

TEST_F(ManagerTest, WithTheRightsOfAnOlderReleaseItWritesAllTheSame) {
  server.forbidden = [](const std::string& path) { return path == kPlatformPath; };
  create_platform({"a"});
  start();
  loop.advance(seconds(2));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
}

// As after a suspension: the lease was lost and is held again before the first answer comes.
TEST_F(ManagerTest, APlanOfAFormerTermIsNotGoneOnWith) {
  std::vector<std::size_t> reads_before;      // of each write
  server.fault = [&](const kube::Request&) {
    reads_before.push_back(server.reads);
    return Fault::None;
  };
  server.delay = seconds(1);
  create_platform({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"});
  start();
  loop.advance(milliseconds(500));
  const std::size_t sent = reads_before.size();
  ASSERT_GT(sent, 0U);
  ASSERT_LT(sent, 12U);
  manager->set_leading(false);
  manager->set_leading(true);
  loop.advance(seconds(20));
  ASSERT_GT(reads_before.size(), sent);
  EXPECT_GT(reads_before[sent], reads_before[sent - 1]) << "what is wanted was asked for anew first";
}

TEST_F(ManagerTest, AListFromThePastTakesNoWishBack) {
  create_platform({"a"}, "old");
  start();
  loop.advance(seconds(2));
  const json old = server.objects[kPlatformPath];
  json edited = old;
  edited["metadata"]["generation"] = 2;
  edited["spec"]["value"] = "new";
  server.put(kPlatformPath, edited);
  loop.advance(seconds(2));
  const json now = server.objects[kPlatformPath];
  server.put(kPlatformPath, old);             // so it is told
  server.objects[kPlatformPath] = now;        // and so it is
  server.writes.clear();
  loop.advance(seconds(20));
  EXPECT_TRUE(server.writes.empty());
  server.put(kPlatformPath, now);
  loop.advance(seconds(40));
  EXPECT_EQ(count("PATCH", "/configmaps/a"), 0U);
}

TEST_F(ManagerTest, WhatCameWhileTheLeaseWasInDoubtIsDoneWhenItIsSureAgain) {
  bool holds = true;
  create_platform({"a"});
  manager = std::make_unique<Manager>(Ports{loop, server, rng, keys, instruments}, ManagerOptions{{}, {}, "test", [&] { return holds; }},
                                      reconcile);
  manager->set_leading(true);
  manager->start();
  loop.advance(seconds(2));

  holds = false;      // and nobody else leads: set_leading() is not called again
  create_platform({"a", "b"});
  loop.advance(seconds(20));
  EXPECT_FALSE(server.objects.contains(path_of_map("b")));
  holds = true;
  loop.advance(seconds(2));
  EXPECT_TRUE(server.objects.contains(path_of_map("b")));
}

TEST_F(ManagerTest, IsNotAliveWhenAWatchHasHeardNothingForFiveMinutes) {
  start();
  loop.advance(std::chrono::hours(1));
  EXPECT_EQ(manager->not_alive(), "") << "nothing happens, but quiet watches are opened anew";
  server.mute = true;
  loop.advance(kWatchStuck - kube::kWatchSilenceMax - seconds(1));
  EXPECT_EQ(manager->not_alive(), "");
  loop.advance(2 * kube::kWatchSilenceMax);
  EXPECT_NE(manager->not_alive().find("has given no sign of life for"), std::string::npos) << manager->not_alive();
  manager->measure();
  EXPECT_GE(metric("payment_operator_watch_silence_seconds"), 300);
  server.mute = false;
  loop.advance(kube::kWatchSilenceMax + seconds(31));
  EXPECT_EQ(manager->not_alive(), "");
}

TEST_F(ManagerTest, WhoeverLeadsAgainLooksOnlyAtWhatHasChanged) {
  int looks = 0;
  reconcile = [&looks](const Object& platform, const Snapshot& live, const controllers::Settings& settings, base::TimePoint now) {
    ++looks;
    return small_reconcile(platform, live, settings, now);
  };
  create_platform({"a"});
  start();
  loop.advance(seconds(5));
  const int before = looks;
  manager->set_leading(false);
  loop.advance(seconds(5));
  manager->set_leading(true);
  loop.advance(seconds(5));
  EXPECT_EQ(looks, before);
  manager->set_leading(false);
  server.erase(path_of_map("a"));
  loop.advance(seconds(5));
  EXPECT_FALSE(server.objects.contains(path_of_map("a")));
  manager->set_leading(true);
  loop.advance(seconds(5));
  EXPECT_TRUE(server.objects.contains(path_of_map("a")));
}

TEST_F(ManagerTest, AStopStartsNoFurtherWriteAndWaitsForThoseInFlight) {
  create_platform(many());
  start();
  bool stopped = false;
  std::size_t at_stop = 0;
  server.fault = [&](const kube::Request&) {
    if (server.writes.size() == 3) {
      loop.post([&] {
        at_stop = server.writes.size();
        manager->stop([&] { stopped = true; });
      });
    }
    return Fault::None;
  };
  loop.advance(seconds(30));
  EXPECT_TRUE(stopped);
  EXPECT_GT(at_stop, 0U);
  EXPECT_EQ(server.writes.size(), at_stop);
}

/// Crash after every write in turn, and a restart: the objects are those of an undisturbed run, with one Secret made once.
TEST_F(ManagerTest, ACrashAfterAnyWriteEndsWithTheSameObjects) {
  create_platform(many());
  start();
  loop.advance(seconds(5));
  const json expected = objects();
  const std::size_t total = server.writes.size();
  manager.reset();
  for (std::size_t crash_at = 1; crash_at <= total; ++crash_at) {
    SCOPED_TRACE("crash after write " + std::to_string(crash_at));
    server.objects.clear();
    server.writes.clear();
    generation = 0;
    create_platform(many());
    start();
    bool crashed = false;
    server.fault = [&](const kube::Request&) {
      // The process dies: what it sent is applied, what it would still send is not, and no answer reaches it.
      if (crashed || server.writes.size() < crash_at) return crashed ? Fault::LostBefore : Fault::None;
      crashed = true;
      return Fault::LostAfter;
    };
    while (!crashed) loop.advance(milliseconds(1));
    manager.reset();
    server.fault = [](const kube::Request&) { return Fault::None; };
    const bool had_secret = server.objects.contains(kSecretPath);
    const json secret = had_secret ? server.objects[kSecretPath] : json();
    start();
    loop.advance(seconds(10));
    ASSERT_EQ(objects(), expected);
    if (had_secret) {
      ASSERT_EQ(server.objects[kSecretPath], secret);
    }
    manager.reset();
  }
}

TEST_F(ManagerTest, RandomFaultsOnEveryWriteStillEndAtRest) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRng dice(seed);
    server.objects.clear();
    generation = 0;
    bool faults = true;
    server.fault = [&](const kube::Request&) {
      constexpr Fault kFaults[] = {Fault::LostBefore, Fault::LostAfter, Fault::Conflict, Fault::TooMany};
      return faults && dice.below(3) == 0 ? kFaults[dice.below(4)] : Fault::None;
    };
    create_platform(many());
    start();
    for (int i = 0; i < 60; ++i) {
      loop.advance(milliseconds(500));
      if (dice.below(4) == 0) server.erase(path_of_map("m" + std::to_string(dice.below(20))));
    }
    faults = false;
    loop.advance(std::chrono::minutes(3));
    ASSERT_EQ(server.objects.size(), 22U);
    ASSERT_EQ(server.objects[kPlatformPath]["status"]["objects"], 21);
    const auto writes = server.writes.size();
    loop.advance(std::chrono::minutes(30));
    ASSERT_EQ(server.writes.size(), writes);
    manager.reset();
  }
}

}  // namespace
}  // namespace engine
