#include "payment-runtime/channels/wechat_v3/protocol.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "common/codec/base64.hpp"

namespace pay::channels::wechat_v3 {
namespace {

constexpr std::size_t kAuthorizationMax = 4096;

std::string lines(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += part;
    text += '\n';
  }
  return text;
}

}  // namespace

std::string request_message(std::string_view method, std::string_view target, std::string_view timestamp, std::string_view nonce,
                            std::string_view body) {
  return lines({method, target, timestamp, nonce, body});
}

std::string answer_message(std::string_view timestamp, std::string_view nonce, std::string_view body) {
  return lines({timestamp, nonce, body});
}

std::string to_header(const Authorization& a) {
  return fmt::format(R"({} mchid="{}",nonce_str="{}",timestamp="{}",serial_no="{}",signature="{}")", kScheme, a.mch_id, a.nonce,
                     a.timestamp, a.serial, a.signature);
}

base::Result<Authorization> parse_authorization(std::string_view header) {
  const auto malformed = [] { return base::fail(base::Code::Unauthenticated, "the Authorization header is malformed"); };
  if (header.size() > kAuthorizationMax || !header.starts_with(kScheme) || header.size() <= kScheme.size() ||
      header[kScheme.size()] != ' ') {
    return malformed();
  }
  header.remove_prefix(kScheme.size() + 1);
  Authorization result;
  const std::array<std::pair<std::string_view, std::string*>, 5> fields{{{"mchid", &result.mch_id},
                                                                         {"nonce_str", &result.nonce},
                                                                         {"timestamp", &result.timestamp},
                                                                         {"serial_no", &result.serial},
                                                                         {"signature", &result.signature}}};
  while (!header.empty()) {
    const std::size_t equals = header.find("=\"");
    const std::size_t end = equals == std::string_view::npos ? equals : header.find('"', equals + 2);
    if (end == std::string_view::npos) return malformed();
    const std::string_view name = header.substr(0, equals);
    std::string* place = nullptr;
    for (const auto& [known, where] : fields) {
      if (known == name) place = where;
    }
    if (place == nullptr || !place->empty()) return malformed();
    *place = std::string{header.substr(equals + 2, end - equals - 2)};
    header.remove_prefix(end + 1);
    if (header.empty()) break;
    if (header.front() != ',' || header.size() == 1) return malformed();
    header.remove_prefix(1);
  }
  for (const auto& [known, where] : fields) {
    if (where->empty()) return malformed();
  }
  return result;
}

base::Result<std::vector<net::Header>> sign_answer(const crypto::RsaPrivateKey& key, std::string_view serial, std::string_view body,
                                                   base::TimePoint now, base::Rng& rng) {
  const std::string timestamp = unix_seconds(now);
  const std::string nonce = make_nonce(rng);
  auto signature = key.sign_sha256(answer_message(timestamp, nonce, body));
  if (!signature) return base::fail(std::move(signature.error()));
  return std::vector<net::Header>{{"Wechatpay-Timestamp", timestamp},
                                  {"Wechatpay-Nonce", nonce},
                                  {"Wechatpay-Signature", codec::to_base64(*signature)},
                                  {"Wechatpay-Serial", std::string{serial}},
                                  {"Wechatpay-Signature-Type", std::string{kScheme}}};
}

base::Status verify_answer(const crypto::RsaPublicKey& key, std::string_view serial, const AnswerSignature& given, std::string_view body,
                           base::TimePoint now) {
  const auto refuse = [](std::string why) { return base::fail(base::Code::Unauthenticated, std::move(why)); };
  if (given.timestamp.empty() || given.nonce.empty() || given.signature.empty() || given.serial.empty()) {
    return refuse("a Wechatpay-Timestamp, -Nonce, -Signature or -Serial header is missing");
  }
  if (given.serial != serial) return refuse("Wechatpay-Serial is not the key that we know");
  std::int64_t seconds = 0;
  const char* end = given.timestamp.data() + given.timestamp.size();
  const auto [last, problem] = std::from_chars(given.timestamp.data(), end, seconds);
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (problem != std::errc{} || last != end || seconds < 0 || seconds > kYear9999)
    return refuse("Wechatpay-Timestamp is not a number of seconds");
  const auto distance = std::chrono::abs(now - base::TimePoint{std::chrono::seconds{seconds}});
  if (distance >= kSignatureWindow) return refuse("Wechatpay-Timestamp is more than 300 seconds from our clock");
  const auto signature = codec::from_base64(given.signature);
  if (!signature || !key.verify_sha256(answer_message(given.timestamp, given.nonce, body), *signature)) {
    return refuse("Wechatpay-Signature does not hold");
  }
  return {};
}

std::string make_nonce(base::Rng& rng) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::array<std::uint8_t, 16> bytes{};
  rng.fill(bytes);
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string unix_seconds(base::TimePoint now) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

std::string to_beijing(base::TimePoint time) {
  std::string text = base::to_rfc3339(time + kBeijing);
  text.pop_back();   // the Z
  return text + "+08:00";
}

}  // namespace pay::channels::wechat_v3
