// operator-sim: runs simulated worlds and says which of them broke a promise, and how to see it again.
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "common/base/clock.hpp"
#include "common/obs/log.hpp"
#include "tests/sim/operator/operations.hpp"
#include "tests/sim/operator/run.hpp"
#include "tests/sim/operator/transitions.hpp"

namespace {

constexpr std::uint64_t kSeedsWithEveryFault = 1'000;

/// One world: its arguments say which.
struct Task {
  std::string arguments;
  std::function<sim::Outcome(const sim::Trace&)> run;
};

class Report {
 public:
  void add(const Task& task, const sim::Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    ++worlds_;
    ++checks_;
    steps_ += outcome.steps;
    writes_ += outcome.writes;
    for (std::size_t i = 0; i < sim::kFaults; ++i) faults_[i] += outcome.faults[i];
    if (outcome.wrong.empty()) return;
    ++failed_;
    fmt::print("FAIL {}\n  replay: build/release/bin/operator-sim {} --trace\n", outcome.wrong, task.arguments);
    std::fflush(stdout);
  }
  /// Each fault has its chance in so many seeds: one that never occurred is not simulated any more.
  void judge_faults() {
    fmt::print("faults that occurred:\n");
    for (std::size_t i = 0; i < sim::kFaults; ++i) {
      fmt::print("{:>9}  {}\n", faults_[i], sim::name_of(static_cast<sim::Fault>(i)));
      ++checks_;
      if (faults_[i] > 0) continue;
      ++failed_;
      fmt::print("FAIL no seed has the fault \"{}\"\n", sim::name_of(static_cast<sim::Fault>(i)));
    }
  }
  int close(double seconds) const {
    fmt::print("{} worlds, {} steps, {} writes in {:.1f} s: {:.0f} steps/s\n", worlds_, steps_, writes_, seconds,
               static_cast<double>(steps_) / seconds);
    fmt::print("{} passed, {} failed\n", checks_ - failed_, failed_);
    return failed_ == 0 && checks_ > 0 ? 0 : 1;
  }

