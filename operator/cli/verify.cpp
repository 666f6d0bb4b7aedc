// kubectl payment verify: the deployment checklist, as far as a program can go through it.
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "operator/cli/checklist.hpp"
#include "operator/cli/platforms.hpp"
#include "operator/cli/verbs.hpp"

namespace cli {
namespace {

struct VerifyOptions {
  std::string name;
  bool payments = false;
  bool brief = false;
  Format format = Format::Text;
};

constexpr std::size_t kSetIn = 10;      // of what stands under a line

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok: return "ok";
    case Outcome::Failed: return "FAILED";
    case Outcome::Skipped: return "skipped";
  }
  return "";
}

Tone tone_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok: return Tone::Good;
    case Outcome::Failed: return Tone::Bad;
    case Outcome::Skipped: return Tone::Faint;
  }
  return Tone::Plain;
}

std::size_t count(const std::vector<Finding>& findings, Outcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [outcome](const Finding& one) { return one.judgement.outcome == outcome; }));
}

std::string finding_text(const Finding& finding, const Console& console) {
  const Judgement& judgement = finding.judgement;
  std::string text =
      "  " + console.paint(tone_of(judgement.outcome), fmt::format("{:<8}", name_of(judgement.outcome))) + finding.line + "\n";
  const auto line = [&](const std::string& words) { text += wrapped(console, std::string(kSetIn, ' ') + words, kSetIn) + "\n"; };
  line(console.paint(Tone::Faint, judgement.evidence));
  if (!judgement.next.empty()) line(console.paint(Tone::Strong, "next: ") + judgement.next);
  return text;
}

std::string findings_text(const std::vector<Finding>& findings, bool brief, const Console& console) {
  std::string text;
  std::string section;
  for (const Finding& finding : findings) {
    if (brief && finding.judgement.outcome == Outcome::Skipped) continue;
    if (finding.section != section) text += (text.empty() ? "" : "\n") + console.paint(Tone::Strong, finding.section) + "\n";
    section = finding.section;
    text += finding_text(finding, console);
  }
  return text + fmt::format("\n{} ok, {} failed, {} skipped\n", count(findings, Outcome::Ok), count(findings, Outcome::Failed),
                            count(findings, Outcome::Skipped));
}

Object to_object(const std::vector<Finding>& findings, bool brief) {
  Object lines = Object::array();
  for (const Finding& finding : findings) {
    if (brief && finding.judgement.outcome == Outcome::Skipped) continue;
    Object one = {{"section", finding.section},
                  {"line", finding.line},
                  {"result", finding.judgement.outcome == Outcome::Failed ? "failed" : name_of(finding.judgement.outcome)},
                  {"evidence", finding.judgement.evidence}};
    if (!finding.judgement.next.empty()) one["next"] = finding.judgement.next;
    lines.push_back(std::move(one));
  }
  return {{"summary",
           {{"ok", count(findings, Outcome::Ok)},
            {"failed", count(findings, Outcome::Failed)},
            {"skipped", count(findings, Outcome::Skipped)}}},
          {"lines", lines}};
}

base::Result<int> run_verify(Session& session, const VerifyOptions& options) {
  auto cluster = session.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto platform = find_platform(session, **cluster, options.name);
  if (!platform) return base::fail(platform.error());
  const std::string business_no = fmt::format("verify-{:016x}", session.rng.next_u64());
  const auto facts = gather(**cluster, *platform, {options.payments, business_no});
  if (!facts) return base::fail(facts.error());
  std::vector<Finding> findings = judge(*facts);
  const Place place = place_of(session, key_of(*platform));
  for (Finding& finding : findings) {
    finding.judgement.evidence = runnable(finding.judgement.evidence, place);
    finding.judgement.next = runnable(finding.judgement.next, place);
  }
  if (options.format == Format::Text) {
    session.console.print(findings_text(findings, options.brief, session.console));
  } else {
    session.console.print_value(to_object(findings, options.brief), options.format);
  }
  return count(findings, Outcome::Failed) == 0 ? kExitDone : kExitDifferent;
}

}  // namespace

void add_verify(Verbs& verbs) {
  const auto options = std::make_shared<VerifyOptions>();
  verbs
      .add("verify", "Go through the deployment checklist: each line ok, failed or skipped, with what was seen",
           [options](Session& session) { return run_verify(session, *options); })
      .platform(options->name)
      .flag("--payments", options->payments, "Make one payment of 0.01 at the simulator and try it twice; never at a real channel")
      .flag("--brief", options->brief, "Leave out the lines that are skipped")
      .output(options->format)
      .footer("Exit code: 0 nothing failed, 1 something did, 2 it could not be looked at.");
}

}  // namespace cli
