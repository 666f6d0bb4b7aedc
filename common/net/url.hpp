#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace net {

/// An absolute http or https address without user information and fragment.
struct Url {
  std::string scheme;   // "http" or "https"
  std::string host;     // without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string target;   // path and query; "/" when the address has none

  [[nodiscard]] bool tls() const { return scheme == "https"; }
  /// As the Host header wants it: without the scheme's own port.
  [[nodiscard]] std::string authority() const;
};

[[nodiscard]] base::Result<Url> parse_url(std::string_view text);

}  // namespace net
