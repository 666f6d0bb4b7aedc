// What somebody may have meant by a word that is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// The word that is reached by the fewest added, left out and exchanged letters, when these are few; letter case does not matter.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean NameConflict?", or "".
[[nodiscard]] std::string meant(std::string_view word, const std::vector<std::string>& known);

}  // namespace cli
