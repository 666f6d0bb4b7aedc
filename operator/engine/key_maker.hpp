// RSA keys take a tenth of a second of processor time, which the loop must not be held up for: they are made beside it, and some before
// they are asked for.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include <boost/asio/thread_pool.hpp>

#include "common/crypto/rsa.hpp"
#include "operator/kube/loop.hpp"

namespace engine {

class KeyMaker {
 public:
  virtual ~KeyMaker() = default;
  /// `done` runs on the loop.
  virtual void rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) = 0;
};

/// One thread of its own, joined at the end.
class ThreadKeyMaker final : public KeyMaker {
 public:
  explicit ThreadKeyMaker(kube::Loop& loop) : loop_(loop) {}
  ~ThreadKeyMaker() override { pool_.join(); }
  void rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) override;

 private:
  kube::Loop& loop_;
  boost::asio::thread_pool pool_{1};
};

inline constexpr std::size_t kPairsReady = 2;   // what one new platform needs: its Secret then does not keep the rest waiting

/// Keeps pairs ready, in memory only, and makes the next one when one is taken; one at a time. All on the loop.
class KeyPool final : public KeyMaker {
 public:
  KeyPool(kube::Loop& loop, KeyMaker& source) : loop_(loop), source_(source) {}
  /// Begins to fill it.
  void start() { serve(); }
  void rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) override;

 private:
  void serve();
  void made(base::Result<crypto::RsaKeyPair> pair);

  kube::Loop& loop_;
  KeyMaker& source_;
  std::deque<crypto::RsaKeyPair> ready_;
  std::deque<std::function<void(base::Result<crypto::RsaKeyPair>)>> waiting_;
  bool making_ = false;
  kube::Lifetime lifetime_;
};

}  // namespace engine
