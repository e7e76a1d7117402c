#include "core/noise/handshake_state.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "tests/core/noise/handshake_pair.hpp"
#include "tests/core/noise/scripted_random.hpp"
#include "tests/support/bytes_of.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::noise {
namespace {

using kith::test::bytes_of;
using test::HandshakePair;

static_assert(sizeof(HandshakeState) <= 512, "there may be hundreds at once");

const auto kProtocolError = std::unexpected(Errc::protocol_error);

/// Whether `bytes` stand anywhere in the memory of `object` itself.
bool holds(const HandshakeState& object, ByteView bytes) {
  std::array<Byte, sizeof(HandshakeState)> memory{};
  std::memcpy(memory.data(), static_cast<const void*>(&object), memory.size());
  return !std::ranges::search(memory, bytes).empty();
}

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](Byte byte) { return byte == 0; });
}

TEST(HandshakeState, CarriesPayloadsBothWaysInEveryPattern) {
  test::for_each_seed(3, [](Random& random) {
    for (const Pattern& pattern : patterns()) {
      SCOPED_TRACE(pattern.name);
      HandshakePair pair(pattern, random);
      while (!pair.initiator().is_finished()) {
        Bytes payload(random.below(300));
        random.fill(payload);
        EXPECT_EQ(pair.reader().message_bytes(payload.size()),
                  pair.writer().message_bytes(payload.size()));
        EXPECT_EQ(pair.exchange(payload), payload);
      }
      EXPECT_TRUE(pair.responder().is_finished());
      EXPECT_EQ(bytes_of(pair.initiator().handshake_hash()),
                bytes_of(pair.responder().handshake_hash()));
    }
  });
}

TEST(HandshakeState, SaysHowLongTheNextMessageIs) {
  SeededRandom random(1);
  const auto lengths = [&](std::string_view name) {
    HandshakePair pair(*find_pattern(name), random);
    std::vector<std::size_t> all;
    while (!pair.initiator().is_finished()) {
      all.push_back(pair.writer().message_bytes(0));
      EXPECT_TRUE(pair.exchange().has_value());
    }
    return all;
  };
  using Lengths = std::vector<std::size_t>;
  EXPECT_EQ(lengths("NN"), (Lengths{32, 48}));
  EXPECT_EQ(lengths("XX"), (Lengths{32, 96, 64}));
  EXPECT_EQ(lengths("IX"), (Lengths{64, 96}));
  EXPECT_EQ(lengths("IK"), (Lengths{96, 48}));
  EXPECT_EQ(lengths("NNpsk0"), (Lengths{48, 48}));
}

TEST(HandshakeState, LearnsThePeersStaticKeyWhenItIsSent) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("XX"), random);
  EXPECT_EQ(pair.initiator().remote_static(), std::nullopt);
  ASSERT_TRUE(pair.exchange() && pair.exchange());
  EXPECT_EQ(pair.initiator().remote_static(), pair.responder_static().public_key);
  EXPECT_EQ(pair.responder().remote_static(), std::nullopt);
  ASSERT_TRUE(pair.exchange());
  EXPECT_EQ(pair.responder().remote_static(), pair.initiator_static().public_key);
}

TEST(HandshakeState, SplitsByInitiatorWhoeverWroteLast) {
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    SeededRandom random(1);
    HandshakePair pair(pattern, random);
    ASSERT_TRUE(pair.run());
    Transport initiator = pair.initiator().split();
    Transport responder = pair.responder().split();
    Bytes forward(16), backward(16);
    ASSERT_TRUE(initiator.initiator_to_responder.encrypt({}, {}, forward));
    EXPECT_TRUE(responder.initiator_to_responder.decrypt({}, forward, {}));
    EXPECT_EQ(initiator.responder_to_initiator.has_value(), !pattern.is_one_way());
    if (pattern.is_one_way()) continue;
    ASSERT_TRUE(responder.responder_to_initiator->encrypt({}, {}, backward));
    EXPECT_TRUE(initiator.responder_to_initiator->decrypt({}, backward, {}));
    EXPECT_NE(forward, backward);
  }
}

