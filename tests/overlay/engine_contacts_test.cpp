// The sessions of engines that share relationships: how many there are, and when they end.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "tests/overlay/relations/engine_relations.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;

struct EngineContacts : test::EngineRelations {
  static void expect_closed(const EngineLab::Stranger& visitor, CloseReason reason) {
    ASSERT_TRUE(visitor.party->closed);
    EXPECT_EQ(visitor.party->closed->reason, reason);
  }
};

TEST_F(EngineContacts, AreDroppedIfTheyReadNothingThoughTheyIntroduceThemselves) {
  const RelationshipToken ours[] = {relate_by_hand(), relate_by_hand()};
  EngineLab::Stranger& visitor = reconnect(ours[0].terms().id);
  visitor.reads = false;
  // As much as is kept for a session.
  const std::string text(kRelationPayloadBytesMax, 'x');
  for (const RelationshipToken& it : ours)
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(ada.tell(it.terms().id, text));
  lab.pass(1s);
  ASSERT_FALSE(visitor.is_over());
  say(visitor, encode_introduce(hand.local.token));
  EXPECT_TRUE(visitor.lost);
  EXPECT_EQ(ada.lost, std::vector(128, Errc::timed_out));
}

}  // namespace
}  // namespace kith::overlay
