// That the properties can fail: bugs of the classes that Sieve, Acto and Anvil found in real operators, planted one at a time, and what
// finds each of them. README.md has them as a table.
#include <fstream>
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "common/obs/log.hpp"
#include "tests/sim/operator/run.hpp"

namespace sim {
namespace {

using controllers::Plan;
using controllers::Ref;
using controllers::Snapshot;
using controllers::object::text_at;

/// What a decision was made of, and a way to decide once more, of something else.
struct Seen {
  const Object& platform;
  const Snapshot& live;
  std::function<Plan(const Object& platform, const Snapshot& live)> decide;
  base::TimePoint now;
};
using Edit = std::function<void(Plan&, const Seen&)>;

/// Changes every decision; `process` is called for each process, whose memory the edit may hold.
Planted deciding(const std::function<Edit()>& process) {
  Planted bug;
  bug.reconcile = [process](const engine::Reconcile& right) -> engine::Reconcile {
    return [right, edit = process()](const Object& platform, const Snapshot& live, const controllers::Settings& settings,
                                     base::TimePoint now) {
      Plan plan = right(platform, live, settings, now);
      const auto decide = [&](const Object& other, const Snapshot& snapshot) { return right(other, snapshot, settings, now); };
      edit(plan, {platform, live, decide, now});
      return plan;
    };
  };
  return bug;
}

Planted deciding(const Edit& edit) {
  return deciding([edit] { return edit; });
}

bool is(const controllers::Apply& apply, const char* kind) { return text_at(apply.object, {"kind"}) == kind; }
const Ref kSecret{"v1", "Secret", "payment-generated"};
const Ref kPayment{"apps/v1", "Deployment", "payment-service"};

// The bugs.

Planted deletes_without_uid() {
  Planted bug;
  bug.tamper = [](kube::Request& request) {
    if (request.method == "DELETE") request.body = R"({"kind":"DeleteOptions","apiVersion":"v1"})";
  };
  return bug;
}

Planted makes_new_passwords() {
  return deciding([](Plan& plan, const Seen& seen) {
    const auto secret = seen.live.children.find(kSecret);
    if (secret == seen.live.children.end() || seen.platform["metadata"]["generation"] == 1 || !plan.reads.empty() || plan.empty()) return;
    plan.remove.push_back({kSecret, controllers::object::uid_of(secret->second), "a new generation has new passwords"});
  });
}

Planted tells_the_time() {
  return deciding([](Plan& plan, const Seen& seen) {
    if (plan.status) (*plan.status)["version"] = base::to_rfc3339(seen.now);
  });
}

Planted trusts_what_it_sent() {
  return deciding([]() -> Edit {
    return [sent = std::make_shared<std::map<std::string, base::TimePoint>>()](Plan& plan, const Seen& seen) {
      std::erase_if(plan.apply, [&](const controllers::Apply& apply) {
        const auto [it, fresh] = sent->try_emplace(apply.object.dump(), seen.now);
        return !fresh && seen.now - it->second > std::chrono::seconds(1);  // the first plan of a term is decided twice before it is sent
      });
    };
  });
}

Planted takes_what_is_not_its_own() {
  return deciding([](Plan& plan, const Seen& seen) {
    Snapshot blind = seen.live;
    for (auto& [ref, object] : blind.reads) {
      if (ref.kind == "ConfigMap") object.reset();
    }
    plan = seen.decide(seen.platform, blind);
  });
}

Planted makes_the_job_before_its_secret() {
  return deciding([](Plan& plan, const Seen& seen) {
    if (plan.generate.empty()) return;
    Object secret = plan.generate[0].object;
    for (const auto& recipe : plan.generate[0].recipes) {
      if (const auto* password = std::get_if<controllers::Generate::Password>(&recipe)) secret["data"][password->key] = "eA==";
      if (const auto* pair = std::get_if<controllers::Generate::RsaKeyPair>(&recipe)) {
        secret["data"][pair->private_key] = secret["data"][pair->public_key] = "eA==";
      }
    }
    Snapshot hopeful = seen.live;
    hopeful.children[kSecret] = secret;
    for (controllers::Apply& apply : seen.decide(seen.platform, hopeful).apply) {
      if (is(apply, "Job")) plan.apply.push_back(std::move(apply));
    }
  });
}

Planted leaves_what_is_no_longer_wanted() {
  return deciding([](Plan& plan, const Seen&) { plan.remove.clear(); });
}

Planted takes_the_first_step_for_all() {
  return deciding([]() -> Edit {
    return [began = std::make_shared<bool>(false)](Plan& plan, const Seen&) {
      if (!plan.generate.empty()) *began = true;
      if (!*began) std::erase_if(plan.apply, [](const controllers::Apply& apply) { return is(apply, "PersistentVolumeClaim"); });
    };
  });
}

Planted leads_for_ever() {
  Planted bug;
  bug.keeps_leading = true;
  return bug;
}

Planted sets_the_autoscalers_number() {
  return deciding([](Plan& plan, const Seen& seen) {
    const auto live = seen.live.children.find(kPayment);
    if (live == seen.live.children.end() || live->second["spec"]["replicas"] == 1) return;
    const Object object = {{"apiVersion", kPayment.api_version},
                           {"kind", kPayment.kind},
                           {"metadata", {{"name", kPayment.name}}},
                           {"spec", {{"replicas", 1}}}};
    plan.scale.push_back({object, controllers::object::uid_of(live->second), "one is enough"});
  });
}

Planted looks_at_the_generation_alone() {
  return deciding([](Plan& plan, const Seen& seen) {
    if (is_settled(seen.platform) && !controllers::object::is_deleting(seen.platform)) plan = {};
  });
}

Planted deletes_what_is_to_be_kept() {
  return deciding([](Plan& plan, const Seen& seen) {
    Object other = seen.platform;
    other["spec"]["deletionPolicy"] = "Delete";
    plan = seen.decide(other, seen.live);
  });
}

Planted never_looks_into_a_config_map_again() {
  return deciding([](Plan& plan, const Seen& seen) {
    Snapshot blind = seen.live;
    for (const controllers::Apply& apply : plan.apply) {
      const auto live = blind.children.find({"v1", "ConfigMap", text_at(apply.object, {"metadata", "name"})});
      if (is(apply, "ConfigMap") && live != blind.children.end()) live->second["data"] = apply.object["data"];
    }
    plan = seen.decide(seen.platform, blind);
  });
}

// What finds them.

struct Search {
  std::string name;
  std::function<std::string(const Planted&)> violation;
};

Search undisturbed(const std::string& script) {
  return {"`" + script + "`", [script](const Planted& bug) { return run_undisturbed(*find_script(script), bug).wrong; }};
}

/// A crash after each of these writes.
Search crashes(const std::string& script, std::uint64_t first, std::uint64_t last) {
  return {"`" + script + "` with a crash", [script, first, last](const Planted& bug) {
            std::string wrong;
            for (std::uint64_t n = first; wrong.empty() && n <= last; ++n) wrong = run_with_crash(*find_script(script), n, bug).wrong;
            return wrong;
          }};
}

/// The first of these seeds under which it shows; they begin where one was found, so that there is little to search.
Search seeds(std::uint64_t first, std::uint64_t last) {
  return {"seeds", [first, last](const Planted& bug) {
            std::string wrong;
            for (std::uint64_t seed = first; wrong.empty() && seed <= last; ++seed) {
              wrong = run_seed(seed, bug).wrong;
              if (!wrong.empty()) wrong.insert(0, "seed " + std::to_string(seed) + ": ");
            }
            return wrong;
          }};
}

/// A property, and the words in which its violation is told.
struct Promise {
  const char* name;
  const char* violation;
};
constexpr Promise kUid{"no delete without a uid", "a delete without a uid"};
constexpr Promise kOneSecret{"no generated Secret made twice", "the generated Secret was"};
constexpr Promise kOneJob{"no Job made twice", "was made twice"};
constexpr Promise kVolume{"no bound volume lost", "a bound volume claim was deleted"};
constexpr Promise kStrangers{"no write to a stranger's object", "a write to a stranger's object"};
constexpr Promise kLease{"no write without the lease", "holds the lease"};
constexpr Promise kComesToRest{"comes to rest", " to rest"};  // and stays there
// Judged last, of a world that broke no other promise.
constexpr Promise kSameEnd{"equals the undisturbed run", "it ends otherwise than undisturbed"};

struct Mutation {
  const char* name;
  Planted (*bug)();
  Search search;
  Promise broken;
};

std::string camel(const std::string& name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    if (c != ' ') out += up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    up = c == ' ';
  }
  return out;
}

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> kMutations = {
      {"deletes without a uid", deletes_without_uid, undisturbed("ingress"), kUid},
      {"makes new passwords for a new generation", makes_new_passwords, undisturbed("upgrade"), kOneSecret},
      {"deletes what is to be kept", deletes_what_is_to_be_kept, undisturbed("deletion-retain"), kVolume},
      {"makes the schema Job before its Secret", makes_the_job_before_its_secret, undisturbed("install"), kOneJob},
      {"tells the time in its status", tells_the_time, undisturbed("install"), kComesToRest},
      {"sets the number of an autoscaler", sets_the_autoscalers_number, undisturbed("install"), kComesToRest},
      {"leaves what is no longer wanted", leaves_what_is_no_longer_wanted, undisturbed("ingress"), kComesToRest},
      {"never looks into a ConfigMap again", never_looks_into_a_config_map_again, crashes("settings", 60, 60), kSameEnd},
      {"takes the first step for all of them", takes_the_first_step_for_all, crashes("install", 34, 42), kComesToRest},
      {"trusts its memory of what it sent", trusts_what_it_sent, seeds(6, 40), kComesToRest},
      {"looks at the generation alone", looks_at_the_generation_alone, seeds(19, 60), kSameEnd},
      {"takes what is not its own", takes_what_is_not_its_own, seeds(43, 90), kStrangers},
      {"leads for ever", leads_for_ever, seeds(8, 60), kLease},
  };
  return kMutations;
}

