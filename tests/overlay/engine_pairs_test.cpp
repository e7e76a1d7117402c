#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/engine_lab.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;

/// Two engines that know where the other listens.
struct EnginePair : testing::Test {
  EngineLab lab;
  EngineLab::Node& one = lab.add(1);
  EngineLab::Node& two = lab.add(2);
};

TEST_F(EnginePair, ThatDialsAtOnceLosesNothingAndKeepsOneSession) {
  one.engine->join({two.endpoint, {}}, lab.now);
  two.engine->join({one.endpoint, {}}, lab.now);
  ASSERT_TRUE(one.engine->subscribe("news", {}, lab.now));
  const auto publisher = two.engine->advertise("news", {}, lab.now);
  ASSERT_TRUE(publisher);
  std::vector<std::string> published;
  for (int i = 0; i < 50; ++i) {
    lab.pass(100ms);
    if (two.engine->publisher(*publisher).receivers == 0) continue;
    published.push_back(std::to_string(i));
    const std::string& text = published.back();
    ASSERT_TRUE(two.engine->publish(*publisher, as_bytes(text), lab.now));
  }
  EXPECT_EQ(lab.wires_between(one, two), 1U);
  lab.pass(1s);
  EXPECT_EQ(one.dials, 1U);
  EXPECT_EQ(two.dials, 1U);
  EXPECT_GT(published.size(), 20U);
  EXPECT_EQ(one.delivered, published);
  EXPECT_EQ(one.engine->status().sessions, 1U);
  EXPECT_EQ(two.engine->status().sessions, 1U);
  EXPECT_TRUE(one.lost.empty());
  EXPECT_TRUE(two.lost.empty());
}

