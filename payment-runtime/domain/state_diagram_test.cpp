// docs/payment-states.md draws the table of edges. GOLDEN=1 rewrites the drawing; look at the difference before you commit it.
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "payment-runtime/domain/ledger.hpp"
#include "payment-runtime/domain/payment.hpp"

namespace pay::domain {
namespace {

constexpr std::string_view kBegin = "<!-- made by pay_domain_test from payment-runtime/domain/state.cpp; GOLDEN=1 rewrites it -->\n";
constexpr std::string_view kEnd = "<!-- end -->\n";

std::string_view letter(By by) { return by == By::Channel ? "C" : "S"; }

/// "channel_receivable to merchant_pending": debit and credit of what the edge books.
std::string books(const Edge& edge) {
  const std::vector<LedgerEntry> entries = entries_of(edge.books, "", "", {1, "CNY"});
  return entries.empty() ? "" : fmt::format("debit {}, credit {}", entries.at(0).account, entries.at(1).account);
}

std::string drawing() {
  std::string text = fmt::format("```mermaid\nstateDiagram-v2\n  [*] --> {}\n", name(Payment{}.state));
  std::set<State> left;
  for (const Edge& edge : edges()) {
    text +=
        fmt::format("  {} --> {}: {}{}\n", name(edge.from), name(edge.to), letter(edge.by), edge.books == Booking::None ? "" : ", books");
    left.insert(edge.from);
  }
  std::set<State> ends;
  for (const Edge& edge : edges()) {
    if (!left.contains(edge.to)) ends.insert(edge.to);
  }
  for (const State state : ends) text += fmt::format("  {} --> [*]\n", name(state));
  text += "```\n\n| from | to | by | when | books |\n| --- | --- | --- | --- | --- |\n";
  for (const Edge& edge : edges()) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", name(edge.from), name(edge.to), letter(edge.by), edge.why, books(edge));
  }
  return text;
}

TEST(PaymentStates, AreDrawnAsTheyAre) {
  const std::string path = std::string{SOURCE_DIR} + "/docs/payment-states.md";
  std::ostringstream read;
  read << std::ifstream{path}.rdbuf();
  const std::string page = read.str();
  const std::size_t begin = page.find(kBegin);
  const std::size_t end = page.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end) << path << " has lost its marks";
  const std::size_t from = begin + kBegin.size();
  const std::string made = drawing();
  if (std::getenv("GOLDEN") != nullptr)
    std::ofstream{path} << page.substr(0, from) + made + page.substr(end);   // NOLINT: a test's own switch
  EXPECT_EQ(page.substr(from, end - from), made) << "run with GOLDEN=1 and look at the difference of " << path;
}

}  // namespace
}  // namespace pay::domain
