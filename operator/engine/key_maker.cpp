#include "operator/engine/key_maker.hpp"

#include <boost/asio/post.hpp>

namespace engine {

void ThreadKeyMaker::rsa(std::function<void(base::Result<crypto::RsaKeyPair>)> done) {
  boost::asio::post(pool_, [this, done = std::move(done)] { loop_.post([done, pair = crypto::generate_rsa()] { done(pair); }); });
}

}  // namespace engine