class MutationsUnderFaults : public testing::Test {
 protected:
  void SetUp() override { obs::log().set_level(obs::Level::Error); }
  void TearDown() override { obs::log().set_level(obs::Level::Info); }
};
class Mutations : public MutationsUnderFaults, public testing::WithParamInterface<Mutation> {};

TEST_P(Mutations, AreFound) {
  const std::string wrong = GetParam().search.violation(GetParam().bug());
  EXPECT_NE(wrong, "") << "no property is broken by an operator that " << GetParam().name;
  EXPECT_NE(wrong.find(GetParam().broken.violation), std::string::npos) << wrong;
  std::cout << GetParam().name << ": " << wrong << "\n";
}

INSTANTIATE_TEST_SUITE_P(All, Mutations, testing::ValuesIn(mutations()), [](const auto& given) { return camel(given.param.name); });

TEST(MutationsTable, NamesEachOfThemAndWhatFindsIt) {
  std::ifstream file(SIM_README);
  std::map<std::string, std::string> rows;  // their first column and their last
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ") || !line.ends_with(" |")) continue;
    const auto last = line.rfind(" | ");
    rows[line.substr(2, line.find(" | ") - 2)] = line.substr(last + 3, line.size() - last - 5);
  }
  for (const Mutation& mutation : mutations()) EXPECT_EQ(rows[mutation.name], mutation.search.name + ": " + mutation.broken.name);
}

// Which is why it takes faults to find these.
TEST_F(MutationsUnderFaults, DoNotShowWithoutThem) {
  for (Planted (*bug)() : {trusts_what_it_sent, looks_at_the_generation_alone, takes_the_first_step_for_all, leads_for_ever}) {
    EXPECT_EQ(run_undisturbed(*find_script("install"), bug()).wrong, "");
  }
}

}  // namespace
}  // namespace sim