TEST(HandshakeState, KeepsItsHashAfterTheSplit) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("NN"), random);
  ASSERT_TRUE(pair.run());
  const Bytes before = bytes_of(pair.initiator().handshake_hash());
  EXPECT_FALSE(is_zero(before));
  static_cast<void>(pair.initiator().split());
  EXPECT_EQ(bytes_of(pair.initiator().handshake_hash()), before);
  EXPECT_TRUE(pair.initiator().is_finished());
}

TEST(HandshakeState, DrawsAFreshEphemeralEachTime) {
  SeededRandom random(1);
  HandshakePair one(*find_pattern("NN"), random);
  HandshakePair two(*find_pattern("NN"), random);
  EXPECT_NE(one.write().value(), two.write().value());
}

TEST(HandshakeState, WritesTheSameBytesForTheSameSeed) {
  const auto first_message = [] {
    SeededRandom random(7);
    return HandshakePair(*find_pattern("IK"), random).write(as_bytes("payload")).value();
  };
  EXPECT_EQ(first_message(), first_message());
}

TEST(HandshakeState, AppendsItsMessage) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("NN"), random);
  Bytes out = {1, 2, 3};
  ASSERT_TRUE(pair.initiator().write_message({}, random, out));
  EXPECT_EQ(out.size(), 35U);
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 3), (Bytes{1, 2, 3}));
  EXPECT_TRUE(pair.responder().read_message(ByteView(out).subspan(3)).has_value());
}

TEST(HandshakeState, DiesWhenItReadsOutOfTurn) {
  for (const Pattern& pattern : patterns()) {
    SeededRandom random(1);
    HandshakePair pair(pattern, random);
    EXPECT_EQ(pair.initiator().read_message(Bytes(500)), kProtocolError);
    EXPECT_TRUE(pair.initiator().is_dead());
  }
}

TEST(HandshakeState, DiesWhenItWritesOutOfTurn) {
  for (const Pattern& pattern : patterns()) {
    SeededRandom random(1);
    HandshakePair pair(pattern, random);
    Bytes out;
    EXPECT_EQ(pair.responder().write_message({}, random, out), kProtocolError);
    EXPECT_TRUE(pair.responder().is_dead());
    EXPECT_TRUE(out.empty());
  }
}

TEST(HandshakeState, DiesWhenItWritesOrReadsTwice) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("XX"), random);
  Bytes message, again;
  ASSERT_TRUE(pair.initiator().write_message({}, random, message));
  EXPECT_EQ(pair.initiator().write_message({}, random, again), kProtocolError);
  ASSERT_TRUE(pair.responder().read_message(message));
  EXPECT_EQ(pair.responder().read_message(message), kProtocolError);
  EXPECT_TRUE(pair.initiator().is_dead() && pair.responder().is_dead());
}

TEST(HandshakeState, TakesNothingAfterTheLastMessage) {
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    SeededRandom random(1);
    HandshakePair pair(pattern, random);
    ASSERT_TRUE(pair.run());
    EXPECT_FALSE(pair.initiator().is_our_turn() || pair.responder().is_our_turn());
    Bytes out;
    EXPECT_EQ(pair.initiator().write_message({}, random, out), kProtocolError);
    EXPECT_EQ(pair.responder().read_message(Bytes(100)), kProtocolError);
    EXPECT_TRUE(pair.initiator().is_dead() && pair.responder().is_dead());
  }
}

TEST(HandshakeState, TakesNothingAfterTheSplit) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("NN"), random);
  ASSERT_TRUE(pair.run());
  static_cast<void>(pair.initiator().split());
  Bytes out;
  EXPECT_EQ(pair.initiator().write_message({}, random, out), kProtocolError);
}

TEST(HandshakeState, StaysDeadAfterAFailure) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("IK"), random);
  Bytes message = pair.write(as_bytes("payload")).value();
  message.back() ^= 1;
  EXPECT_EQ(pair.responder().read_message(message), std::unexpected(Errc::decrypt_failed));
  message.back() ^= 1;
  EXPECT_EQ(pair.responder().read_message(message), kProtocolError);
  Bytes out;
  EXPECT_EQ(pair.responder().write_message({}, random, out), kProtocolError);
  EXPECT_TRUE(pair.responder().is_dead());
  EXPECT_FALSE(pair.responder().is_finished());
}

