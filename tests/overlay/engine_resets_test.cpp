// What a reset leaves behind, at any byte of a handshake and by every flow.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/overlay/engine_lab.hpp"
#include "tests/overlay/relations/keeper.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;

/// Two engines, of which one is about to dial the other by some flow.
class Meeting {
 public:
  explicit Meeting(Flow flow) : flow_(flow) {
    if (flow == Flow::reconnect) become_related();
    before_ = {openings(listener), openings(dialer)};
  }

  void begin() {
    switch (flow_) {
      case Flow::ticket:
        EXPECT_TRUE(dialer.redeem(*TicketToken::decode(ticket_.raw()), listener));
        break;
      case Flow::reconnect:
        EXPECT_TRUE(dialer.node.engine->connect(dialer.redeemed.at(0).relationship, lab.now));
        break;
      default:
        dialer.node.engine->join({listener.node.endpoint, listener.node.engine->id(), flow_},
                                 lab.now);
    }
  }

  /// Once more, after a reset: who enters comes back by itself.
  void begin_again() {
    before_ = {openings(listener), openings(dialer)};
    if (flow_ == Flow::ticket && listener.spendings > 0) ticket_ = listener.issue();
    if (flow_ == Flow::ticket || flow_ == Flow::reconnect) begin();
  }

  [[nodiscard]] bool has_opened(const Keeper& side) const {
    return openings(side) > before_[&side == &dialer];
  }
  [[nodiscard]] bool is_open() const { return has_opened(listener) && has_opened(dialer); }

  EngineLab lab;
  Keeper listener{lab, lab.add(1)};
  Keeper dialer{lab, lab.add(2, [this](EngineConfig& config) {
                  const ByteView token = listener.node.engine->node_token();
                  config.known_tokens = {Bytes(token.begin(), token.end())};
                })};

 private:
  void become_related() {
    ASSERT_TRUE(dialer.redeem(*TicketToken::decode(ticket_.raw()), listener));
    // Whoever was dialed closes what is idle.
    lab.pass(70s);
    ASSERT_EQ(lab.wires_between(dialer.node, listener.node), 0U);
  }

  /// How many sessions it has taken for those of the other.
  [[nodiscard]] std::size_t openings(const Keeper& side) const {
    if (flow_ == Flow::reconnect) return side.reached.size();
    if (flow_ != Flow::ticket) return side.node.joined.size();
    return &side == &dialer ? side.redeemed.size() : side.spendings;
  }

  Flow flow_;
  TicketToken ticket_ = listener.issue();
  std::array<std::size_t, 2> before_{};
};

class EngineResets : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] Flow flow() const { return static_cast<Flow>(*GetParam()); }

  /// What goes to the dialer, and to the listener, until both hold the session for open.
  [[nodiscard]] std::array<Bytes, 2> streams() const {
    Meeting meeting(flow());
    std::array<Bytes, 2> streams;
    meeting.lab.reset_after = [&](bool to_listener, ByteView bytes) {
      if (!meeting.is_open()) append(streams[to_listener], bytes);
      return std::nullopt;
    };
    meeting.begin();
    meeting.lab.pass(1s);
    EXPECT_TRUE(meeting.is_open());
    return streams;
  }

  /// Resets the connection once so many bytes have arrived in one direction.
  static void meet(Meeting& meeting, bool to_listener, std::size_t bytes) {
    std::optional<std::size_t> left = bytes;
    meeting.lab.reset_after = [&](bool forth, ByteView arriving) -> std::optional<std::size_t> {
      if (!left || forth != to_listener) return std::nullopt;
      if (arriving.size() > *left) return std::exchange(left, std::nullopt);
      *left -= arriving.size();
      return std::nullopt;
    };
    meeting.begin();
    // Nothing that is dialed now comes about within a millisecond.
    for (int waited = 0; left && waited < 1000; ++waited) meeting.lab.pass(1ms);
    ASSERT_FALSE(left);
    meeting.lab.reset_after = {};
  }

  static void expect_nothing_left(Meeting& meeting) {
    EXPECT_EQ(meeting.lab.wires_between(meeting.dialer.node, meeting.listener.node), 0U);
    for (const Keeper* side : {&meeting.dialer, &meeting.listener}) {
      const Status status = side->node.engine->status();
      EXPECT_EQ(status.sessions, 0U);
      EXPECT_EQ(status.half_open, 0U);
      EXPECT_EQ(side->node.joined.size(), side->node.lost.size());
      side->node.engine->sanity_check();
    }
  }

  static void expect_to_come_back(Meeting& meeting) {
    meeting.begin_again();
    meeting.lab.pass(5s);
    EXPECT_TRUE(meeting.is_open());
    EXPECT_EQ(meeting.lab.wires_between(meeting.dialer.node, meeting.listener.node), 1U);
  }
};

INSTANTIATE_TEST_SUITE_P(Flows, EngineResets, testing::Values("S", "C", "O", "H", "I", "N"),
                         [](const auto& flow) { return std::string(flow.param); });

TEST_P(EngineResets, AtAnyByteOpenNothingAndKeepNobodyFromComingBack) {
  const std::array<Bytes, 2> whole = streams();
  for (const bool to_listener : {true, false}) {
    std::set<std::size_t> ends;
    for (const Bytes& frame : test::frames_of(whole[to_listener]))
      ends.insert(frame.size() + (ends.empty() ? 0 : *ends.rbegin()));
    std::array<bool, 2> opened{};
    for (std::size_t bytes = 0; bytes < whole[to_listener].size(); ++bytes) {
      // Sanitized code is several times slower.
      if (KITH_SANITIZED && bytes % 7 != 0 && !ends.contains(bytes)) continue;
      SCOPED_TRACE((to_listener ? "to the listener: " : "to the dialer: ") + std::to_string(bytes));
      Meeting meeting(flow());
      meet(meeting, to_listener, bytes);
      expect_nothing_left(meeting);
      // A side holds the session for open from the end of some frame on, and not before.
      const std::array<bool, 2> now{meeting.has_opened(meeting.listener),
                                    meeting.has_opened(meeting.dialer)};
      EXPECT_GE(now, opened);
      EXPECT_TRUE(now == opened || ends.contains(bytes));
      opened = now;
      expect_to_come_back(meeting);
      if (HasFailure()) return;
    }
    EXPECT_FALSE(opened[0] && opened[1]);
  }
}

}  // namespace
}  // namespace kith::overlay
