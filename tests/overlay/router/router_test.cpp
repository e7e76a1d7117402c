#include "overlay/router/router.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/router/router_fixture.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

TEST_F(RouterTest, HandsAMessageToAPeerThatIsCloserAndWantsToKnowThatItArrived) {
  const Fingerprint key = village.id(friends[2]);
  router->route({.key = key, .payload = payload}, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->peer, friends[2]);
  EXPECT_TRUE(sent->under_way);
  const auto message = decode_route(sent->message);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->key, key);
  EXPECT_EQ(message->hops_left, 31);
}

TEST_F(RouterTest, SaysThatThereIsNoWayOverAPeerThatTakesNoMore) {
  receive(friends[0], village.id(friends[2]), 42);
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent && sent->under_way);
  router->on_congested(*sent->under_way, TimePoint{});
  const auto back = take<RouterSend>();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->peer, friends[0]);
  const auto answer = decode_answer(back->message);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->number, 42U);
  EXPECT_EQ(answer->status, AnswerStatus::unreachable);
  EXPECT_EQ(router->kept_bytes(), 0U);
}

TEST_F(RouterTest, TriesAnotherWayWhenItsOwnMessageFindsAPeerThatTakesNoMore) {
  router->route({.key = village.id(friends[2]), .payload = payload}, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent && sent->under_way);
  router->on_congested(*sent->under_way, TimePoint{});
  EXPECT_FALSE(router->poll_output());
  router->on_deadline(TimePoint(config.attempt_timeout));
  const auto again = take<RouterSend>();
  ASSERT_TRUE(again);
  EXPECT_NE(again->peer, friends[2]);
}

TEST_F(RouterTest, KeepsWhatNobodyIsCloserTo) {
  router->route({.key = village.id(village.self), .payload = payload}, TimePoint{});
  const auto arrived = take<Arrived>();
  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->payload, payload);
}

TEST_F(RouterTest, AnswersTheWayTheMessageCame) {
  receive(friends[0], village.id(village.self), 42);
  const auto arrived = take<Arrived>();
  ASSERT_TRUE(arrived);
  router->answer(arrived->route, AnswerStatus::final, payload, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->peer, friends[0]);
  EXPECT_FALSE(sent->under_way);
  const auto answer = decode_answer(sent->message);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->number, 42U);
  EXPECT_EQ(answer->hops, 0);
}

TEST_F(RouterTest, NeverHandsAMessageBack) {
  for (const ContactIndex from : friends) {
    receive(from, village.id(from));
    while (const auto sent = take<RouterSend>()) EXPECT_NE(sent->peer, from);
  }
}

TEST_F(RouterTest, AvoidsTheNodeThatAMessageSpeaksOf) {
  const Fingerprint key = village.id(friends[3]);
  router->route({.key = key, .avoid = key, .payload = payload}, TimePoint{});
  while (const auto sent = take<RouterSend>()) EXPECT_NE(sent->peer, friends[3]);
}

TEST_F(RouterTest, CountsHopsAndRecordsThemOnTheWayBack) {
  const Fingerprint key = village.id(friends[1]);
  RouteRequest request{.key = key, .recorded = true, .payload = payload};
  router->route(std::move(request), TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  AnswerMessage answer;
  answer.number = decode_route(sent->message)->number;
  answer.hops = 1;
  answer.record = {key};
  router->on_answer(sent->peer, answer, TimePoint(80ms));
  const auto answered = take<Answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->hops, 2);
  EXPECT_EQ(answered->record, (std::vector{key, village.id(village.self)}));
  EXPECT_EQ(answered->after, 80ms);
}

TEST_F(RouterTest, IgnoresAnAnswerFromAnyoneButWhoWasAsked) {
  router->route({.key = village.id(friends[1]), .payload = payload}, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  AnswerMessage answer;
  answer.number = decode_route(sent->message)->number;
  const ContactIndex stranger = friends[sent->peer == friends[0] ? 1 : 0];
  router->on_answer(stranger, answer, TimePoint{});
  EXPECT_FALSE(take<Answered>());
}

TEST_F(RouterTest, TakesAnotherWayWhenTheNextHopTurnsSuspectTooSoon) {
  receive(friends[0], village.id(friends[4]));
  const auto first = take<RouterSend>();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->peer, friends[4]);
  router->on_ping_sent(friends[4], 1);
  suspect(friends[4]);
  // Whoever is next closest gets it: another peer, or we ourselves.
  bool went_elsewhere = false;
  while (auto output = router->poll_output()) {
    if (const auto* sent = std::get_if<RouterSend>(&*output)) {
      EXPECT_NE(sent->peer, friends[4]);
      went_elsewhere = true;
    }
    if (std::holds_alternative<Arrived>(*output)) went_elsewhere = true;
  }
  EXPECT_TRUE(went_elsewhere);
}

