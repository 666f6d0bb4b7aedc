#include "tests/bench/runtime/load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEventsMax = 256;
constexpr int kPollMilliseconds = 20;

class Socket {
 public:
  /// Not connected (fd -1) when nobody listens.
  static Socket to_loopback(std::uint16_t port) {
    Socket made{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(made.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Socket{-1};
    const int on = 1;
    setsockopt(made.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_;
};

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {   // a request fits the socket's buffer: this blocks for nobody
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

struct Answer {
  int status = 0;
  bool closes = false;
  std::string_view body;
};

/// A whole answer at the start of `text`, or nothing yet. Our server names the length of every body.
std::optional<Answer> whole_answer(std::string_view text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  std::string head{text.substr(0, head_end + 2)};
  std::transform(head.begin(), head.end(), head.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  Answer answer;
  constexpr std::size_t kStatusAt = 9;   // "http/1.1 "
  if (head.size() >= kStatusAt + 3) std::from_chars(head.data() + kStatusAt, head.data() + kStatusAt + 3, answer.status);
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  std::size_t length = 0;
  if (const std::size_t at = head.find(kLength); at != std::string::npos) {
    std::from_chars(head.data() + at + kLength.size(), head.data() + head.size(), length);
  }
  answer.closes = head.find("\r\nconnection: close") != std::string::npos;
  const std::size_t body_at = head_end + 4;
  if (text.size() < body_at + length) return std::nullopt;
  answer.body = text.substr(body_at, length);
  return answer;
}

class Load {
 public:
  Load(std::uint16_t port, int connections, const std::string& run, const Window& window)
      : port_(port),
        run_(run),
        window_(window),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        clients_(static_cast<std::size_t>(connections)) {}
  ~Load() { close(epoll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  LoadResult run() {
    for (Client& client : clients_) open(client);
    const Clock::time_point start = Clock::now();
    const Clock::time_point opens = start + window_.warm_up;
    Clock::time_point opened{};
    const auto set_stage = [&](Clock::time_point now) {
      if (stage_ == Stage::WarmUp && now >= opens) {
        stage_ = Stage::Measured;
        opened = now;
        window_.opened();
      } else if (stage_ == Stage::Measured && now >= opened + window_.measured) {
        stage_ = Stage::Ending;
        result_.seconds = std::chrono::duration<double>(now - opened).count();
        window_.closed();
      }
    };
    for (Client& client : clients_) ask(client);
    Clock::time_point now = Clock::now();
    while (stage_ != Stage::Ending || (waiting_ > 0 && now < opened + window_.measured + kAnswerPatience)) {
      std::array<epoll_event, kEventsMax> events;
      const int count = epoll_wait(epoll_, events.data(), kEventsMax, kPollMilliseconds);
      now = Clock::now();
      set_stage(now);
      for (int i = 0; i < count; ++i) receive(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr), now);
    }
    result_.unanswered += waiting_;
    return std::move(result_);
  }

 private:
  enum class Stage { WarmUp, Measured, Ending };
  struct Client {
    std::optional<Socket> socket;
    std::string received;
    Clock::time_point asked;
    bool waiting = false;
  };

  void open(Client& client) {
    client.socket.emplace(Socket::to_loopback(port_));
    if (client.socket->fd() < 0) throw std::runtime_error{fmt::format("nobody listens on port {}", port_)};
    client.received.clear();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &client;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket->fd(), &event) != 0)
      throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
  }

  void ask(Client& client) {
    if (stage_ == Stage::Ending) return;
    const std::string body =
        fmt::format(R"({{"businessNo":"{}-{:010}","amount":"100.00","paymentChannel":"wechat","subject":"bench"}})", run_, ++asked_);
    const std::string request = fmt::format(
        "POST /api/payment/create HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", port_,
        body.size(), body);
    client.asked = Clock::now();
    client.waiting = true;
    ++waiting_;
    if (!send_all(client.socket->fd(), request)) lose(client);
  }

  void lose(Client& client) {
    if (client.waiting) {
      client.waiting = false;
      --waiting_;
      ++result_.unanswered;
    }
    open(client);
    ask(client);
  }

  void receive(Client& client, Clock::time_point now) {
    std::array<char, 4096> chunk;
    const ssize_t count = recv(client.socket->fd(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0 || client.received.size() + static_cast<std::size_t>(count) > kAnswerBytesMax) return lose(client);
    client.received.append(chunk.data(), static_cast<std::size_t>(count));
    const std::optional<Answer> answer = whole_answer(client.received);
    if (!answer) return;
    ++result_.statuses[answer->status];
    if (answer->status == 200 && stage_ == Stage::Measured) {
      result_.latencies_us.push_back(
          static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(now - client.asked).count()));
    }
    if (answer->status != 200 && result_.first_failure.empty()) result_.first_failure = answer->body;
    client.waiting = false;
    --waiting_;
    if (answer->closes) {
      open(client);
    } else {
      client.received.clear();
    }
    ask(client);
  }

  std::uint16_t port_;
  std::string run_;
  const Window& window_;
  int epoll_;
  std::vector<Client> clients_;
  std::uint64_t asked_ = 0;
  std::uint64_t waiting_ = 0;
  Stage stage_ = Stage::WarmUp;
  LoadResult result_;
};

}  // namespace

std::uint64_t LoadResult::created() const {
  const auto found = statuses.find(200);
  return found == statuses.end() ? 0 : found->second;
}

std::uint64_t LoadResult::failed() const {
  std::uint64_t count = unanswered;
  for (const auto& [status, answers] : statuses) {
    if (status != 200) count += answers;
  }
  return count;
}

LoadResult load_creates(std::uint16_t port, int connections, const std::string& run, const Window& window) {
  return Load{port, connections, run, window}.run();
}

int get_status(std::uint16_t port, const std::string& path) {
  const Socket connection = Socket::to_loopback(port);
  if (connection.fd() < 0) return 0;
  timeval patience{2, 0};
  setsockopt(connection.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (!send_all(connection.fd(), fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path))) return 0;
  std::string received;
  std::array<char, 4096> chunk;
  while (received.size() < kAnswerBytesMax) {
    const ssize_t count = recv(connection.fd(), chunk.data(), chunk.size(), 0);
    if (count <= 0) return 0;
    received.append(chunk.data(), static_cast<std::size_t>(count));
    if (const auto answer = whole_answer(received)) return answer->status;
  }
  return 0;
}

}  // namespace bench
