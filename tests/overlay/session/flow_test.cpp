#include "overlay/session/flow.hpp"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

#include "core/noise/pattern.hpp"
#include "overlay/session/frame.hpp"

namespace kith::overlay {
namespace {

constexpr std::string_view kLetters = "SCOHIN";

TEST(FlowTable, KnowsEveryFlowByItsLetter) {
  for (char letter : kLetters) {
    const auto flow = static_cast<Flow>(letter);
    EXPECT_EQ(flow_rule(flow).flow, flow);
    EXPECT_EQ(find_flow(static_cast<Byte>(letter)), &flow_rule(flow));
    EXPECT_NE(noise::find_pattern(flow_rule(flow).pattern), nullptr);
  }
  EXPECT_EQ(find_flow('K'), &flow_rule(Flow::reconnect));
}

TEST(FlowTable, KnowsNoOtherLetter) {
  for (int letter = 0; letter < 256; ++letter) {
    const bool named = (std::string_view("SCOHINK").contains(static_cast<char>(letter)));
    EXPECT_EQ(find_flow(static_cast<Byte>(letter)) != nullptr, named) << letter;
  }
}

TEST(FlowTable, R61_IsSilentForTicketsAndRelationshipsAlone) {
  for (char letter : kLetters) {
    const bool silent = letter == 'I' || letter == 'N';
    EXPECT_EQ(flow_rule(static_cast<Flow>(letter)).reject == RejectBehaviour::silent, silent);
  }
}

TEST(FlowTable, HasAMessageForEachOfThePatternAndBeginsWithItsLetter) {
  for (char letter : kLetters) {
    const FlowRule& rule = flow_rule(static_cast<Flow>(letter));
    if (!rule.is_spoken()) continue;
    EXPECT_EQ(rule.messages.size(), noise::find_pattern(rule.pattern)->messages.size());
    EXPECT_EQ(rule.messages.front().letter, static_cast<Byte>(letter));
    for (const FlowMessage& message : rule.messages) {
      EXPECT_LE(message.frame_length_most, kHandshakeLengthMost);
    }
  }
}

TEST(FlowSet, HoldsWhatItWasGiven) {
  const FlowSet some{Flow::hidden, Flow::ticket};
  EXPECT_TRUE(some.contains(Flow::hidden));
  EXPECT_TRUE(some.contains(Flow::ticket));
  EXPECT_FALSE(some.contains(Flow::connection));
  EXPECT_TRUE(some.any_is_loud());
  EXPECT_FALSE(FlowSet({Flow::ticket, Flow::reconnect}).any_is_loud());
  EXPECT_FALSE(FlowSet().any_is_loud());
}

}  // namespace
}  // namespace kith::overlay