TEST_F(RouterTest, DoesNotTakeItselfForTheClosestWhileACloserPeerLives) {
  router->route({.key = village.id(friends[2]), .payload = payload}, TimePoint{});
  auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  ASSERT_EQ(sent->peer, friends[2]);
  router->on_deadline(TimePoint(config.attempt_timeout));
  sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  ASSERT_NE(sent->peer, friends[2]);
  // Of those that are closer to the key only the one that was slow to answer is left in the end.
  while (sent && sent->peer != friends[2]) {
    suspect(sent->peer);
    sent = take<RouterSend>();
  }
  EXPECT_TRUE(sent);
}

TEST_F(RouterTest, LeavesAMessageWithTheNextHopThatHasIt) {
  receive(friends[0], village.id(friends[4]));
  ASSERT_TRUE(take<RouterSend>());
  router->on_ping_sent(friends[4], 1);
  router->on_pong(friends[4], 1);
  router->on_suspect(friends[4], TimePoint(300ms));
  EXPECT_FALSE(router->poll_output());
}

TEST_F(RouterTest, DoesNotTakeAnOldPongForAConfirmation) {
  router->on_ping_sent(friends[4], 1);
  receive(friends[0], village.id(friends[4]));
  ASSERT_TRUE(take<RouterSend>());
  router->on_pong(friends[4], 1);
  suspect(friends[4]);
  EXPECT_TRUE(router->poll_output());
}

TEST_F(RouterTest, TriesAnotherFirstHopWhenNoAnswerComesAndGivesUpInTheEnd) {
  Fingerprint key = village.id(friends[2]);
  const RequestId request = router->route({.key = key, .payload = payload}, TimePoint{});
  int attempts = 0;
  std::optional<Unanswered> unanswered;
  for (TimePoint now; !unanswered && now < TimePoint(10s); now += 1s) {
    router->on_deadline(now);
    while (auto output = router->poll_output()) {
      if (std::holds_alternative<RouterSend>(*output) || std::holds_alternative<Arrived>(*output))
        ++attempts;
      if (const auto* none = std::get_if<Unanswered>(&*output)) unanswered = *none;
    }
  }
  ASSERT_TRUE(unanswered);
  EXPECT_EQ(unanswered->request, request);
  EXPECT_EQ(attempts, 4);
  EXPECT_FALSE(router->next_deadline());
}

TEST_F(RouterTest, GoesStraightToATargetThatItHasASessionWith) {
  const ContactIndex client = village.befriend(99, Participation::client);
  RouteMessage message;
  message.number = 3;
  message.key = village.id(village.self);
  message.target = village.id(client);
  message.hops_left = 5;
  message.payload = payload;
  router->on_route(friends[0], message, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->peer, client);
}

