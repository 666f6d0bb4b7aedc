#include "controllers/platform/testing/explained.hpp"

#include <fstream>
#include <sstream>
#include <vector>

#include "controllers/platform/status.hpp"

namespace controllers::test {
namespace {

std::vector<std::string> split(const std::string& text, const std::string& by) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(by); end != std::string::npos; end = text.find(by, begin)) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + by.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::set<std::string> places(const std::string& cell) {
  std::set<std::string> places;
  for (const std::string& one : split(cell, ", ")) {
    if (one == "the parts") {
      places.insert({kDatabaseReady, kSchemaReady, kCacheReady, kServicesReady});
    } else {
      places.insert(one);
    }
  }
  return places;
}

/// The rows of the table that begins with "| reason |": `A`, `B` | Ready, the parts | ...
std::map<std::string, std::set<std::string>> read() {
  std::map<std::string, std::set<std::string>> reasons;
  std::ifstream page(SOURCE_DIR "/docs/reference/conditions.md");
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    in_table = line.rfind("| reason |", 0) == 0 || (in_table && !line.empty());
    if (!in_table || line.rfind("| `", 0) != 0) continue;
    const std::vector<std::string> cells = split(line.substr(2), " | ");
    for (const std::string& word : split(cells.at(0), ", ")) reasons.emplace(word.substr(1, word.size() - 2), places(cells.at(1)));
  }
  return reasons;
}

}  // namespace

const std::map<std::string, std::set<std::string>>& explained_reasons() {
  static const auto kReasons = read();
  return kReasons;
}

}  // namespace controllers::test
