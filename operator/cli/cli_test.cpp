#include <cstdlib>
#include <fstream>

#include "controllers/component/live.hpp"
#include "operator/cli/command_line.hpp"
#include "operator/cli/commands.hpp"
#include "operator/cli/testing.hpp"

namespace cli::testing {
namespace {

/// Of a list, what the request's labelSelector picks.
kube::Response selected(const kube::Request& request, const kube::Response& all) {
  std::map<std::string, std::string> wanted;
  std::string text = request.path.substr(request.path.find("labelSelector=") + 14);
  text.resize(text.find('&'));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("%2C", at), text.size());
    const std::string pair = text.substr(at, end - at);
    wanted.emplace(pair.substr(0, pair.find("%3D")), pair.substr(pair.find("%3D") + 3));
    at = end + 3;
  }
  json list = json::parse(all.body);
  json items = json::array();
  for (const json& item : list["items"]) {
    const json labels = item["metadata"].value("labels", json::object());
    std::size_t same = 0;
    for (const auto& [label, value] : labels.items()) {
      const auto pair = wanted.find(kube::encode(label));
      same += pair != wanted.end() && pair->second == kube::encode(value.get<std::string>()) ? 1U : 0U;
    }
    if (same == wanted.size()) items.push_back(item);
  }
  list["items"] = std::move(items);
  return {all.status, list.dump(), std::nullopt};
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

bool ManualPump::run_until(const std::function<bool()>& so, std::chrono::milliseconds at_most) {
  loop_.settle();
  if (!so()) loop_.advance(at_most);
  return so();
}

void TestServer::send(kube::Request request, std::function<void(base::Result<kube::Response>)> done) {
  asked(request);
  std::optional<kube::Response> answer;
  for (const auto& [words, response] : answers) {
    if ((request.method + " " + request.path).starts_with(words)) answer = response;
  }
  if (!answer && request.path.find("dryRun=All") != std::string::npos) answer = dry_run(request);
  if (!answer && request.path.find("labelSelector=") != std::string::npos) {
    return memory.send(request, [request, done = std::move(done)](base::Result<kube::Response> all) { done(selected(request, *all)); });
  }
  if (!answer) return memory.send(std::move(request), std::move(done));
  loop_.post([done = std::move(done), answer = *answer] { done(answer); });
}

std::unique_ptr<kube::Stream> TestServer::open(kube::Request request, kube::StreamEvents events) {
  const auto log = logs.find(request.path);
  if (log == logs.end()) return memory.open(std::move(request), std::move(events));
  loop_.post([events = std::move(events), text = log->second] {
    events.opened();
    events.data(text);
    events.ended({});
  });
  return std::make_unique<kube::Stream>();
}

/// The object as it would be stored, which it is not.
kube::Response TestServer::dry_run(const kube::Request& request) {
  dry_runs.push_back(request);
  const std::string path = request.path.substr(0, request.path.find('?'));
  const json body = json::parse(request.body);
  if (request.method == "POST") {
    json made = body;
    made["metadata"]["uid"] = "uid-of-a-dry-run";
    made["metadata"]["generation"] = 1;
    made["metadata"]["creationTimestamp"] = base::to_rfc3339(controllers::test::kStart + std::chrono::minutes(10));
    made["status"] = {{"observedGeneration", -1}};
    return {201, made.dump(), std::nullopt};
  }
  json object = memory.objects.at(path);
  const json before = object.value("spec", json());
  object.merge_patch(body);
  if (object.value("spec", json()) != before) object["metadata"]["generation"] = object["metadata"]["generation"].get<int>() + 1;
  return {200, object.dump(), std::nullopt};
}

std::string path_of(const Object& object) {
  const kube::Kind* kind = kube::find_kind(object["apiVersion"].get<std::string>(), object["kind"].get<std::string>());
  return kube::path_of(*kind, object["metadata"]["namespace"].get<std::string>(), object["metadata"]["name"].get<std::string>());
}

int CliTest::run(std::vector<std::string> words, bool colour) {
  out.str("");
  err.str("");
  const CommandLine line = parse_command_line(std::move(words));
  if (!line.verb) {
    (line.exit_code == kExitDone ? out : err) << line.text;
    return line.exit_code;
  }
  std::istringstream in(input);
  Console console(out, err, colour);
  Session session{console, in, clock, rng, line.flags, [this](const Flags&) -> base::Result<Cluster*> {
                    if (unreachable) return base::fail(*unreachable);
                    return &cluster;
                  }};
  const base::Result<int> done = (*line.verb)(session);
  if (done) return *done;
  console.note("kubectl-payment: " + runnable(done.error().message, {line.flags.name_space, line.flags.context}));
  return kExitError;
}

/// Under its own uid: the server would draw one.
void CliTest::put(const Object& object) {
  server.memory.put(path_of(object), object);
  if (object["metadata"].contains("uid")) server.memory.objects.at(path_of(object))["metadata"]["uid"] = object["metadata"]["uid"];
}

void CliTest::put_all(const controllers::test::FakeCluster& fake) {
  put(fake.platform);
  for (const auto& [ref, object] : fake.snapshot.children) put(object);
}

void CliTest::put_operator() {
  const controllers::Settings settings = controllers::test::settings();
  const Object args = {"run", "--runtime-image=" + settings.runtime_image, "--mysql-image", settings.mysql_image,
                       "--redis-image=" + settings.redis_image};
  Object deployment = {
      {"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"metadata", {{"name", "payment-operator"}, {"namespace", "payment-operator"}}}};
  deployment["metadata"]["labels"] = {{"app.kubernetes.io/name", "payment-operator"},
                                      {"app.kubernetes.io/version", settings.operator_version}};
  deployment["spec"]["template"]["spec"]["containers"] = Object::array({{{"name", "operator"}, {"args", args}}});
  put(deployment);
}

controllers::test::FakeCluster CliTest::settled(Object spec) {
  controllers::test::FakeCluster fake(std::move(spec));
  fake.settle();
  for (const char* app : {"mysql", "redis", "channel-simulator", "callback-service", "payment-service", "reconciliation-service"}) {
    const Object running = {{"name", app}, {"ready", true}, {"state", {{"running", Object::object()}}}};
    fake.add_pod(std::string(app) + "-a", app, {{"phase", "Running"}, {"containerStatuses", Object::array({running})}});
  }
  return fake;
}

void CliTest::expect_golden(const std::string& name) const {
  const std::string path = std::string(SOURCE_DIR) + "/operator/cli/testdata/" + name;
  if (std::getenv("GOLDEN") != nullptr) std::ofstream(path) << out.str();      // NOLINT: a test's own switch
  EXPECT_EQ(out.str(), file_text(path)) << "run with GOLDEN=1 and look at the difference of " << path;
}

}  // namespace cli::testing
