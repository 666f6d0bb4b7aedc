// generate-crds: prints crds/paymentplatforms.yaml, or with --reference docs/reference/paymentplatform.md.
#include <cstdio>
#include <string>

#include "crds/types/definition.hpp"

int main(int argc, char** argv) {
  const bool reference = argc == 2 && std::string(argv[1]) == "--reference";
  if (argc > 1 && !reference) {
    std::fputs("usage: generate-crds [--reference] > file\n", stderr);
    return 2;
  }
  const std::string text = reference ? crds::reference_markdown() : crds::definition_yaml();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
