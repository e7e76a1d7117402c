#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/noise/handshake_pair.hpp"
#include "tests/support/for_each_seed.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::noise {
namespace {

using crypto::DhKeyPair;
using crypto::DhPublicKey;
using crypto::DhSecretKey;
using crypto::SharedSecret;
using test::HandshakePair;

/// X25519 whose every multiplication fails, as if libsodium had refused the result.
class FailingDh final : public crypto::DiffieHellman {
 public:
  DhPublicKey public_key(const DhSecretKey& secret) const override {
    return crypto::x25519().public_key(secret);
  }
  Result<SharedSecret> agree(const DhSecretKey&, const DhPublicKey&) const override {
    return std::unexpected(Errc::bad_key);
  }
};

/// An attacker's X25519: every ephemeral that it makes claims to be `point`.
class FalseEphemeral final : public crypto::DiffieHellman {
 public:
  explicit FalseEphemeral(const DhPublicKey& point) : point_(point) {}

  DhPublicKey public_key(const DhSecretKey&) const override { return point_; }
  Result<SharedSecret> agree(const DhSecretKey& ours, const DhPublicKey& theirs) const override {
    return crypto::x25519().agree(ours, theirs);
  }

 private:
  DhPublicKey point_;
};

/// The published points, and each again with the top bit set, which X25519 ignores.
std::vector<DhPublicKey> low_order_points() {
  std::vector<DhPublicKey> points;
  const boost::json::value file = test::read_vectors("crypto-kat.json");
  for (const auto& text : file.at("x25519_low_order").as_array()) {
    DhPublicKey point{};
    std::ranges::copy(from_hex(text.as_string().c_str()).value(), point.begin());
    points.push_back(point);
    point.back() ^= 0x80;
    points.push_back(point);
  }
  return points;
}

/// Whether `role` shows the key `kind` to its peer in `pattern`, beforehand or in a message.
bool shows(const Pattern& pattern, Role role, PatternToken kind) {
  const auto& before =
      role == Role::initiator ? pattern.initiator_before : pattern.responder_before;
  if (std::ranges::find(before, kind) != before.end()) return true;
  for (std::size_t i = role == Role::initiator ? 0 : 1; i < pattern.messages.size(); i += 2) {
    const auto& message = pattern.messages[i];
    if (std::ranges::find(message, kind) != message.end()) return true;
  }
  return false;
}

/// Runs a handshake in which `attacker` puts `point` in the place of its key `kind`.
void expect_refused(const Pattern& pattern, Role attacker, PatternToken kind,
                    const DhPublicKey& point) {
  const FalseEphemeral false_ephemeral(point);
  const bool initiator = attacker == Role::initiator;
  test::HandshakeChange change;
  if (kind == PatternToken::e) {
    (initiator ? change.initiator_dh : change.responder_dh) = &false_ephemeral;
  } else {
    (initiator ? change.initiator_static : change.responder_static) = point;
  }
  SeededRandom random(1);
  HandshakePair pair(pattern, random, change);
  EXPECT_EQ(pair.run(), std::unexpected(Errc::bad_key));
  EXPECT_TRUE((initiator ? pair.responder() : pair.initiator()).is_dead());
}

TEST(HandshakeUnderAttack, RefusesPointsOfLowOrderInEveryPlace) {
  const std::vector<DhPublicKey> points = low_order_points();
  ASSERT_EQ(points.size(), 14U);
  int places = 0;
  for (const Pattern& pattern : patterns()) {
    for (const Role attacker : {Role::initiator, Role::responder}) {
      for (const PatternToken kind : {PatternToken::e, PatternToken::s}) {
        if (!shows(pattern, attacker, kind)) continue;
        SCOPED_TRACE(std::string(pattern.name) + (attacker == Role::initiator ? " I " : " R ") +
                     (kind == PatternToken::e ? "e" : "s"));
        for (const DhPublicKey& point : points) expect_refused(pattern, attacker, kind, point);
        ++places;
      }
    }
  }
  // 35 ephemerals (the responder of N has none), 14 statics of initiators, 15 of responders.
  EXPECT_EQ(places, 35 + 14 + 15);
}

TEST(HandshakeUnderAttack, FailsWhenMultiplicationFails) {
  const FailingDh failing;
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    for (const bool at_initiator : {true, false}) {
      test::HandshakeChange change;
      (at_initiator ? change.initiator_dh : change.responder_dh) = &failing;
      SeededRandom random(1);
      HandshakePair pair(pattern, random, change);
      EXPECT_EQ(pair.run(), std::unexpected(Errc::bad_key));
      EXPECT_TRUE((at_initiator ? pair.initiator() : pair.responder()).is_dead());
    }
  }
}

TEST(HandshakeUnderAttack, LeavesTheOutputAsItWasWhenWritingFails) {
  const FailingDh failing;
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("NN"), random, {.responder_dh = &failing});
  ASSERT_TRUE(pair.exchange());
  Bytes out = {1, 2, 3};
  EXPECT_EQ(pair.responder().write_message(as_bytes("payload"), random, out),
            std::unexpected(Errc::bad_key));
  EXPECT_EQ(out, (Bytes{1, 2, 3}));
}

