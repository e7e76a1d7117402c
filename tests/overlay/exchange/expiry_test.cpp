#include <gtest/gtest.h>
#include <chrono>

#include "tests/overlay/exchange/world.hpp"

/// Messages that run out of time.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

struct Expiry : testing::Test {
  SeededRandom random{1};
  World world{random, 2};
  PublisherId publisher =
      world.advertise(0, {.audience = {}, .time_to_live = 1s, .queue_messages = 100});
  SubscriptionId subscription = world.subscribe(1, {.audience = {}, .credit = 4});

  TestNode& sender() { return world.node(0); }
  TestNode& receiver() { return world.node(1); }
  Ledger ledger() { return sender().exchange->ledger(publisher); }
  void SetUp() override {
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
    world.run();
  }
  void publish(std::string_view text) { ASSERT_TRUE(world.publish(0, publisher, text)); }
  std::vector<std::string> texts() {
    std::vector<std::string> found;
    for (const Bytes& payload : receiver().payloads(subscription))
      found.emplace_back(as_text(payload));
    return found;
  }
};

TEST_F(Expiry, IsToldToBothSides) {
  publish("late");
  world.advance(2s);
  EXPECT_EQ(sender().expired(), 1U);
  publish("fresh");
  world.run();
  EXPECT_EQ(texts(), std::vector<std::string>{"fresh"});
  EXPECT_EQ(ledger().expired, 1U);
  EXPECT_EQ(ledger().delivered, 1U);
}

TEST_F(Expiry, MakesRoom) {
  for (int i = 0; i < 100; ++i) publish("x");
  ASSERT_EQ(world.publish(0, publisher, "y").error(), Errc::would_block);
  world.advance(2s);
  EXPECT_EQ(sender().count<PublisherWritable>(), 1U);
  EXPECT_EQ(sender().count<PublisherDrained>(), 1U);
  EXPECT_TRUE(world.publish(0, publisher, "y"));
}

TEST_F(Expiry, DoesNotConcernWhatWasSent) {
  publish("sent");
  world.fill(0, 1);
  world.advance(2s);
  EXPECT_EQ(sender().expired(), 0U);
  EXPECT_EQ(sender().count<PublisherDrained>(), 0U);
  world.run();
  EXPECT_EQ(sender().count<PublisherDrained>(), 1U);
  EXPECT_EQ(texts(), std::vector<std::string>{"sent"});
  EXPECT_EQ(ledger().delivered, 1U);
  EXPECT_EQ(ledger().expired, 0U);
}

TEST_F(Expiry, OfWhatStandsBehindTheCreditLetsTheChannelGoOn) {
  for (int i = 0; i < 10; ++i) publish("old");
  world.fill(0, 1);
  world.advance(2s);
  EXPECT_EQ(sender().expired(), 6U);
  publish("new");
  world.run();
  EXPECT_EQ(texts(), (std::vector<std::string>{"old", "old", "old", "old", "new"}));
  EXPECT_EQ(ledger().delivered, 5U);
  world.sanity_check();
}

TEST_F(Expiry, OfWhatWasUnderWayIsSettledByTheNextSession) {
  for (int i = 0; i < 4; ++i) publish("old");
  world.fill(0, 1);
  world.deliver(0, 1);
  publish("never sent");
  world.lose(0, 1);
  world.advance(2s);
  // Four may have arrived, and did; their acknowledgement was lost.
  EXPECT_EQ(sender().expired(), 1U);
  EXPECT_EQ(sender().count<PublisherDrained>(), 0U);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(ledger().delivered, 4U);
  EXPECT_EQ(ledger().expired, 1U);
  EXPECT_EQ(sender().count<PublisherDrained>(), 1U);
  publish("new");
  world.run();
  EXPECT_EQ(texts(), (std::vector<std::string>{"old", "old", "old", "old", "new"}));
}

TEST_F(Expiry, OfWhatWasLostWithTheSessionIsReported) {
  for (int i = 0; i < 4; ++i) publish("old");
  world.fill(0, 1);
  world.lose(0, 1);
  world.advance(2s);
  EXPECT_EQ(sender().expired(), 0U);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(sender().expired(), 4U);
  EXPECT_EQ(ledger().in_flight(), 0U);
}

TEST_F(Expiry, ReportsWhatIsLeftWhenAReceiverStaysAway) {
  publish("x");
  world.fill(0, 1);
  world.lose(0, 1);
  world.advance(kResumeTime - 1s);
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 0U);
  world.advance(1s);
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 1U);
  EXPECT_EQ(sender().expired(), 1U);
  EXPECT_EQ(ledger().in_flight(), 0U);
  EXPECT_EQ(sender().count<PublisherDrained>(), 1U);
}

TEST_F(Expiry, KeepsAChannelAsLongAsItsMessagesLive) {
  const PublisherId patient = world.advertise(0, {.audience = {}, .time_to_live = 1h}, "patient");
  const SubscriptionId wish = world.subscribe(1, {}, "patient");
  world.match(0, patient, 1, wish);
  world.run();
  ASSERT_TRUE(world.publish(0, patient, "x"));
  world.lose(0, 1);
  for (int i = 0; i < 50; ++i) world.advance(1min);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(receiver().payloads(wish).size(), 1U);
}

TEST_F(Expiry, IsClamped) {
  const PublisherId hasty = world.advertise(0, {.audience = {}, .time_to_live = -5s}, "hasty");
  const SubscriptionId wish = world.subscribe(1, {}, "hasty");
  world.match(0, hasty, 1, wish);
  world.run();
  ASSERT_TRUE(world.publish(0, hasty, "x"));
  EXPECT_EQ(sender().exchange->next_deadline(), world.now().time + kTimeToLiveMin + kExpiryGrain);
}

TEST_F(Expiry, ConcernsOwnSubscriptionsToo) {
  const SubscriptionId own = world.subscribe(0);
  // Nobody drains the node meanwhile.
  ASSERT_TRUE(sender().exchange->publish(publisher, as_bytes("x"), world.now()));
  const Instant later{world.now().time + 2s, world.now().wall + 2s};
  sender().exchange->on_deadline(later);
  world.drain(0);
  EXPECT_TRUE(sender().payloads(own).empty());
  EXPECT_EQ(ledger().expired, 2U);
  world.run();
  world.sanity_check();
}

}  // namespace
}  // namespace kith::overlay::test
