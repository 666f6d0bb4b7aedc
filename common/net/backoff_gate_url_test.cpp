#include <gtest/gtest.h>

#include "common/net/backoff.hpp"
#include "common/net/gate.hpp"
#include "common/net/http.hpp"
#include "common/net/router.hpp"
#include "common/net/url.hpp"

namespace net {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesWithinItsLimitAndSpreads) {
  base::SeededRng rng{3};
  Backoff backoff{100ms, 1s};
  std::chrono::milliseconds whole = 100ms;
  for (int i = 0; i < 8; ++i) {
    const auto wait = backoff.next(rng);
    EXPECT_GE(wait, whole / 2);
    EXPECT_LE(wait, whole);
    whole = std::min<std::chrono::milliseconds>(1s, whole * 2);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(rng), 100ms);
}

TEST(Gate, CountsPassesAndRefusesAboveItsLimitOrWhenClosed) {
  Gate gate{2};
  {
    const auto first = gate.enter();
    const auto second = gate.enter();
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(gate.enter());
    EXPECT_EQ(gate.inside(), 2U);
  }
  EXPECT_EQ(gate.inside(), 0U);
  gate.close();
  EXPECT_FALSE(gate.enter());
}

TEST(Url, PartsAreTakenApart) {
  const Url plain = parse_url("http://channel-simulator:9200/v3/x?a=b").value();
  EXPECT_EQ(plain.host, "channel-simulator");
  EXPECT_EQ(plain.port, 9200);
  EXPECT_EQ(plain.target, "/v3/x?a=b");
  EXPECT_EQ(plain.authority(), "channel-simulator:9200");
  const Url tls = parse_url("https://api.mch.weixin.qq.com").value();
  EXPECT_TRUE(tls.tls());
  EXPECT_EQ(tls.port, 443);
  EXPECT_EQ(tls.target, "/");
  EXPECT_EQ(tls.authority(), "api.mch.weixin.qq.com");
  EXPECT_EQ(parse_url("http://[::1]:80?x").value().target, "/?x");
  EXPECT_EQ(parse_url("http://[::1]:8080").value().authority(), "[::1]:8080");
}

TEST(Url, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "ftp://x", "http://", "http:///x", "http://a:0", "http://a:65536", "http://a:", "http://a:x", "http://u@a/",
                           "http://a b", "http://[::1", "http://[::1]x", "http://a/#f", "//a"}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
}

TEST(Percent, DecodesAndEncodes) {
  EXPECT_EQ(percent_decode("a%2Fb%e4%b8%ad"), "a/b\xe4\xb8\xad");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%zz"), std::nullopt);
  EXPECT_EQ(percent_decode("%00"), std::nullopt);
  EXPECT_EQ(percent_encode("a/b|*~"), "a%2Fb%7C%2A~");
}

base::Task<Response> nothing(Request) { co_return Response{}; }

TEST(Router, FindsPatternsMethodsAndParameters) {
  Router router;
  router.add("GET", "/api/payment/query/{businessNo}", nothing);
  router.add("POST", "/api/payment/create", nothing);
  router.add("GET", "/", nothing);
  const auto found = router.find("GET", "/api/payment/query/a%7Cb");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.params.at(0), (std::pair<std::string, std::string>{"businessNo", "a|b"}));
  EXPECT_NE(router.find("HEAD", "/").route, nullptr);
  EXPECT_EQ(router.find("GET", "/api/payment/query/").status, 404);
  EXPECT_EQ(router.find("GET", "/api/payment/query/a/b").status, 404);
  EXPECT_EQ(router.find("GET", "/api/payment/query/%zz").status, 400);
  const auto method = router.find("GET", "/api/payment/create");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.allow, "POST");
  EXPECT_EQ(router.find("GET", std::string(1000, '/')).status, 404);
}

TEST(Request, QueryParametersAreDecoded) {
  Request request;
  request.query = "a=1&scope=self&b&c=%41";
  EXPECT_EQ(request.query_param("scope"), "self");
  EXPECT_EQ(request.query_param("b"), "");
  EXPECT_EQ(request.query_param("c"), "A");
  EXPECT_EQ(request.query_param("d"), std::nullopt);
}

}  // namespace
}  // namespace net
