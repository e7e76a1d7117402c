// Every bit of everything that is said until a session is open on both sides, flipped once.

#include <string>

#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"

namespace kith::overlay::test {
namespace {

/// What passes as one piece of a flow, and who is open when it does not arrive as it was said.
struct FlippedPiece {
  Flow flow;
  /// In the order in which they pass, both ways.
  int number;
  /// The dialer of H has done its part when it has sent F, and the responder of S when it has sent
  /// its proof; what they learn then is the end.
  bool opens_dialer = false;
  bool opens_responder = false;
};

class FlippedBits : public testing::TestWithParam<FlippedPiece> {};

INSTANTIATE_TEST_SUITE_P(
    Pieces, FlippedBits,
    testing::Values(FlippedPiece{Flow::sealed, 0}, FlippedPiece{Flow::sealed, 1},
                    FlippedPiece{Flow::sealed, 2}, FlippedPiece{Flow::sealed, 3, false, true},
                    FlippedPiece{Flow::connection, 0}, FlippedPiece{Flow::connection, 1},
                    FlippedPiece{Flow::connection, 2, true}, FlippedPiece{Flow::open, 0},
                    FlippedPiece{Flow::open, 1}, FlippedPiece{Flow::open, 2, true},
                    FlippedPiece{Flow::hidden, 0}, FlippedPiece{Flow::hidden, 1},
                    FlippedPiece{Flow::hidden, 2, true}, FlippedPiece{Flow::ticket, 0},
                    FlippedPiece{Flow::ticket, 1}, FlippedPiece{Flow::ticket, 2, true},
                    FlippedPiece{Flow::reconnect, 0}, FlippedPiece{Flow::reconnect, 1},
                    FlippedPiece{Flow::reconnect, 2, true}),
    [](const auto& piece) {
      return static_cast<char>(piece.param.flow) + std::to_string(piece.param.number);
    });

TEST_P(FlippedBits, OpenNothing) {
  TestNode dialing(1);
  TestNode listening(2);
  const DialTarget target = listening.target(GetParam().flow);
  std::size_t bits = 1;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    Pair pair(dialing, listening, target);
    int seen = 0;
    pair.wire = [&](bool, Bytes& bytes) {
      if (seen++ != GetParam().number) return;
      bits = bytes.size() * 8;
      bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ 1U << bit % 8);
    };
    pair.run();
    ASSERT_GT(seen, GetParam().number);
    pair.pass(std::chrono::seconds(61));
    ASSERT_EQ(pair.responder.opened(), GetParam().opens_responder) << bit;
    ASSERT_EQ(pair.dialer.opened(), GetParam().opens_dialer) << bit;
    ASSERT_TRUE(pair.dialer.messages.empty() && pair.responder.messages.empty()) << bit;
    ASSERT_TRUE(pair.responder.spendings.empty()) << bit;
    ASSERT_TRUE(pair.dialer.closed && pair.responder.closed) << bit;
  }
}

}  // namespace
}  // namespace kith::overlay::test
