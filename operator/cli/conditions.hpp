// The closed list of conditions and reasons, as docs/reference/conditions.md has it: that page is compiled in and read here, so that the
// program and the page cannot say different things.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Term {
  std::string name;         // "StorageUnavailable"
  std::string on;           // the conditions that carry it; "" of a condition itself
  std::string meaning;
  std::string remedy;       // "" when there is nothing to do
};

/// Conditions first, then reasons, in the order of the page.
[[nodiscard]] const std::vector<Term>& terms();

/// The condition and the reason of this name (some are both, "DatabaseReady"). Letter case does not matter.
[[nodiscard]] std::vector<Term> terms_named(std::string_view name);

/// Their names, each once.
[[nodiscard]] std::vector<std::string> term_names();

/// What to do about a reason; "" when the list says nothing.
[[nodiscard]] std::string remedy_of(std::string_view reason);

}  // namespace cli