TEST_F(RouterTest, SaysThatATargetCannotBeReached) {
  RouteMessage message;
  message.number = 3;
  message.key = village.id(village.self);
  message.target = village.id(village.issue(98));
  message.hops_left = 5;
  message.payload = payload;
  router->on_route(friends[0], message, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(decode_answer(sent->message)->status, AnswerStatus::unreachable);
}

TEST_F(RouterTest, EndsAMessageThatHasTravelledTooFar) {
  RouteMessage message;
  message.number = 3;
  message.key = village.id(friends[1]);
  message.payload = payload;
  router->on_route(friends[0], message, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(decode_answer(sent->message)->status, AnswerStatus::unreachable);
}

TEST_F(RouterTest, ForgetsTheWayBackInTime) {
  receive(friends[0], village.id(friends[4]));
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  router->on_deadline(TimePoint(10s));
  AnswerMessage answer;
  answer.number = decode_route(sent->message)->number;
  router->on_answer(friends[4], answer, TimePoint(10s));
  EXPECT_FALSE(router->poll_output());
}

TEST_F(RouterTest, NeverForgetsItsOwnRequestForThoseOfOthers) {
  config.ways_back_max = 8;
  restart();
  const RequestId request =
      router->route({.key = village.id(friends[2]), .payload = payload}, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  for (std::uint32_t i = 0; i < 20; ++i) receive(friends[0], village.id(friends[4]), i);
  while (router->poll_output()) continue;
  AnswerMessage answer;
  answer.number = decode_route(sent->message)->number;
  router->on_answer(sent->peer, answer, TimePoint(80ms));
  const auto answered = take<Answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->request, request);
}

TEST_F(RouterTest, APeerThatAsksTooMuchForgetsItsOwn) {
  config.ways_back_max = 20;
  config.ways_back_per_peer = 4;
  restart();
  receive(friends[0], village.id(friends[4]), 42);
  const auto first = take<RouterSend>();
  ASSERT_TRUE(first);
  for (std::uint32_t i = 0; i < 30; ++i) receive(friends[1], village.id(friends[4]), i);
  const auto flood = take<RouterSend>();
  ASSERT_TRUE(flood);
  while (router->poll_output()) continue;
  AnswerMessage answer;
  answer.number = decode_route(flood->message)->number;
  router->on_answer(friends[4], answer, TimePoint{});
  EXPECT_FALSE(take<RouterSend>());
  answer.number = decode_route(first->message)->number;
  router->on_answer(friends[4], answer, TimePoint{});
  const auto back = take<RouterSend>();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->peer, friends[0]);
}

TEST_F(RouterTest, WhenAllIsFullWhoAsksMostMakesRoom) {
  config.ways_back_max = 6;
  restart();
  receive(friends[0], village.id(friends[4]), 42);
  const auto first = take<RouterSend>();
  ASSERT_TRUE(first);
  for (std::uint32_t i = 0; i < 30; ++i) receive(friends[1], village.id(friends[4]), i);
  while (router->poll_output()) continue;
  AnswerMessage answer;
  answer.number = decode_route(first->message)->number;
  router->on_answer(friends[4], answer, TimePoint{});
  EXPECT_TRUE(take<RouterSend>());
}

TEST_F(RouterTest, KeepsAMessageOnlyUntilTheNextHopHasIt) {
  receive(friends[0], village.id(friends[4]));
  EXPECT_EQ(router->kept_bytes(), payload.size());
  router->on_ping_sent(friends[4], 1);
  router->on_pong(friends[4], 1);
  EXPECT_EQ(router->kept_bytes(), 0U);
  receive(friends[0], village.id(village.self));
  EXPECT_EQ(router->kept_bytes(), 0U);
  receive(friends[0], village.id(friends[4]));
  router->on_deadline(TimePoint(10s));
  EXPECT_EQ(router->kept_bytes(), 0U);
}

TEST_F(RouterTest, HandsOnWithoutKeepingWhatIsTooMuch) {
  config.kept_bytes_per_peer = payload.size();
  config.kept_bytes_max = 2 * payload.size();
  restart();
  for (const ContactIndex from : {friends[0], friends[0], friends[1], friends[2]}) {
    receive(from, village.id(friends[4]));
    EXPECT_TRUE(take<RouterSend>());
    EXPECT_LE(router->kept_bytes(), 2 * payload.size());
  }
  suspect(friends[4]);
  int lost = 0;
  while (const auto sent = take<RouterSend>()) {
    const auto answer = decode_answer(sent->message);
    if (!answer) continue;
    EXPECT_EQ(answer->status, AnswerStatus::unreachable);
    ++lost;
  }
  EXPECT_EQ(lost, 2);
  EXPECT_LE(router->kept_bytes(), 2 * payload.size());
}

TEST_F(RouterTest, NamesTheContactsThatItRemembers) {
  receive(friends[0], village.id(friends[4]));
  suspect(friends[4]);
  receive(friends[1], village.id(friends[2]));
  std::vector<ContactIndex> used;
  router->append_used(used);
  for (const std::size_t i : {0U, 1U, 2U, 4U})
    EXPECT_NE(std::ranges::find(used, friends[i]), used.end()) << i;
  router->on_deadline(TimePoint(11s));
  for (const ContactIndex peer : friends) {
    router->on_ping_sent(peer, 1);
    router->on_pong(peer, 1);
  }
  used.clear();
  router->append_used(used);
  EXPECT_TRUE(used.empty());
}

TEST_F(RouterTest, LetsNoMessageTravelFartherThanItsOwn) {
  RouteMessage message;
  message.key = village.id(friends[4]);
  message.hops_left = 255;
  message.payload = payload;
  router->on_route(friends[0], message, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(decode_route(sent->message)->hops_left, config.hop_limit - 1);
}

TEST_F(ClientRouterTest, AlwaysHandsOnToTheRelayClosestToTheKey) {
  const Fingerprint key = village.id(village.self);
  router->route({.key = key, .payload = payload}, TimePoint{});
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->peer, closest_friend(key));
}

TEST_F(ClientRouterTest, ForwardsNothingForOthers) {
  receive(friends[0], village.id(friends[1]));
  const auto sent = take<RouterSend>();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->peer, friends[0]);
  EXPECT_EQ(decode_answer(sent->message)->status, AnswerStatus::unreachable);
}

}  // namespace
}  // namespace kith::overlay
