#include "operator/cli/commands.hpp"

namespace cli {
namespace {

constexpr std::string_view kKubectl = "kubectl ";
constexpr std::string_view kPlugin = "payment ";

bool is_part_of_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

/// Where the verb of the command that begins here ends.
std::size_t end_of_verb(std::string_view text, std::size_t begin) {
  std::size_t at = begin + kKubectl.size();
  if (text.substr(at).starts_with(kPlugin)) at += kPlugin.size();
  while (at < text.size() && is_part_of_word(text[at])) ++at;
  return at;
}

/// Of the whole kubeconfig, in no namespace.
bool needs_no_place(std::string_view verb) { return verb == "kubectl config"; }

std::string flags_for(std::string_view rest, const Place& place) {
  std::string flags;
  const std::string_view command = rest.substr(0, rest.find(kKubectl));
  if (!place.name_space.empty() && command.find(" -n ") == std::string_view::npos) flags += " -n " + place.name_space;
  if (!place.context.empty() && command.find(" --context ") == std::string_view::npos) flags += " --context " + place.context;
  return flags;
}

}  // namespace

std::string runnable(std::string_view text, const Place& place) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(kKubectl); at != std::string_view::npos; at = text.find(kKubectl, at + 1)) {
    if (at > 0 && is_part_of_word(text[at - 1])) continue;
    const std::size_t end = end_of_verb(text, at);
    out += text.substr(done, end - done);
    if (!needs_no_place(text.substr(at, end - at))) out += flags_for(text.substr(end), place);
    done = end;
  }
  return out + std::string(text.substr(done));
}

}  // namespace cli