/// Exchanges messages, and passes message `index` through `change` on its way.
template <class Change>
Result<void> run_changed(HandshakePair& pair, std::size_t index, Change change) {
  for (std::size_t i = 0; !pair.initiator().is_finished() || !pair.responder().is_finished(); ++i) {
    HandshakeState& to = pair.reader();
    auto message = pair.write(as_bytes("payload"));
    if (!message) return std::unexpected(message.error());
    if (i == index) change(*message);
    if (auto read = to.read_message(*message); !read) return std::unexpected(read.error());
  }
  return {};
}

TEST(HandshakeUnderAttack, FailsWhenAnyByteOfAnyMessageIsChanged) {
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    for (std::size_t index = 0; index < pattern.messages.size(); ++index) {
      std::size_t length = 1;
      for (std::size_t at = 0; at < length; ++at) {
        SeededRandom random(at);
        HandshakePair pair(pattern, random);
        const auto result = run_changed(pair, index, [&](Bytes& message) {
          length = message.size();
          message[at] ^= static_cast<Byte>(1 << random.below(8));
        });
        // What a message carries in clear is covered by the tag of the next one.
        ASSERT_FALSE(result.has_value()) << "byte " << at << " of message " << index;
        ASSERT_TRUE(pair.initiator().is_dead() || pair.responder().is_dead());
      }
    }
  }
}

TEST(HandshakeUnderAttack, FailsWhenAMessageIsCutOrExtended) {
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    for (std::size_t index = 0; index < pattern.messages.size(); ++index) {
      SeededRandom random(1);
      HandshakePair cut(pattern, random);
      EXPECT_FALSE(run_changed(cut, index, [](Bytes& message) { message.pop_back(); }));
      HandshakePair extended(pattern, random);
      EXPECT_FALSE(run_changed(extended, index, [](Bytes& message) { message.push_back(0); }));
    }
  }
}

TEST(HandshakeUnderAttack, RefusesEveryLengthBelowTheLeast) {
  for (const Pattern& pattern : patterns()) {
    SeededRandom random(1);
    const std::size_t least = HandshakePair(pattern, random).initiator().message_bytes(0);
    for (std::size_t length = 0; length < least; ++length) {
      HandshakePair pair(pattern, random);
      EXPECT_EQ(pair.responder().read_message(Bytes(length, 9)), std::unexpected(Errc::truncated));
    }
    HandshakePair pair(pattern, random);
    EXPECT_EQ(pair.responder().read_message(Bytes(65536, 9)), std::unexpected(Errc::too_long));
  }
}

TEST(HandshakeUnderAttack, FailsBetweenDifferentPrologues) {
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    SeededRandom random(1);
    test::HandshakeChange change;
    change.initiator_prologue = {1};
    change.responder_prologue = {2};
    HandshakePair pair(pattern, random, change);
    EXPECT_EQ(pair.run(), std::unexpected(Errc::decrypt_failed));
  }
}

TEST(HandshakeUnderAttack, FailsBetweenDifferentPsks) {
  for (std::string_view name : {"NNpsk0", "XXpsk3", "IKpsk2", "KKpsk2"}) {
    SCOPED_TRACE(name);
    SeededRandom random(1);
    HandshakePair pair(*find_pattern(name), random, {.other_psk = true});
    EXPECT_EQ(pair.run(), std::unexpected(Errc::decrypt_failed));
  }
}

TEST(HandshakeUnderAttack, DoesNotGetFarWithAStaticKeyThatIsNotOnesOwn) {
  SeededRandom random(1);
  const DhPublicKey stolen = crypto::x25519().generate(random).public_key;
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    for (const Role attacker : {Role::initiator, Role::responder}) {
      if (!shows(pattern, attacker, PatternToken::s)) continue;
      test::HandshakeChange change;
      const bool initiator = attacker == Role::initiator;
      (initiator ? change.initiator_static : change.responder_static) = stolen;
      HandshakePair pair(pattern, random, change);
      EXPECT_EQ(pair.run(), std::unexpected(Errc::decrypt_failed));
    }
  }
}

TEST(HandshakeUnderAttack, DoesNotAcceptItsOwnMessagesBack) {
  for (const Pattern& pattern : patterns()) {
    if (pattern.is_one_way()) continue;
    SCOPED_TRACE(pattern.name);
    SeededRandom random(1);
    HandshakePair pair(pattern, random);
    const Bytes message = pair.write().value();
    auto read = pair.initiator().read_message(message);
    EXPECT_FALSE(read.has_value());
  }
}

TEST(HandshakeUnderAttack, DoesNotAcceptMessagesOfAnotherHandshake) {
  for (const Pattern& pattern : patterns()) {
    if (pattern.is_one_way()) continue;
    SCOPED_TRACE(pattern.name);
    SeededRandom random(1);
    HandshakePair one(pattern, random);
    HandshakePair other(pattern, random);
    ASSERT_TRUE(one.exchange() && other.exchange());
    const Bytes message = other.write().value();
    auto read = one.initiator().read_message(message);
    EXPECT_EQ(read, std::unexpected(Errc::decrypt_failed));
  }
}

}  // namespace
}  // namespace kith::noise
