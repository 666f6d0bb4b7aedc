#include "common/net/client.hpp"

#include <gtest/gtest.h>

#include <future>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>
#include <fstream>

#include "common/net/block_on.hpp"
#include "common/net/server.hpp"

namespace net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

base::Deadline in(std::chrono::milliseconds budget) { return base::Deadline::after(base::system_clock(), budget); }

base::Task<Response> whoami(Request request) {
  Response response;
  response.body = request.method + " " + request.target + " " + std::string{request.header("host")} + " " + request.body;
  response.headers.push_back({"X-Echo", std::string{request.header("x-test")}});
  co_return response;
}

/// A server that answers every connection with fixed bytes, or with none, after it has read a request's head.
class Scripted {
 public:
  explicit Scripted(std::string answer, bool wait_for_end = false) : answer_(std::move(answer)), wait_for_end_(wait_for_end) {
    thread_ = std::thread{[this] { run(); }};
  }
  ~Scripted() {
    stop_ = true;
    boost::system::error_code ec;
    tcp::socket poke{context_};
    poke.connect({asio::ip::address_v4::loopback(), port()}, ec);
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run() {
    while (!stop_) {
      tcp::socket socket{context_};
      acceptor_.accept(socket);
      if (stop_) return;
      ++connections_;
      boost::system::error_code ec;
      std::string head;
      asio::read_until(socket, asio::dynamic_buffer(head), "\r\n\r\n", ec);
      asio::write(socket, asio::buffer(answer_), ec);
      while (wait_for_end_ && !ec) {
        char byte = 0;
        socket.read_some(asio::buffer(&byte, 1), ec);
      }
    }
  }

  asio::io_context context_;
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::string answer_;
  bool wait_for_end_;
  std::atomic<bool> stop_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

class Client : public ::testing::Test {
 protected:
  void serve(ServerLimits limits = {}) {
    shards_ = std::make_unique<Shards>(1);
    Router router;
    router.add("GET", "/who", whoami);
    router.add("POST", "/who", whoami);
    server_ =
        std::move(*HttpServer::listen(*shards_, std::move(router), {.service = "t", .address = "127.0.0.1", .port = 0, .limits = limits}));
    shards_->start();
  }

  base::Result<ClientResponse> get(std::uint16_t port, const std::string& target = "/who", std::chrono::milliseconds budget = 2s) {
    ClientRequest request;
    request.url = parse_url("http://127.0.0.1:" + std::to_string(port) + target).value();
    return block_on(context_, client_.send(std::move(request), in(budget)));
  }

  asio::io_context context_;
  HttpClient client_ = HttpClient::make({}).value();
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Client, SendsAndReceives) {
  serve();
  ClientRequest request;
  request.method = "POST";
  request.url = parse_url("http://127.0.0.1:" + std::to_string(server_->port()) + "/who?a=b").value();
  request.headers.push_back({"X-Test", "v"});
  request.body = "body";
  const auto response = block_on(context_, client_.send(request, in(2s)));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "POST /who?a=b 127.0.0.1:" + std::to_string(server_->port()) + " body");
  EXPECT_EQ(response->header("x-echo"), "v");
}

TEST_F(Client, KeepsConnectionsAliveAndNoticesWhenTheServerHasClosedOne) {
  // One request a connection, then the server closes: the second must not fail although the pool may hold the first.
  serve({.requests_per_connection = 2, .idle_time = 50ms});
  ASSERT_TRUE(get(server_->port()).has_value());
  ASSERT_TRUE(get(server_->port()).has_value());
  ASSERT_TRUE(get(server_->port()).has_value());
  std::promise<void>().get_future().wait_for(200ms);   // longer than the server's idle time
  const auto after = get(server_->port());
  EXPECT_TRUE(after.has_value()) << after.error().message;
}

TEST_F(Client, AReusedConnectionIsTheSameOne) {
  Scripted server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true};
  ASSERT_TRUE(get(server.port()).has_value());
  // The script answers once a connection: a second request on the same one times out, which proves the reuse.
  EXPECT_EQ(get(server.port(), "/", 100ms).error().code, base::Code::Unknown);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Client, ARefusedConnectionMeansNotSent) {
  std::uint16_t port = 0;
  {
    tcp::acceptor acceptor{context_, {asio::ip::address_v4::loopback(), 0}};
    port = acceptor.local_endpoint().port();
  }
  const auto response = get(port);
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, base::Code::Unavailable);
}

TEST_F(Client, AnUnknownNameMeansNotSent) {
  ClientRequest request;
  request.url = parse_url("http://no-such-host.invalid/").value();
  const auto response = block_on(context_, client_.send(request, in(10s)));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, base::Code::Unavailable);
}

TEST_F(Client, APassedDeadlineMeansNotSent) {
  serve();
  EXPECT_EQ(get(server_->port(), "/who", 0ms).error().code, base::Code::Unavailable);
}

