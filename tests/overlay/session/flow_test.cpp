#include "overlay/session/flow.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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
    const std::size_t introductions = rule.introduction.empty() ? 0 : 1;
    const auto& messages = noise::find_pattern(rule.pattern)->messages;
    EXPECT_EQ(rule.noise_messages(), messages.size() + introductions);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      EXPECT_EQ(rule.messages[introductions + i].from, i % 2 == 0 ? Side::dialer : Side::responder);
    }
    EXPECT_EQ(rule.messages.front().letter, static_cast<Byte>(letter));
    for (const FlowMessage& message : rule.messages) {
      EXPECT_LE(message.frame_length_max, kHandshakeLengthMax);
    }
  }
}

/// What stands in one message, by the numbers of docs/protocol.md §4.2.
struct Named {
  std::string_view required;
  std::string_view optional;
};

TEST(FlowTable, R11_R17_AllowsInEachMessageWhatTheSpecificationNamesAlone) {
  const std::vector<Named> expected[kLetters.size()] = {
      {{"", ""}, {"", ""}, {"09", ""}, {"09", ""}},  // S
      {{"01", "4"}, {"", ""}},                       // C
      {{"0", ""}, {"0", ""}},                        // O
      {{"", ""}, {"0", ""}, {"0", "6"}},             // H
      {{"012", "3"}, {"", ""}},                      // I
      {{"78", ""}, {"14", "5"}, {"", ""}},           // N
  };
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    const auto messages = flow_rule(static_cast<Flow>(kLetters[i])).messages;
    ASSERT_EQ(messages.size(), expected[i].size()) << kLetters[i];
    for (std::size_t at = 0; at < messages.size(); ++at) {
      for (std::size_t key = 0; key < kPayloadKeys; ++key) {
        const auto digit = static_cast<char>('0' + key);
        const PayloadSchema& schema = messages[at].schema;
        EXPECT_EQ(schema.required.contains(static_cast<PayloadKey>(key)),
                  expected[i][at].required.contains(digit))
            << kLetters[i] << at << digit;
        EXPECT_EQ(schema.optional.contains(static_cast<PayloadKey>(key)),
                  expected[i][at].optional.contains(digit))
            << kLetters[i] << at << digit;
      }
    }
  }
}

TEST(FlowTable, R1_MixesTwoEphemeralKeysIntoEverySession) {
  for (char letter : kLetters) {
    const auto& messages =
        noise::find_pattern(flow_rule(static_cast<Flow>(letter)).pattern)->messages;
    EXPECT_EQ(std::ranges::count(messages[1], noise::PatternToken::ee), 1) << letter;
  }
}

TEST(FlowTable, R70_R71_R72_RunsThePatternsOfTheSpecification) {
  constexpr std::array<std::string_view, kLetters.size()> kPatterns{"NN", "IK", "IX",
                                                                    "XX", "IK", "KK"};
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    const FlowRule& rule = flow_rule(static_cast<Flow>(kLetters[i]));
    EXPECT_EQ(rule.pattern, kPatterns[i]) << kLetters[i];
    EXPECT_EQ(rule.introduction, kLetters[i] == 'N' ? "N" : "") << kLetters[i];
  }
}

TEST(FlowTable, KnowsWhichResponderIsSureOfItsDialer) {
  for (char letter : kLetters) {
    const bool sure = letter == 'H' || letter == 'S';
    EXPECT_EQ(flow_rule(static_cast<Flow>(letter)).confirms_dialer(), sure) << letter;
  }
}

TEST(ListenerProfile, AcceptsTheFlowsOfItsKind) {
  const auto accepted = [](const ListenerProfile& profile) {
    std::string letters;
    for (char letter : kLetters) {
      if (profile.accepted_flows.contains(static_cast<Flow>(letter))) letters += letter;
    }
    return letters;
  };
  EXPECT_EQ(accepted(kPublicListener), "SCOHIN");
  EXPECT_EQ(accepted(kMemberListener), "SCHIN");
  EXPECT_EQ(accepted(kPrivateListener), "SCIN");
  EXPECT_EQ(accepted(kStealthListener), "IN");
  EXPECT_TRUE(kStealthListener.stealth);
  EXPECT_TRUE(kPrivateListener.only_known && kStealthListener.only_known);
  EXPECT_FALSE(kPublicListener.only_known || kMemberListener.only_known);
  EXPECT_FALSE(kPublicListener.stealth || kMemberListener.stealth || kPrivateListener.stealth);
}

TEST(Fallback, LeadsOnlyToThePinnedWaysBelow) {
  std::vector<DialWay> ways;
  for (char letter : kLetters) {
    for (const bool pinned : {false, true}) ways.push_back({static_cast<Flow>(letter), pinned});
  }
  constexpr DialWay kConnection{.flow = Flow::connection, .is_pinned = true};
  constexpr DialWay kHidden{.flow = Flow::hidden, .is_pinned = true};
  for (const DialWay from : ways) {
    std::vector<DialWay> reached;
    for (auto next = fallback(from); next; next = fallback(*next)) reached.push_back(*next);
    for (const DialWay to : ways) {
      const bool allowed = (from.flow == Flow::reconnect && (to == kConnection || to == kHidden)) ||
                           (from.flow == Flow::connection && to == kHidden);
      EXPECT_EQ(std::ranges::count(reached, to), allowed ? 1 : 0)
          << static_cast<char>(from.flow) << from.is_pinned << static_cast<char>(to.flow)
          << to.is_pinned;
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
