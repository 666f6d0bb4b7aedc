// Configuration files: places are inside the text, depth stays bounded, errors begin with the file's name.
#include <cstdint>
#include <string_view>

#include "common/base/assert.hpp"
#include "common/codec/yaml.hpp"

namespace {

void check(const codec::Yaml& node, std::size_t depth) {
  BASE_ASSERT(depth <= codec::kYamlDepthMax + 1);
  BASE_ASSERT(node.line >= 1 && node.column >= 1);
  for (const auto& item : node.items) check(item, depth + 1);
  for (const auto& [key, member] : node.members) {
    BASE_ASSERT(node.find(key) == &member);   // no duplicate keys
    check(member, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tree = codec::parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  if (tree) {
    check(*tree, 0);
  } else {
    BASE_ASSERT(tree.error().message.rfind("fuzz.yaml:", 0) == 0);
  }
  return 0;
}
