// The deployment checklist of the source documents, line by line, judged by a program as far as a program can.
#pragma once

#include <string>
#include <vector>

#include "operator/cli/facts.hpp"

namespace cli {

enum class Outcome { Ok, Failed, Skipped };

struct Judgement {
  Outcome outcome = Outcome::Skipped;
  std::string evidence;      // the object or value that was seen; of a skipped line the reason
  std::string next = {};     // of a failed line: what to do
};

struct Finding {
  std::string section;       // "After deployment: pods"
  std::string line;          // "all pods are Running or Completed"
  Judgement judgement;
};

/// Every line of the checklist, in its order.
[[nodiscard]] std::vector<Finding> judge(const Facts& facts);

}  // namespace cli
