#include "payment-runtime/simulator/callbacks.hpp"

#include <array>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "common/base/ids.hpp"
#include "common/codec/base64.hpp"
#include "common/codec/json.hpp"
#include "common/crypto/aead.hpp"
#include "common/net/shards.hpp"
#include "common/net/wait.hpp"
#include "common/obs/log.hpp"
#include "payment-runtime/channels/wechat_v3/protocol.hpp"
#include "payment-runtime/simulator/transaction.hpp"

namespace pay::simulator {

namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace wechat = channels::wechat_v3;

namespace {

/// Between one try and the next, as WeChat Pay documents it.
constexpr std::array<std::chrono::seconds, 15> kSchedule{15s,   15s,   30s,    180s,   600s,   1200s,  1800s, 1800s,
                                                         1800s, 3600s, 10800s, 10800s, 10800s, 21600s, 21600s};
constexpr std::chrono::milliseconds kLongestNap{1'000};
constexpr std::chrono::milliseconds kBusyNap{5};

struct Notice {
  std::string id;
  std::string url;
  std::string transaction;   // JSON, in the clear
  base::TimePoint created_at;
  base::TimePoint due;
  std::size_t tries = 0;
};

}  // namespace

struct Callbacks::Impl {
  Impl(World& w, Faults& f, std::shared_ptr<ReloadingKeys> k, net::HttpClient c, base::Rng& r)
      : world(w),
        faults(f),
        keys(std::move(k)),
        client(std::move(c)),
        rng(r) {}