TEST(HandshakeState, ForgetsEverythingWhenItFails) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("XX"), random);
  ASSERT_TRUE(pair.exchange() && pair.exchange());
  ASSERT_TRUE(pair.initiator().remote_static().has_value());
  ASSERT_FALSE(is_zero(pair.initiator().handshake_hash()));
  ASSERT_EQ(pair.initiator().read_message({}), kProtocolError);
  EXPECT_EQ(pair.initiator().remote_static(), std::nullopt);
  EXPECT_TRUE(is_zero(pair.initiator().handshake_hash()));
}

TEST(HandshakeState, KeepsItsEphemeralOnlyAsLongAsItRuns) {
  const auto ephemeral_of_initiator = Bytes(32, 0x5a);
  for (const bool fails : {true, false}) {
    SeededRandom random(1);
    HandshakePair pair(*find_pattern("NN"), random);
    test::ScriptedRandom scripted;
    scripted.script(ephemeral_of_initiator);
    Bytes message, answer;
    ASSERT_TRUE(pair.initiator().write_message({}, scripted, message));
    ASSERT_TRUE(holds(pair.initiator(), ephemeral_of_initiator));
    ASSERT_TRUE(pair.responder().read_message(message));
    ASSERT_TRUE(pair.responder().write_message({}, random, answer));
    if (fails) answer.back() ^= 1;
    EXPECT_EQ(pair.initiator().read_message(answer).has_value(), !fails);
    EXPECT_FALSE(holds(pair.initiator(), ephemeral_of_initiator));
  }
}

TEST(HandshakeState, WritesMessagesOf65535BytesAndNoLonger) {
  SeededRandom random(1);
  for (const Pattern& pattern : patterns()) {
    SCOPED_TRACE(pattern.name);
    HandshakePair fits(pattern, random);
    const std::size_t most = kMaxMessageBytes - fits.initiator().message_bytes(0);
    EXPECT_EQ(fits.exchange(Bytes(most, 1)), Bytes(most, 1));
    HandshakePair too_long(pattern, random);
    Bytes out = {1};
    EXPECT_EQ(too_long.initiator().write_message(Bytes(most + 1), random, out),
              std::unexpected(Errc::too_long));
    EXPECT_EQ(out, Bytes{1});
    EXPECT_TRUE(too_long.initiator().is_dead());
  }
}

using HandshakeStateDeathTest = testing::Test;

TEST(HandshakeStateDeathTest, WantsTheKeysOfItsPatternBeforehand) {
  const auto construct = [](HandshakeState::Config config) {
    const HandshakeState state(crypto::sodium_primitives(), std::move(config));
  };
  SeededRandom random(1);
  const crypto::DhKeyPair key = crypto::x25519().generate(random);
  const auto remote = key.public_key;
  EXPECT_DEATH(construct({.pattern = find_pattern("XX")}), "static_key");
  EXPECT_DEATH(construct({.pattern = find_pattern("IK"), .static_key = &key}), "remote_static");
  EXPECT_DEATH(construct({.pattern = find_pattern("KK"), .remote_static = remote}), "static_key");
  EXPECT_DEATH(construct({.pattern = find_pattern("NNpsk0")}), "psk");
  EXPECT_DEATH(construct({.pattern = find_pattern("NN"), .remote_static = remote}),
               "remote_static");
  construct({.pattern = find_pattern("NN")});
}

TEST(HandshakeStateDeathTest, SplitsOnceAndOnlyAtTheEnd) {
  SeededRandom random(1);
  HandshakePair pair(*find_pattern("NN"), random);
  EXPECT_DEATH(static_cast<void>(pair.initiator().split()), "finished");
  ASSERT_TRUE(pair.run());
  static_cast<void>(pair.initiator().split());
  EXPECT_DEATH(static_cast<void>(pair.initiator().split()), "finished");
}

}  // namespace
}  // namespace kith::noise
