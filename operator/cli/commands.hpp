// Commands in messages, as the person who reads them has to type them.
#pragma once

#include <string>
#include <string_view>

namespace cli {

struct Place {
  std::string name_space;      // "" when the reader's own is meant
  std::string context;         // as --context gave it; "" when none was given
};

/// The same text, with "kubectl payment status" as "kubectl payment status -n shop --context c", likewise "kubectl logs" and so on. Whoever
/// writes a message need not know where its reader stands, and a command that is copied acts on the platform that it is about.
[[nodiscard]] std::string runnable(std::string_view text, const Place& place);

}  // namespace cli