 private:
  std::mutex mutex_;
  std::uint64_t worlds_ = 0;
  std::uint64_t checks_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t writes_ = 0;
  sim::Tally faults_{};
};

Task seed_task(std::uint64_t seed) {
  return {fmt::format("--seed {}", seed), [seed](const sim::Trace& trace) { return sim::run_seed(seed, {}, trace); }};
}

Task script_task(const sim::Script& script, std::uint64_t crash) {
  if (crash == 0) {
    return {fmt::format("--script {}", script.name),
            [&script](const sim::Trace& trace) { return sim::run_undisturbed(script, {}, trace); }};
  }
  return {fmt::format("--script {} --crash {}", script.name, crash),
          [&script, crash](const sim::Trace& trace) { return sim::run_with_crash(script, crash, {}, trace); }};
}

/// Each of the scripts once without faults, and once for each of its writes with a crash right after that.
void add_crashes(const std::string& names, std::vector<Task>& tasks) {
  for (const sim::Script& script : sim::scripts()) {
    if (names != "all" && ("," + names + ",").find(fmt::format(",{},", script.name)) == std::string::npos) continue;
    const std::uint64_t writes = sim::run_undisturbed(script).writes;
    for (std::uint64_t n = 0; n <= writes; ++n) tasks.push_back(script_task(script, n));
  }
}

/// Every field of the spec by itself, then several at a time. `only`: the field or the number of one of them.
void add_transitions(const std::string& only, std::vector<Task>& tasks) {
  constexpr std::uint64_t kRandomEdits = 60;
  std::vector<Task> all;
  for (const sim::Leaf& leaf : sim::leaves()) {
    all.push_back({leaf.name(), [leaf](const sim::Trace& trace) { return sim::run_leaf(leaf, trace); }});
    all.push_back({leaf.name() + "!", [leaf](const sim::Trace& trace) { return sim::run_bad_values(leaf, trace); }});
  }
  for (std::uint64_t n = 1; n <= kRandomEdits; ++n) {
    all.push_back({std::to_string(n), [n](const sim::Trace& trace) { return sim::run_random_edit(n, trace); }});
  }
  for (Task& task : all) {
    if (!only.empty() && only != task.arguments) continue;
    task.arguments = fmt::format("--transitions '{}'", task.arguments);
    tasks.push_back(std::move(task));
  }
}

/// "5", "1..1000"
std::pair<std::uint64_t, std::uint64_t> numbers_of(const std::string& range) {
  const auto dots = range.find("..");
  const std::uint64_t first = std::stoull(range.substr(0, dots));
  return {first, dots == std::string::npos ? first : std::stoull(range.substr(dots + 2))};
}

/// How many they are.
std::uint64_t add_seeds(const std::string& range, std::vector<Task>& tasks) {
  const auto [first, last] = numbers_of(range);
  for (std::uint64_t seed = first; seed <= last; ++seed) tasks.push_back(seed_task(seed));
  return last - first + 1;
}

int print_operations(const std::string& range) {
  const std::vector<sim::Object> objects = sim::written_objects();
  const auto [first, last] = numbers_of(range);
  for (std::uint64_t seed = first; seed <= last; ++seed) fmt::print("{}\n", sim::to_line(seed, sim::generate_operations(objects, seed)));
  return 0;
}

void run_all(const std::vector<Task>& tasks, unsigned jobs, const sim::Trace& trace, Report& report) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks.size(); i = next++) report.add(tasks[i], tasks[i].run(trace));
  };
  std::vector<std::jthread> threads;
  for (unsigned n = 1; n < jobs; ++n) threads.emplace_back(work);
  work();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulated worlds for the operator: real controllers, real engine, virtual time, faults from a seed."};
  std::string seeds;
  std::string script_name;
  std::string transition;
  std::string operations;
  std::uint64_t crash = 0;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  bool trace = false;
  std::string crashes;
  app.add_option("--seeds,--seed", seeds, "One seed, or a range such as 1..1000: each is a world with faults");
  app.add_option("--script", script_name, "One script without faults; with --crash N the operator dies at its N-th write");
  app.add_option("--crash", crash, "See --script")->needs("--script");
  app.add_option("--crashes", crashes, "These scripts (a,b,c, or all), with a crash at every write of theirs");
  CLI::Option* transitions = app.add_option(
      "--transitions", transition, "Edits of every field of the spec, or of one; FIELD! for a bad value, a number for a random edit");
  transitions->expected(0, 1);
  app.add_option("--operations", operations, "One seed, or a range: prints rows of requests and what they lead to, for apply_test.py");
  app.add_flag("--trace", trace, "Tells what happens; one world at a time");
  app.add_option("--jobs", jobs, "Worlds at a time; default: as many as there are processors");
  CLI11_PARSE(app, argc, argv);
  obs::log().set_level(obs::Level::Error);
  // Worlds come and go: their memory is kept for the next one.
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_MMAP_THRESHOLD, 64 << 20);

  if (!operations.empty()) return print_operations(operations);

  const base::Clock& clock = base::system_clock();
  const auto started = clock.steady_now();
  std::vector<Task> tasks;
  if (!script_name.empty()) {
    const sim::Script* script = sim::find_script(script_name);
    if (script == nullptr) {
      std::cerr << "operator-sim: no script \"" << script_name << "\"; there are:";
      for (const sim::Script& known : sim::scripts()) std::cerr << " " << known.name;
      std::cerr << "\n";
      return 2;
    }
    tasks.push_back(script_task(*script, crash));
  }
  if (!crashes.empty()) add_crashes(crashes, tasks);
  if (*transitions) add_transitions(transition, tasks);
  const std::uint64_t seeds_to_run = seeds.empty() ? 0 : add_seeds(seeds, tasks);
  Report report;
  const sim::Trace tell = trace ? sim::Trace([](const std::string& line) { fmt::print("{}\n", line); }) : sim::Trace();
  run_all(tasks, trace ? 1 : jobs, tell, report);
  if (seeds_to_run >= kSeedsWithEveryFault) report.judge_faults();
  return report.close(std::chrono::duration<double>(clock.steady_now() - started).count());
}
