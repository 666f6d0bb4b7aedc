// Replays every file of the corpus folders named as arguments through the fuzz target, and each of its prefixes: inputs cut short
// are the commonest way in which a parser is surprised. Closes with "N passed, N failed".
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kPrefixesMax = 512;   // a file; longer inputs are cut at even steps

void replay(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t step = std::max<std::size_t>(1, bytes.size() / kPrefixesMax);
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    // A copy of its own size, so that the address sanitizer sees a read past the end.
    const std::vector<std::uint8_t> prefix{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
    LLVMFuzzerTestOneInput(prefix.data(), prefix.size());
  }
  const std::vector<std::uint8_t> whole{bytes.begin(), bytes.end()};
  LLVMFuzzerTestOneInput(whole.data(), whole.size());
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      std::fprintf(stderr, "replaying %s\n", path.c_str());   // the last line names the input when the target crashes
      replay(path);
      ++files;
    }
  }
  if (files == 0) {
    std::fprintf(stderr, "no corpus: name at least one folder with files\n");
    return 2;
  }
  std::printf("%d passed, 0 failed\n", files);
  return 0;
}
