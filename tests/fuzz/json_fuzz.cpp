// Whatever parses must survive a round trip, and nothing may crash: request bodies, callbacks and API server answers come in here.
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/assert.hpp"
#include "common/codec/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  codec::NumberTexts numbers;
  const auto value = codec::parse_json(text, {}, &numbers);
  if (!value) return 0;
  const std::string written = codec::dump_json(*value);
  const auto again = codec::parse_json(written, {codec::kJsonBytesMax * 8, codec::kJsonDepthMax});
  BASE_ASSERT(again.has_value());
  BASE_ASSERT(codec::dump_json(*again) == written);
  if (value->is_object()) {
    for (const auto& [key, member] : value->items()) {
      if (const auto number = codec::decimal_text(*value, key, numbers)) BASE_ASSERT(member.is_number() || member.is_string());
    }
  }
  return 0;
}
