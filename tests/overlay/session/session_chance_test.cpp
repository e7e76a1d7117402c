// What chance makes of the stream between two sessions, by every flow.

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using kith::test::for_each_seed;

constexpr const char* kFlows[] = {"S", "C", "O", "H", "I", "N"};

class SessionChance : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] Flow flow() const { return static_cast<Flow>(*GetParam()); }

  /// Dialed with a first message, so that the listener has something to take.
  Pair pair() {
    DialTarget target = listening.target(flow());
    target.first_message = Bytes(10, 'f');
    return {dialing, listening, target};
  }

  TestNode dialing{1};
  TestNode listening{2};
};

INSTANTIATE_TEST_SUITE_P(Flows, SessionChance, testing::ValuesIn(kFlows),
                         [](const auto& flow) { return std::string(flow.param); });

/// Carries `bytes` in pieces of any sizes, none of them empty.
void carry_in_pieces(Random& random, ByteView bytes, Party& to, Instant now) {
  while (!bytes.empty()) {
    const std::size_t piece = 1 + random.below(std::min<std::size_t>(bytes.size(), 700));
    to.hear(bytes.first(piece), now);
    bytes = bytes.subspan(piece);
  }
}

/// What each said, by the order in which it passed: (to the responder?, bytes).
struct Passed {
  bool to_responder;
  Bytes bytes;
};

std::vector<Passed> record(Pair& pair) {
  std::vector<Passed> passed;
  pair.wire = [&](bool to_responder, Bytes& bytes) { passed.push_back({to_responder, bytes}); };
  pair.run();
  pair.wire = {};
  return passed;
}

TEST_P(SessionChance, CutsOfTheStreamChangeNothing) {
  for_each_seed(50, [&](Random& random) {
    Pair between = pair();
    std::vector<Bytes> to_responder{Bytes(10, 'f')};
    std::vector<Bytes> to_dialer;
    const auto talk = [&] {
      for (int round = 0; round < 20; ++round) {
        carry_in_pieces(random, between.dialer.say(between.now), between.responder, between.now);
        carry_in_pieces(random, between.responder.say(between.now), between.dialer, between.now);
      }
    };
    talk();
    ASSERT_TRUE(between.dialer.opened() && between.responder.opened());
    // Several records wait behind each other, and come in one read or in many.
    for (std::uint64_t count = 1 + random.below(20); count > 0; --count) {
      const bool forth = random.below(2) == 0;
      std::vector<Bytes>& expected = forth ? to_responder : to_dialer;
      expected.emplace_back(random.below(3000), static_cast<Byte>(count));
      Party& sender = forth ? between.dialer : between.responder;
      ASSERT_TRUE(sender.session.send({expected.back()}));
      if (random.below(3) == 0) talk();
    }
    talk();
    EXPECT_EQ(between.responder.messages, to_responder);
    EXPECT_EQ(between.dialer.messages, to_dialer);
    EXPECT_FALSE(between.dialer.closed || between.responder.closed);
  });
}

TEST_P(SessionChance, PiecesOfOtherSessionsOpenNothing) {
  for_each_seed(100, [&](Random& random) {
    // Another session of the same two nodes, by this flow or another.
    DialTarget other =
        listening.target(static_cast<Flow>(*kFlows[random.below(std::size(kFlows))]));
    other.first_message = Bytes(10, 'o');
    Pair elsewhere(dialing, listening, other);
    const std::vector<Passed> pieces = record(elsewhere);
    // One of the first three pieces is exchanged for one that went the same way, or came back.
    const std::uint64_t exchanged = random.below(3);
    std::uint64_t passing = 0;
    Pair between = pair();
    between.wire = [&](bool, Bytes& bytes) {
      if (passing++ == exchanged) bytes = pieces[random.below(pieces.size())].bytes;
    };
    between.run();
    between.pass(std::chrono::seconds(61));
    ASSERT_GT(passing, exchanged);
    EXPECT_FALSE(between.responder.opened());
    EXPECT_TRUE(between.responder.messages.empty() && between.dialer.messages.empty());
    EXPECT_TRUE(between.responder.spendings.empty());
    EXPECT_TRUE(between.dialer.closed && between.responder.closed);
  });
}

TEST_P(SessionChance, EndsAndResetsAtAnyByteLeaveNobodyWaiting) {
  Pair whole = pair();
  std::size_t bytes_to[2] = {};
  for (const Passed& passed : record(whole)) bytes_to[passed.to_responder] += passed.bytes.size();
  for (const bool to_responder : {true, false}) {
    for (std::size_t cut = 0; cut < bytes_to[to_responder]; ++cut) {
      Pair between = pair();
      std::size_t left = cut;
      between.wire = [&](bool forth, Bytes& bytes) {
        if (forth != to_responder) return;
        bytes.resize(std::min(bytes.size(), left));
        left -= bytes.size();
      };
      between.run();
      // Half of the connection is shut down; a reset is the end of both halves.
      Party& hearing = to_responder ? between.responder : between.dialer;
      hearing.hear_end(between.now);
      ASSERT_TRUE(hearing.closed) << cut;
      ASSERT_NE(hearing.closed->why, Errc::closed) << cut;
      between.run();
      between.pass(std::chrono::seconds(61));
      ASSERT_TRUE(between.dialer.closed && between.responder.closed) << cut;
      ASSERT_TRUE(between.responder.messages.empty() && between.dialer.messages.empty()) << cut;
    }
  }
}

}  // namespace
}  // namespace kith::overlay::test
