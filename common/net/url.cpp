#include "common/net/url.hpp"

#include <algorithm>
#include <charconv>

namespace net {
namespace {

constexpr std::size_t kUrlBytesMax = 4096;

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool usual = port == (tls() ? 443 : 80);
  return usual ? name : name + ":" + std::to_string(port);
}

base::Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&](const char* why) { return base::fail(base::Code::InvalidArgument, std::string{"not a URL: "} + why); };
  if (text.size() > kUrlBytesMax) return wrong("longer than 4096 bytes");
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!clean) return wrong("it has spaces or bytes that must be encoded");
  Url url;
  if (text.substr(0, 7) == "http://") {
    url.scheme = "http";
    url.port = 80;
    text.remove_prefix(7);
  } else if (text.substr(0, 8) == "https://") {
    url.scheme = "https";
    url.port = 443;
    text.remove_prefix(8);
  } else {
    return wrong("it must begin with http:// or https://");
  }
  const std::size_t end = text.find_first_of("/?#");
  std::string_view authority = text.substr(0, end);
  if (end != std::string_view::npos && text.find('#') != std::string_view::npos) return wrong("a fragment makes no sense here");
  url.target = end == std::string_view::npos ? "/" : std::string{text.substr(end)};
  if (url.target.front() == '?') url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return wrong("user information is not accepted");

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return wrong("the bracket is not closed");
    url.host = std::string{authority.substr(1, close - 1)};
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority.front() != ':') return wrong("unexpected text after the address");
    if (!authority.empty()) port = authority.substr(1);
    if (!authority.empty() && port.empty()) return wrong("the port is empty");
  } else {
    const std::size_t colon = authority.find(':');
    url.host = std::string{authority.substr(0, colon)};
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (colon != std::string_view::npos && port.empty()) return wrong("the port is empty");
  }
  if (url.host.empty()) return wrong("the host is empty");
  if (!port.empty()) {
    unsigned value = 0;
    const auto [last, problem] = std::from_chars(port.data(), port.data() + port.size(), value);
    if (problem != std::errc{} || last != port.data() + port.size() || value == 0 || value > 65535)
      return wrong("the port must be 1 to 65535");
    url.port = static_cast<std::uint16_t>(value);
  }
  return url;
}

}  // namespace net
