#include "operator/engine/key_maker.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "common/obs/log.hpp"

namespace engine {

void ThreadKeyMaker::rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) {
  boost::asio::post(pool_, [this, done = std::move(done)] { loop_.post([done, pair = crypto::generate_rsa()] { done(pair); }); });
}

void KeyPool::rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) {
  waiting_.push_back(std::move(done));
  serve();
}

void KeyPool::serve() {
  while (!waiting_.empty() && !ready_.empty()) {
    loop_.post([done = std::move(waiting_.front()), pair = std::move(ready_.front())] { done(pair); });
    waiting_.pop_front();
    ready_.pop_front();
  }
  if (making_ || (waiting_.empty() && ready_.size() >= kPairsReady)) return;
  making_ = true;
  source_.rsa(lifetime_.wrap([this](base::Result<crypto::RsaKeyPair> pair) { made(std::move(pair)); }));
}

void KeyPool::made(base::Result<crypto::RsaKeyPair> pair) {
  making_ = false;
  if (pair) {
    ready_.push_back(std::move(*pair));
  } else if (waiting_.empty()) {
    // Nobody waits for it: the next one who asks has it tried again, and hears of it.
    obs::warn("no key could be made ahead", {{"error", base::describe(pair.error())}});
    return;
  } else {
    loop_.post([done = std::move(waiting_.front()), error = pair.error()] { done(base::fail(error)); });
    waiting_.pop_front();
  }
  serve();
}

}  // namespace engine