TEST_F(Client, WhateverHappensAfterSendingIsUnknown) {
  const std::pair<const char*, std::string> scripts[] = {
      {"closed without a byte", ""},
      {"cut in the head", "HTTP/1.1 200 OK\r\nContent-Le"},
      {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
      {"not HTTP", "SSH-2.0-OpenSSH\r\n"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
      {"too large", "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"},
      {"endless head", "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x')},
      {"interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n"},
  };
  for (const auto& [name, answer] : scripts) {
    Scripted server{answer};
    const auto response = get(server.port());
    ASSERT_FALSE(response.has_value()) << name;
    EXPECT_EQ(response.error().code, base::Code::Unknown) << name << ": " << response.error().message;
  }
}

TEST_F(Client, SilenceEndsAtTheDeadlineAsUnknown) {
  Scripted server{"", true};
  const auto begin = std::chrono::steady_clock::now();
  const auto response = get(server.port(), "/", 100ms);
  EXPECT_EQ(response.error().code, base::Code::Unknown);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

TEST_F(Client, AHeaderWithALineEndIsRefused) {
  ClientRequest request;
  request.url = parse_url("http://127.0.0.1:1/").value();
  request.headers.push_back({"A", "b\r\nC: d"});
  EXPECT_EQ(block_on(context_, client_.send(request, in(1s))).error().code, base::Code::InvalidArgument);
}

/// A TLS server with a certificate of its own for "localhost", which nobody trusts unless told to.
class TlsServer {
 public:
  TlsServer() {
    EVP_PKEY* key = EVP_RSA_gen(2048U);
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    ca_file_ = std::filesystem::temp_directory_path() / ("net_client_test_" + std::to_string(::getpid()) + ".pem");
    FILE* file = std::fopen(ca_file_.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    SSL_CTX_use_certificate(tls_.native_handle(), certificate);
    SSL_CTX_use_PrivateKey(tls_.native_handle(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    thread_ = std::thread{[this] { run(); }};
  }
  ~TlsServer() {
    stop_ = true;
    boost::system::error_code ec;
    tcp::socket poke{context_};
    poke.connect({asio::ip::address_v4::loopback(), port()}, ec);
    thread_.join();
    std::filesystem::remove(ca_file_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string ca_file() const { return ca_file_; }

 private:
  void run() {
    while (!stop_) {
      asio::ssl::stream<tcp::socket> stream{context_, tls_};
      acceptor_.accept(stream.next_layer());
      if (stop_) return;
      boost::system::error_code ec;
      stream.handshake(asio::ssl::stream_base::server, ec);
      if (ec) continue;
      std::string head;
      asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n", ec);
      asio::write(stream, asio::buffer(std::string{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecure"}), ec);
      stream.shutdown(ec);
    }
  }

  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::filesystem::path ca_file_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_F(Client, TlsPeersAreVerifiedByCertificateAndName) {
  TlsServer server;
  const auto ask = [&](const HttpClient& client, const std::string& host) {
    ClientRequest request;
    request.url = parse_url("https://" + host + ":" + std::to_string(server.port()) + "/").value();
    return block_on(context_, client.send(request, in(5s)));
  };
  ClientOptions options;
  options.ca_file = server.ca_file();
  const HttpClient trusting = HttpClient::make(options).value();
  const auto good = ask(trusting, "localhost");
  ASSERT_TRUE(good.has_value()) << good.error().message;
  EXPECT_EQ(good->body, "secure");

  const auto wrong_name = ask(trusting, "127.0.0.1");
  ASSERT_FALSE(wrong_name.has_value());
  EXPECT_EQ(wrong_name.error().code, base::Code::Unavailable);
  const auto untrusted = ask(client_, "localhost");
  ASSERT_FALSE(untrusted.has_value());
  EXPECT_EQ(untrusted.error().code, base::Code::Unavailable);
}

TEST_F(Client, TheSystemsCertificatesAreReadWhenHttpsFirstNeedsThem) {
  TlsServer server;
  const std::filesystem::path trusted = server.ca_file() + ".system";
  // Where OpenSSL looks; not there yet.
  ::setenv("SSL_CERT_FILE", trusted.c_str(), 1);   // NOLINT(concurrency-mt-unsafe): no other thread reads the environment
  const HttpClient first = HttpClient::make({}).value();
  const HttpClient second = HttpClient::make({}).value();
  const auto ask = [&](const HttpClient& client) {
    ClientRequest request;
    request.url = parse_url("https://localhost:" + std::to_string(server.port()) + "/").value();
    return block_on(context_, client.send(request, in(5s)));
  };
  std::filesystem::copy_file(server.ca_file(), trusted);
  const auto good = ask(first);
  EXPECT_TRUE(good.has_value()) << good.error().message;
  std::filesystem::remove(trusted);
  const auto shared = ask(second);
  EXPECT_TRUE(shared.has_value()) << "read once for all clients of the process";
  ::unsetenv("SSL_CERT_FILE");   // NOLINT(concurrency-mt-unsafe)
}

TEST(ClientMake, AMissingCaFileIsNamed) {
  ClientOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(HttpClient::make(options).error().field, "ca_file");
}

}  // namespace
}  // namespace net
