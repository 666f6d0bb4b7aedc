// cpprestsdk's own headers still say io_service.
#undef BOOST_ASIO_NO_DEPRECATED

#include "operator/kube/transport_cpprest.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <unordered_set>
#include <utility>

#include <cpprest/http_client.h>
#include <openssl/crypto.h>
#include <pplx/threadpool.h>

#include "operator/kube/chunk_sink.hpp"

namespace kube {
namespace {

using base::Code;
using base::Result;
namespace http = web::http;

/// Lets the library's threads reach the loop for as long as the transport lives.
class Inbox {
 public:
  explicit Inbox(Loop& loop) : loop_(&loop) {}
  void post(Task task) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) loop_->post(std::move(task));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  Loop* loop_;
};

base::Error error_from(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const http::http_exception& error) {
    // The library reports a refused or unreachable endpoint under this one code: nothing was sent then.
    const bool unreachable = error.error_code() == std::errc::host_unreachable || error.error_code() == std::errc::connection_refused;
    return {unreachable ? Code::Unavailable : Code::Unknown, std::string("API server: ") + error.what(), {}, std::nullopt};
  } catch (const std::exception& error) {
    return {Code::Unknown, std::string("API server: ") + error.what(), {}, std::nullopt};
  }
}

/// Of a transfer that has ended: does not wait.
std::exception_ptr exception_of(const pplx::task<http::http_response>& ended) {
  try {
    ended.get();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

std::optional<std::chrono::milliseconds> retry_after(const http::http_response& response) {
  constexpr long kSecondsMax = 300;   // longer would look like a dead operator
  const auto it = response.headers().find("Retry-After");
  if (it == response.headers().end()) return std::nullopt;
  return std::chrono::seconds(std::clamp(std::strtol(it->second.c_str(), nullptr, 10), 0L, kSecondsMax));
}

/// The library has ideas of its own of a port that is not stated: another one for a proxy, and none for the tunnel through it.
web::uri with_port(const std::string& address) {
  const web::uri uri(address);
  if (uri.port() > 0) return uri;
  return web::uri_builder(uri).set_port(uri.scheme() == "https" ? 443 : 80).to_uri();
}

http::http_request request_of(Request& request, const ClientConfig& config, const std::string& bearer, ChunkSink::Write sink) {
  http::http_request out(request.method);
  out.set_request_uri(web::uri(request.path));
  out.headers().add("Accept", request.accept);
  out.headers().add("User-Agent", "payment-operator");
  if (!bearer.empty()) out.headers().add("Authorization", "Bearer " + bearer);
  // The library asks for a certificate of this host, and of that of the address without it.
  if (!config.tls_server_name.empty()) out.headers().add("Host", config.tls_server_name);
  for (const auto& [header, value] : {std::pair{"Impersonate-User", &config.as_user}, std::pair{"Impersonate-Uid", &config.as_uid},
                                      std::pair{"Impersonate-Group", &config.as_group}}) {
    if (!value->empty()) out.headers().add(header, *value);
  }
  if (!request.content_type.empty()) out.set_body(std::move(request.body), request.content_type);
  const concurrency::streams::streambuf<std::uint8_t> buffer(std::make_shared<ChunkSink>(std::move(sink)));
  out.set_response_stream(concurrency::streams::ostream(buffer));
  return out;
}

/// One unary request: answered, failed or timed out, whichever comes first on the loop.
struct Call {
  std::function<void(Result<Response>)> done;
  pplx::cancellation_token_source cancel;
  Timer timer;
  Response response;       // filled by the library's thread; read on the loop after the transfer has ended
};

/// One stream. Everything but the source of cancellation is touched on the loop only.
struct StreamState {
  StreamEvents events;
  pplx::cancellation_token_source cancel;
  bool closed = false;     // nothing is told from here on
  Response answer;         // status 0 before its head; the body is what overtook the head, and that of a refusal
};

class CpprestStream final : public Stream {
 public:
  explicit CpprestStream(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  ~CpprestStream() override {
    state_->closed = true;
    state_->cancel.cancel();
  }

 private:
  std::shared_ptr<StreamState> state_;
};

constexpr std::size_t kRefusalBytesMax = 64U << 10U;

void stream_data(StreamState& state, std::string_view piece) {
  if (state.closed) return;
  if (state.answer.status == 200) return state.events.data(piece);
  if (state.answer.body.size() < kRefusalBytesMax || state.answer.status == 0) state.answer.body += piece;
}

void stream_head(StreamState& state, int status, std::optional<std::chrono::milliseconds> retry_after) {
  if (state.closed) return;
  state.answer.status = status;
  state.answer.retry_after = retry_after;
  if (status != 200) return;
  const std::string early = std::exchange(state.answer.body, {});
  state.events.opened();
  if (!early.empty() && !state.closed) state.events.data(early);
}

void stream_end(StreamState& state, const std::exception_ptr& exception) {
  if (state.closed) return;
  state.closed = true;
  if (exception != nullptr) {
    state.events.ended(base::fail(error_from(exception)));
  } else if (state.answer.status != 200) {
    state.events.ended(base::fail(error_of(state.answer)));
  } else {
    state.events.ended({});
  }
}

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(ClientConfig config, Loop& loop)
      : config_(std::move(config)),
        loop_(loop),
        inbox_(std::make_shared<Inbox>(loop)),
        requests_(with_port(config_.server), client_config(kRequestTimeout)),
        streams_(with_port(config_.server), client_config(std::chrono::hours(24))) {}   // who opens one closes a silent one

  ~CpprestTransport() override {
    inbox_->close();
    // The library's threads hold them for a while yet, and must not find anything of the loop in them when they let go.
    for (const std::shared_ptr<Call>& call : calls_) {
      call->timer.cancel();
      call->done = nullptr;
      call->cancel.cancel();
    }
  }

  void send(Request request, std::function<void(Result<Response>)> done) override {
    auto call = std::make_shared<Call>();
    call->done = std::move(done);
    call->timer = Timer(loop_, request.timeout, [this, weak = std::weak_ptr<Call>(call)] {
      const auto late = weak.lock();
      if (late == nullptr) return;
      finish(late, base::fail(Code::Unknown, "API server: no answer in time"));
      late->cancel.cancel();
    });
    http::http_request out = request_of(request, config_, bearer(), [call](std::string_view piece) {
      if (call->response.body.size() + piece.size() > kBodyBytesMax) return false;
      call->response.body += piece;
      return true;
    });
    calls_.insert(call);
    const std::function<void(const std::exception_ptr&)> answered = lifetime_.wrap([this, call](const std::exception_ptr& exception) {
      if (exception != nullptr) return finish(call, base::fail(error_from(exception)));
      finish(call, std::move(call->response));
    });
    const auto inbox = inbox_;
    requests_.request(out, call->cancel.get_token())
        .then([call](const http::http_response& head) {
          call->response.status = head.status_code();
          call->response.retry_after = retry_after(head);
          return head.content_ready();
        })
        .then([answered, inbox](const pplx::task<http::http_response>& ended) {
          inbox->post([answered, exception = exception_of(ended)] { answered(exception); });
        });
  }

  std::unique_ptr<Stream> open(Request request, StreamEvents events) override {
    auto state = std::make_shared<StreamState>();
    state->events = std::move(events);
    const auto inbox = inbox_;
    http::http_request out = request_of(request, config_, bearer(), [state, inbox](std::string_view piece) {
      inbox->post([state, text = std::string(piece)] { stream_data(*state, text); });
      return true;
    });
    streams_.request(out, state->cancel.get_token())
        .then([state, inbox](const http::http_response& head) {
          inbox->post(
              [state, status = static_cast<int>(head.status_code()), wait = retry_after(head)] { stream_head(*state, status, wait); });
          return head.content_ready();
        })
        .then([state, inbox](const pplx::task<http::http_response>& ended) {
          inbox->post([state, exception = exception_of(ended)] { stream_end(*state, exception); });
        });
    return std::make_unique<CpprestStream>(std::move(state));
  }

 private:
  void finish(const std::shared_ptr<Call>& call, Result<Response> result) {
    if (calls_.erase(call) == 0) return;      // it was too late, and has been told so
    call->timer.cancel();
    std::exchange(call->done, nullptr)(std::move(result));
  }

  [[nodiscard]] http::client::http_client_config client_config(std::chrono::milliseconds timeout) const {
    http::client::http_client_config out;
    out.set_timeout(std::chrono::duration_cast<utility::seconds>(timeout));
    out.set_validate_certificates(!config_.insecure);
    if (!config_.proxy.empty()) out.set_proxy(web::web_proxy(with_port(config_.proxy)));
    out.set_ssl_context_callback(
        [ca = config_.ca_pem, cert = config_.client_cert_pem, key = config_.client_key_pem](boost::asio::ssl::context& context) {
          context.set_options(boost::asio::ssl::context::no_tlsv1 | boost::asio::ssl::context::no_tlsv1_1);
          if (!ca.empty()) context.add_certificate_authority(boost::asio::buffer(ca));
          if (cert.empty()) return;
          context.use_certificate_chain(boost::asio::buffer(cert));
          const std::string_view pem = key.reveal();
          context.use_private_key(boost::asio::buffer(pem.data(), pem.size()), boost::asio::ssl::context::pem);
        });
    return out;
  }

  std::string bearer() {
    if (config_.token_file.empty()) return std::string(config_.token.reveal());
    const auto now = loop_.clock().steady_now();
    if (file_token_.empty() || now >= read_again_at_) {
      std::ifstream file(config_.token_file);
      std::string token{std::istreambuf_iterator<char>(file), {}};
      while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
      if (!token.empty()) file_token_ = base::Secret(std::move(token));   // while the file is being replaced, the old one serves
      read_again_at_ = now + kTokenReadAgain;
    }
    return std::string(file_token_.reveal());
  }

  ClientConfig config_;
  Loop& loop_;
  std::shared_ptr<Inbox> inbox_;
  http::client::http_client requests_;
  http::client::http_client streams_;
  base::Secret file_token_;
  base::SteadyPoint read_again_at_{};
  std::unordered_set<std::shared_ptr<Call>> calls_;      // neither answered nor given up
  Lifetime lifetime_;
};

}  // namespace

void initialize_transport(const ClientConfig& config) {
  // At exit the library waits for its threads, which may still be closing connections; OpenSSL's own handler runs before that and would
  // take its locks from under them.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  crossplat::threadpool::initialize_with_threads(kTransportThreads);
  if (config.ca_pem.empty()) return;
  // The library loads the default authorities into a new context for every connection: 37 ms with Debian's 144.
  // The callback adds the cluster's own, and no other may vouch for the API server.
  ::setenv("SSL_CERT_FILE", "/dev/null", 1);            // NOLINT(concurrency-mt-unsafe): before any thread uses it
  ::setenv("SSL_CERT_DIR", "/nonexistent", 1);          // NOLINT(concurrency-mt-unsafe)
}

Result<std::unique_ptr<Transport>> make_cpprest_transport(ClientConfig config, Loop& loop) {
  try {
    boost::asio::ssl::context probe(boost::asio::ssl::context::tls_client);
    if (!config.ca_pem.empty()) probe.add_certificate_authority(boost::asio::buffer(config.ca_pem));
    if (!config.client_cert_pem.empty()) {
      probe.use_certificate_chain(boost::asio::buffer(config.client_cert_pem));
      const std::string_view pem = config.client_key_pem.reveal();
      probe.use_private_key(boost::asio::buffer(pem.data(), pem.size()), boost::asio::ssl::context::pem);
    }
    return std::make_unique<CpprestTransport>(std::move(config), loop);
  } catch (const std::exception& error) {
    return base::fail(Code::InvalidArgument, "API server " + config.server + ": certificate or address: " + error.what());
  }
}

}  // namespace kube