/// What `from` publishes while the two find each other, and somewhat longer.
std::vector<std::string> publish_for_a_while(EngineLab& lab, EngineLab::Node& from,
                                             PublisherId publisher, Random& random) {
  std::vector<std::string> published;
  for (const TimePoint end = lab.now.time + 5s; lab.now.time < end;) {
    lab.pass(Duration(random.below(800'000)));
    if (from.engine->publisher(publisher).receivers == 0) continue;
    published.push_back(std::to_string(published.size()));
    EXPECT_TRUE(from.engine->publish(publisher, as_bytes(published.back()), lab.now));
  }
  return published;
}

TEST(EnginePairs, ThatDialAtOnceLoseNothingAndKeepOneSessionHoweverLongEverythingTakes) {
  kith::test::for_each_seed(KITH_SANITIZED ? 100 : 1000, [](Random& random) {
    constexpr std::uint64_t kLatencyMin = 2'000;
    EngineLab lab;
    lab.next_latency = [&random] { return Duration(kLatencyMin + random.below(60'000)); };
    EngineLab::Node* nodes[] = {&lab.add(1), &lab.add(2)};
    if (random.below(2) == 0) std::swap(nodes[0], nodes[1]);
    auto& [first, second] = nodes;
    ASSERT_TRUE(first->engine->subscribe("news", {}, lab.now));
    const auto publisher = second->engine->advertise("news", {}, lab.now);
    ASSERT_TRUE(publisher);
    // The other one dials, too, before it can have heard of the first.
    first->engine->join({second->endpoint, {}}, lab.now);
    lab.pass(Duration(random.below(2 * kLatencyMin)));
    second->engine->join({first->endpoint, {}}, lab.now);
    const auto published = publish_for_a_while(lab, *second, *publisher, random);
    ASSERT_EQ(lab.wires_between(*first, *second), 1U);
    lab.pass(1s);
    ASSERT_FALSE(published.empty());
    EXPECT_EQ(first->delivered, published);
    for (const EngineLab::Node* node : nodes) {
      EXPECT_GE(node->dials, 1U);
      EXPECT_EQ(node->engine->status().sessions, 1U);
      EXPECT_TRUE(node->lost.empty());
    }
  });
}

TEST_F(EnginePair, MakesTheOneReadyThatReachesNoEntrance) {
  two.engine->join({EngineLab::endpoint_of(9), {}}, lab.now);
  one.engine->join({two.endpoint, {}}, lab.now);
  lab.pass(4s);
  EXPECT_TRUE(one.engine->is_ready());
  EXPECT_FALSE(two.engine->is_ready());
  lab.pass(3s);
  EXPECT_TRUE(two.engine->is_ready());
}

TEST_F(EnginePair, ForgetsTheQuestionsOfASubscriptionThatEnds) {
  one.engine->join({two.endpoint, {}}, lab.now);
  const auto publisher = two.engine->advertise("news", {}, lab.now);
  ASSERT_TRUE(publisher);
  lab.pass(5s);
  one.verdict.reset();
  const auto subscription = one.engine->subscribe("news", {}, lab.now);
  ASSERT_TRUE(subscription);
  lab.pass(1s);
  EXPECT_EQ(two.engine->publisher(*publisher).receivers, 0U);
  // The lab looks whether the engine still waits for an answer that is of no use.
  one.engine->unsubscribe(*subscription, lab.now);
  lab.pass(1s);
  one.verdict = Verdict::yes;
  ASSERT_TRUE(one.engine->subscribe("news", {}, lab.now));
  lab.pass(1s);
  EXPECT_EQ(two.engine->publisher(*publisher).receivers, 1U);
}

TEST_F(EnginePair, HasANewSessionBeforeTheOldOneIsTooOld) {
  one.engine->join({two.endpoint, {}}, lab.now);
  ASSERT_TRUE(one.engine->subscribe("news", {}, lab.now));
  const auto publisher = two.engine->advertise("news", {}, lab.now);
  ASSERT_TRUE(publisher);
  lab.pass(5s);
  ASSERT_EQ(two.engine->publisher(*publisher).receivers, 1U);
  const std::size_t dials = one.dials + two.dials;
  std::vector<std::string> published;
  for (const TimePoint end = lab.now.time + 25h; lab.now.time < end;) {
    published.push_back(std::to_string(published.size()));
    const std::string& text = published.back();
    ASSERT_TRUE(two.engine->publish(*publisher, as_bytes(text), lab.now));
    lab.pass(7s);
    ASSERT_EQ(one.engine->status().sessions, 1U);
    ASSERT_EQ(two.engine->status().sessions, 1U);
    ASSERT_EQ(two.engine->publisher(*publisher).receivers, 1U);
  }
  EXPECT_EQ(one.delivered, published);
  EXPECT_TRUE(one.lost.empty());
  EXPECT_TRUE(two.lost.empty());
  EXPECT_EQ(one.dials + two.dials, dials + 1);
  EXPECT_EQ(lab.wires_between(one, two), 1U);
}

TEST_F(EnginePair, HasANewSessionInTimeEvenIfItIsRefusedAtFirst) {
  one.engine->join({two.endpoint, {}}, lab.now);
  lab.pass(23h);
  two.verdict = Verdict::no;
  lab.pass(30min);
  EXPECT_EQ(one.engine->status().sessions, 1U);
  two.verdict = Verdict::yes;
  lab.pass(2h);
  EXPECT_GE(one.dials, 3U);
  EXPECT_EQ(one.engine->status().sessions, 1U);
  EXPECT_TRUE(one.lost.empty());
  EXPECT_TRUE(two.lost.empty());
}

TEST_F(EnginePair, KnowsWhoDialedTheSessionThatIsLeft) {
  test::TestNode peer{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  lab.listen(EngineLab::endpoint_of(7), peer);
  one.engine->join({EngineLab::endpoint_of(7), peer.local.id}, lab.now);
  lab.pass(100ms);
  ASSERT_EQ(lab.visitors.size(), 1U);
  EngineLab::Stranger& dialed = *lab.visitors[0];
  ASSERT_TRUE(dialed.party->session.send({encode_acknowledge(Participation::member)}));
  lab.say(dialed);
  lab.pass(100ms);
  DialTarget target = lab.target_by_token(one);
  target.first_message = encode(JoinMessage{});
  EngineLab::Stranger& accepted = lab.knock(
      one, EngineLab::endpoint_of(7),
      Session::dial(peer.local, std::move(target), test::default_config(), peer.random, lab.now));
  lab.pass(200ms);
  ASSERT_EQ(one.engine->peers(lab.now).size(), 1U);
  ASSERT_FALSE(dialed.is_over() || accepted.is_over());

  const bool by_us = one.engine->peers(lab.now)[0].dialed_by_us;
  // What is no record ends the one that is used.
  lab.say(by_us ? dialed : accepted, Bytes(300, 0xff));
  lab.pass(100ms);
  ASSERT_EQ(one.engine->peers(lab.now).size(), 1U);
  EXPECT_EQ(one.engine->peers(lab.now)[0].dialed_by_us, !by_us);
}

TEST_F(EnginePair, LeavesInEveryState) {
  // Dialing, in the handshake, joining, joined: a flight takes 10 ms.
  for (const Duration after : {0ms, 5ms, 15ms, 25ms, 35ms, 45ms, 55ms, 1000ms}) {
    EngineLab world;
    EngineLab::Node& host = world.add(1);
    EngineLab::Node& guest = world.add(2);
    guest.engine->join({host.endpoint, {}}, world.now);
    world.pass(after);
    guest.engine->leave(world.now);
    world.pass(5s);
    EXPECT_TRUE(guest.left) << after.count();
    EXPECT_EQ(guest.engine->status().sessions, 0U);
    EXPECT_EQ(host.engine->status().sessions, 0U);
    EXPECT_EQ(host.engine->status().half_open, 0U);
  }
}

TEST_F(EnginePair, LeavesWhileThePolicyOfTheOtherThinks) {
  one.verdict.reset();
  two.engine->join({one.endpoint, {}}, lab.now);
  lab.pass(1s);
  ASSERT_EQ(one.engine->status().half_open, 1U);
  two.engine->leave(lab.now);
  lab.pass(5s);
  EXPECT_TRUE(two.left);
  EXPECT_EQ(one.engine->status().half_open, 0U);
}

}  // namespace
}  // namespace kith::overlay
