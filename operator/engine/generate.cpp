#include "operator/engine/generate.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/codec/base64.hpp"

namespace engine {
namespace {

using controllers::Generate;
using controllers::Object;

constexpr std::uint32_t kGeneratedCharactersMax = 1024;   // the longest password any server here takes is far below

std::string random_text(std::string_view alphabet, std::uint32_t length, base::Rng& rng) {
  std::string text;
  const std::uint32_t bounded = std::min(length, kGeneratedCharactersMax);
  for (std::uint32_t i = 0; i < bounded; ++i) text += alphabet[rng.below(alphabet.size())];
  return text;
}

struct Filling {
  Object secret;
  std::vector<Generate::Recipe> recipes;
  std::size_t next = 0;
  base::Rng& rng;
  KeyMaker& keys;
  std::function<void(base::Result<Object>)> done;

  void put(const std::string& key, std::string_view value) { secret["data"][key] = codec::to_base64(value); }
};

// Takes one recipe after the other; an RSA pair continues from its callback.
void fill(const std::shared_ptr<Filling>& filling) {
  while (filling->next < filling->recipes.size()) {
    const Generate::Recipe& recipe = filling->recipes[filling->next++];
    if (const auto* password = std::get_if<Generate::Password>(&recipe)) {
      filling->put(password->key,
                   random_text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", password->length, filling->rng));
    } else if (const auto* id = std::get_if<Generate::HexId>(&recipe)) {
      filling->put(id->key, random_text("0123456789ABCDEF", id->digits, filling->rng));
    } else {
      const auto& names = std::get<Generate::RsaKeyPair>(recipe);
      filling->keys.rsa([filling, names](const base::Result<crypto::RsaKeyPair>& pair) {
        if (!pair) return filling->done(base::fail(pair.error()));
        filling->put(names.private_key, pair->private_pem.reveal());
        filling->put(names.public_key, pair->public_pem);
        fill(filling);
      });
      return;
    }
  }
  filling->done(std::move(filling->secret));
}

}  // namespace

void generate(const controllers::Generate& wanted, base::Rng& rng, KeyMaker& keys, std::function<void(base::Result<Object>)> done) {
  fill(std::make_shared<Filling>(Filling{wanted.object, wanted.recipes, 0, rng, keys, std::move(done)}));
}

}  // namespace engine
