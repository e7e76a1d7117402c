// Multiplications of the key exchange that fail, as libsodium's do whose result is all zeros.

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/overlay/session/party.hpp"

namespace kith::overlay::test {
namespace {

/// X25519 of which one multiplication fails.
class OnceFailingDh final : public crypto::DiffieHellman {
 public:
  explicit OnceFailingDh(int which) : left_(which) {}

  crypto::DhPublicKey public_key(const crypto::DhSecretKey& secret) const override {
    return crypto::x25519().public_key(secret);
  }
  Result<crypto::SharedSecret> agree(const crypto::DhSecretKey& ours,
                                     const crypto::DhPublicKey& theirs) const override {
    if (left_-- == 0) return std::unexpected(Errc::bad_key);
    return crypto::x25519().agree(ours, theirs);
  }
  [[nodiscard]] bool has_failed() const { return left_ < 0; }

 private:
  mutable int left_;
};

class SessionMultiplication : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] Flow flow() const { return static_cast<Flow>(*GetParam()); }

  /// Whether the `which`th multiplication of one side was made, and failed.
  bool fails_at(int which, bool at_dialer) {
    const OnceFailingDh dh(which);
    crypto::Primitives primitives = crypto::sodium_primitives();
    primitives.dh = &dh;
    TestNode dialing(1);
    TestNode listening(2);
    (at_dialer ? dialing : listening).local.primitives = &primitives;
    DialTarget target = listening.target(flow());
    target.first_message = Bytes(10, 'f');
    Pair pair(dialing, listening, target);
    pair.dialer.poll(pair.now);
    pair.run();
    if (!dh.has_failed()) {
      EXPECT_TRUE(pair.dialer.opened() && pair.responder.opened());
      return false;
    }
    pair.pass(std::chrono::seconds(61));
    EXPECT_FALSE(pair.responder.opened());
    // The dialer of H has done its part when it has sent F, of which the responder makes the third.
    const bool may_be_open = flow() == Flow::hidden && !at_dialer && which == 2;
    EXPECT_EQ(pair.dialer.opened(), may_be_open);
    EXPECT_TRUE(pair.dialer.closed && pair.responder.closed);
    EXPECT_TRUE(pair.dialer.messages.empty() && pair.responder.messages.empty());
    EXPECT_TRUE(pair.responder.spendings.empty());
    return true;
  }
};

INSTANTIATE_TEST_SUITE_P(Flows, SessionMultiplication,
                         testing::Values("S", "C", "O", "H", "I", "N"),
                         [](const auto& flow) { return std::string(flow.param); });

TEST_P(SessionMultiplication, ThatFailsOpensNothing) {
  for (const bool at_dialer : {true, false}) {
    SCOPED_TRACE(at_dialer ? "dialer" : "responder");
    int made = 0;
    while (fails_at(made, at_dialer)) {
      ASSERT_FALSE(HasFailure()) << "multiplication " << made;
      ++made;
    }
    EXPECT_GE(made, 1);
  }
}

}  // namespace
}  // namespace kith::overlay::test
