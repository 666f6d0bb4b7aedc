// RSA keys take a tenth of a second of processor time, which the loop must not be held up for: they are made beside it.
#pragma once

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

}  // namespace engine
