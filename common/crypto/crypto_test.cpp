#include <gtest/gtest.h>

#include "common/codec/base64.hpp"
#include "common/codec/hex.hpp"
#include "common/crypto/aead.hpp"
#include "common/crypto/digest.hpp"
#include "common/crypto/rsa.hpp"

namespace crypto {
namespace {

std::string unhex(std::string_view text) { return codec::from_hex(text).value(); }

TEST(Digest, MatchesFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hmac, MatchesRfc4231) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // Test case 6: a key longer than a block.
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, ConstantTimeEqualityTellsLengthAndContent) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
}

// The GCM specification's test case 16: 256-bit key, 96-bit nonce, associated data.
constexpr const char* kKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
constexpr const char* kNonce = "cafebabefacedbaddecaf888";
constexpr const char* kAad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr const char* kPlain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
constexpr const char* kSealed =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b";

TEST(Aead, SealsAsTheGcmSpecification) {
  EXPECT_EQ(codec::to_hex(seal(base::Secret{unhex(kKey)}, unhex(kNonce), unhex(kAad), unhex(kPlain)).value()), kSealed);
  EXPECT_EQ(open(base::Secret{unhex(kKey)}, unhex(kNonce), unhex(kAad), unhex(kSealed)).value(), unhex(kPlain));
}

TEST(Aead, RefusesAnyChangedBit) {
  const std::string sealed = unhex(kSealed);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto opened = open(base::Secret{unhex(kKey)}, unhex(kNonce), unhex(kAad), changed);
    ASSERT_FALSE(opened.has_value()) << "bit " << bit;
    EXPECT_EQ(opened.error().code, base::Code::Unauthenticated);
  }
  EXPECT_FALSE(open(base::Secret{unhex(kKey)}, unhex(kNonce), "other", sealed).has_value());
}

TEST(Aead, RefusesWrongSizes) {
  EXPECT_EQ(open(base::Secret{"short"}, unhex(kNonce), "", unhex(kSealed)).error().code, base::Code::InvalidArgument);
  EXPECT_EQ(open(base::Secret{unhex(kKey)}, "short", "", unhex(kSealed)).error().field, "nonce");
  EXPECT_EQ(open(base::Secret{unhex(kKey)}, unhex(kNonce), "", "tiny").error().code, base::Code::Unauthenticated);
}

TEST(Aead, EmptyTextRoundTrips) {
  const auto sealed = seal(base::Secret{unhex(kKey)}, unhex(kNonce), "", "");
  ASSERT_TRUE(sealed.has_value());
  EXPECT_EQ(sealed->size(), kAeadTagBytes);
  EXPECT_EQ(open(base::Secret{unhex(kKey)}, unhex(kNonce), "", *sealed).value(), "");
}

class Rsa : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { pair_ = new RsaKeyPair(generate_rsa().value()); }
  static void TearDownTestSuite() {
    delete pair_;
    pair_ = nullptr;
  }
  static RsaKeyPair* pair_;
};
RsaKeyPair* Rsa::pair_ = nullptr;

TEST_F(Rsa, GeneratedPairIsPkcs8AndSpkiAndSigns) {
  EXPECT_EQ(pair_->private_pem.reveal().substr(0, 28), "-----BEGIN PRIVATE KEY-----\n");
  EXPECT_EQ(pair_->public_pem.substr(0, 27), "-----BEGIN PUBLIC KEY-----\n");
  const auto key = RsaPrivateKey::from_pem(pair_->private_pem);
  const auto verifier = RsaPublicKey::from_pem(pair_->public_pem);
  ASSERT_TRUE(key.has_value() && verifier.has_value());
  const std::string signature = key->sign_sha256("message").value();
  EXPECT_EQ(signature.size(), 256U);
  EXPECT_TRUE(verifier->verify_sha256("message", signature));
  EXPECT_FALSE(verifier->verify_sha256("massage", signature));
  EXPECT_FALSE(verifier->verify_sha256("message", ""));
  std::string changed = signature;
  changed[0] = static_cast<char>(changed[0] ^ 1);
  EXPECT_FALSE(verifier->verify_sha256("message", changed));
  EXPECT_EQ(key->public_pem().value(), pair_->public_pem);
  // PKCS#1 v1.5 has no salt: the same message gives the same bytes.
  EXPECT_EQ(key->sign_sha256("message").value(), signature);
}

TEST_F(Rsa, AnotherKeysSignatureIsRefused) {
  const auto other = generate_rsa().value();
  const std::string signature = RsaPrivateKey::from_pem(other.private_pem)->sign_sha256("message").value();
  EXPECT_FALSE(RsaPublicKey::from_pem(pair_->public_pem)->verify_sha256("message", signature));
}

// RSASSA-PKCS1-v1_5 with SHA-256 by a third party (openssl dgst -sha256 -sign), so that we do not only agree with ourselves.
TEST(RsaVector, VerifiesAndMakesAForeignSignature) {
#include "common/crypto/rsa_vector.inc"
  EXPECT_TRUE(RsaPublicKey::from_pem(kPublicPem)->verify_sha256(kMessage, codec::from_base64(kSignature).value()));
  const auto key = RsaPrivateKey::from_pem(base::Secret{kPrivatePem});
  ASSERT_TRUE(key.has_value()) << key.error().message;
  EXPECT_EQ(codec::to_base64(key->sign_sha256(kMessage).value()), kSignature);
}

TEST(RsaKeys, WhatIsNoKeyIsRefusedWithoutQuotingIt) {
  for (const char* text : {"", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    const auto key = RsaPrivateKey::from_pem(base::Secret{text});
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().message.find("AAAA"), std::string::npos);
    EXPECT_FALSE(RsaPublicKey::from_pem(text).has_value());
  }
}

}  // namespace
}  // namespace crypto