  World& world;
  Faults& faults;
  std::shared_ptr<ReloadingKeys> keys;
  net::HttpClient client;
  base::Rng& rng;
  asio::io_context* context = nullptr;
  // The pump's own, on its shard: a timer must not outlive the context's services, and this struct may (routes hold it).
  asio::steady_timer* nap = nullptr;
  std::size_t in_flight = 0;                 // on the pump's shard
  mutable std::mutex mutex;
  std::deque<Notice> waiting;
  Counts counts;
};

namespace {

using ImplPtr = std::shared_ptr<Callbacks::Impl>;

std::optional<std::string> seal_notice(const Notice& notice, const SimulatorKeys& keys, base::Rng& rng) {
  const std::string nonce = wechat::make_nonce(rng).substr(0, crypto::kAeadNonceBytes);
  const auto sealed = crypto::seal(keys.api_v3_key, nonce, "transaction", notice.transaction);
  if (!sealed) return std::nullopt;
  return codec::dump_json({{"id", notice.id},
                           {"create_time", wechat::to_beijing(notice.created_at)},
                           {"resource_type", "encrypt-resource"},
                           {"event_type", "TRANSACTION.SUCCESS"},
                           {"summary", "支付成功"},
                           {"resource",
                            {{"original_type", "transaction"},
                             {"algorithm", "AEAD_AES_256_GCM"},
                             {"ciphertext", codec::to_base64(*sealed)},
                             {"associated_data", "transaction"},
                             {"nonce", nonce}}}});
}

/// A signature that is base64 of the right length and does not hold.
void spoil_signature(std::vector<net::Header>& headers) {
  for (net::Header& header : headers) {
    if (header.name == "Wechatpay-Signature") header.value.front() = header.value.front() == 'A' ? 'B' : 'A';
  }
}

std::optional<net::ClientRequest> make_request(const Notice& notice, Callbacks::Impl& impl, bool spoiled) {
  const auto keys = impl.keys->get();
  auto url = net::parse_url(notice.url);
  auto body = seal_notice(notice, *keys, impl.rng);
  if (!url || !body) return std::nullopt;
  auto headers = wechat::sign_answer(keys->signing_key, keys->key_id, *body, impl.world.now(), impl.rng);
  if (!headers) return std::nullopt;
  if (spoiled) spoil_signature(*headers);
  headers->push_back({"Content-Type", "application/json"});
  headers->push_back({"Accept", "*/*"});
  net::ClientRequest request;
  request.method = "POST";
  request.url = std::move(*url);
  request.headers = std::move(*headers);
  request.body = std::move(*body);
  return request;
}

base::Task<bool> deliver_once(ImplPtr impl, Notice notice, bool spoiled) {
  auto request = make_request(notice, *impl, spoiled);
  if (!request) co_return false;
  const auto response = co_await impl->client.send(std::move(*request), base::Deadline::after(base::system_clock(), kCallbackBudget));
  {
    const std::lock_guard lock{impl->mutex};
    ++impl->counts.sent;
  }
  if (response && (response->status == 200 || response->status == 204)) co_return true;
  const std::string problem = response ? "status " + std::to_string(response->status) : response.error().message;
  obs::info("simulator_callback_refused", {{"notice", notice.id}, {"url", notice.url}, {"try", notice.tries + 1}, {"problem", problem}});
  co_return false;
}

void settle(const ImplPtr& impl, Notice notice, bool acknowledged) {
  --impl->in_flight;
  const base::TimePoint now = impl->world.now();
  const std::lock_guard lock{impl->mutex};
  if (acknowledged) {
    ++impl->counts.acknowledged;
    return;
  }
  if (notice.tries >= kSchedule.size()) {
    ++impl->counts.given_up;
    return;
  }
  notice.due = now + kSchedule[notice.tries];
  ++notice.tries;
  impl->waiting.push_back(std::move(notice));
}

base::Task<void> deliver(ImplPtr impl, Notice notice) {
  const std::optional<Fault> fault = impl->faults.roll(Operation::Callback);
  const bool spoiled = fault && fault->kind == FaultKind::BadSignature;
  if (fault && fault->kind == FaultKind::Delay) co_await net::wait_for(fault->delay);
  if (fault && fault->kind == FaultKind::Drop) {
    settle(impl, std::move(notice), false);   // this try is lost on the way; the schedule goes on
    co_return;
  }
  bool acknowledged = co_await deliver_once(impl, notice, spoiled);
  if (fault && fault->kind == FaultKind::Duplicate) {
    const bool again = co_await deliver_once(impl, notice, false);
    acknowledged = acknowledged || again;
  }
  settle(impl, std::move(notice), acknowledged);
}

/// Takes what is due, as far as there is room; then how long to nap.
std::chrono::milliseconds take_due(const ImplPtr& impl, std::vector<Notice>& due) {
  const base::TimePoint now = impl->world.now();
  const std::lock_guard lock{impl->mutex};
  std::chrono::milliseconds nap = kLongestNap;
  for (auto notice = impl->waiting.begin(); notice != impl->waiting.end();) {
    if (notice->due > now) {
      nap = std::min(nap, std::chrono::ceil<std::chrono::milliseconds>(notice->due - now));
      ++notice;
      continue;
    }
    if (impl->in_flight + due.size() >= kCallbacksInFlightMax) return kBusyNap;
    due.push_back(std::move(*notice));
    notice = impl->waiting.erase(notice);
  }
  return nap;
}

base::Task<void> pump(ImplPtr impl) {
  asio::steady_timer timer{*impl->context};
  impl->nap = &timer;
  for (;;) {
    std::vector<Notice> due;
    const std::chrono::milliseconds nap = take_due(impl, due);
    impl->in_flight += due.size();
    for (Notice& notice : due) net::spawn(*impl->context, deliver(impl, std::move(notice)), "simulator_callback");
    timer.expires_after(nap);
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

void poke(const ImplPtr& impl) {
  if (impl->context == nullptr) return;
  asio::post(*impl->context, [impl] {
    if (impl->nap != nullptr) impl->nap->cancel();
  });
}

}  // namespace

Callbacks::Callbacks(World& world, Faults& faults, std::shared_ptr<ReloadingKeys> keys, net::HttpClient client, base::Rng& rng)
    : impl_(std::make_shared<Impl>(world, faults, std::move(keys), std::move(client), rng)) {}
Callbacks::~Callbacks() = default;

void Callbacks::start(asio::io_context& context) {
  impl_->context = &context;
  net::spawn(context, pump(impl_), "simulator_callbacks");
}

void Callbacks::announce(const Order& order) {
  Notice notice;
  notice.created_at = impl_->world.now();
  notice.due = notice.created_at;
  notice.id = base::ulid(notice.created_at, impl_->rng);
  notice.url = order.notify_url;
  notice.transaction = codec::dump_json(to_transaction(order, *impl_->keys->get()));
  {
    const std::lock_guard lock{impl_->mutex};
    if (impl_->waiting.size() >= kCallbacksMax) {
      ++impl_->counts.given_up;
      return;
    }
    impl_->waiting.push_back(std::move(notice));
  }
  poke(impl_);
}

void Callbacks::wake() { poke(impl_); }

Callbacks::Counts Callbacks::counts() const {
  const std::lock_guard lock{impl_->mutex};
  Counts counts = impl_->counts;
  counts.waiting = impl_->waiting.size();
  return counts;
}

}  // namespace pay::simulator
