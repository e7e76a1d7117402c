#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"
#include "tests/support/for_each_seed.hpp"

/// Receivers that do not keep up, and what the others notice of them.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kReceivers = 10;

/// One publisher at node 0, receivers at the others.
struct Audience {
  Audience(Random& random, const PublishOptions& options)
      : world(random, kReceivers + 1), publisher(world.advertise(0, options)) {
    for (std::size_t i = 1; i <= kReceivers; ++i) {
      subscriptions.push_back(world.subscribe(i));
      world.match(0, publisher, i, subscriptions.back());
      world.connect(0, i);
    }
    world.run();
  }

  [[nodiscard]] Ledger ledger() { return world.node(0).exchange->ledger(publisher); }
  [[nodiscard]] std::size_t received(std::size_t at) {
    return world.node(at).received[subscriptions[at - 1]].size();
  }
  Result<void> publish(std::uint64_t number) {
    return world.publish(0, publisher, std::to_string(number));
  }
  /// The same as `World::run`, but the sessions of `slow` carry nothing either way.
  void run_without(std::size_t slow) {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t i = 1; i <= kReceivers; ++i) {
        if (i == slow) continue;
        moved |= exchange(0, i);
        moved |= exchange(i, 0);
      }
    }
  }
  /// No number comes twice or late.
  void expect_order(std::size_t at) {
    std::uint64_t before = 0;
    for (const Bytes& payload : world.node(at).payloads(subscriptions[at - 1])) {
      const std::uint64_t number = std::stoull(std::string(as_text(payload)));
      EXPECT_GT(number, before);
      before = number;
    }
  }
  void expect_balance() {
    const Ledger books = ledger();
    EXPECT_EQ(books.owed, kReceivers * books.published);
    EXPECT_EQ(books.owed, books.delivered + books.expired + books.refused + books.in_flight());
  }

  World world;
  PublisherId publisher;
  std::vector<SubscriptionId> subscriptions;

 private:
  bool exchange(std::size_t from, std::size_t to) {
    TestNode& node = world.node(from);
    bool moved = false;
    if (node.wants_write.contains(world.peer(from, to))) {
      world.fill(from, to);
      moved = true;
    }
    while (world.deliver(from, to)) moved = true;
    return moved;
  }
};

PublishOptions small_queue() { return {.audience = {}, .patience = 1s, .queue_messages = 2000}; }

TEST(Laggards, DoNotSlowTheOthers) {
  SeededRandom random(1);
  Audience audience(random, small_queue());
  constexpr std::size_t kFrozen = 3;
  // 1,000 messages a second for a minute: the queue is full after two seconds.
  std::uint64_t published = 0;
  for (int tick = 0; tick < 6000; ++tick) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(audience.publish(++published));
    audience.run_without(kFrozen);
    for (std::size_t at = 1; at <= kReceivers; ++at) {
      if (at == kFrozen) continue;
      ASSERT_EQ(audience.received(at), published);
    }
    audience.world.advance(10ms);
  }
  EXPECT_EQ(audience.received(kFrozen), 0U);
  audience.world.sanity_check();
  audience.expect_balance();

  // It thaws, and gets what comes from then on.
  audience.world.run();
  EXPECT_EQ(audience.ledger().in_flight(), 0U);
  const std::size_t kept = audience.received(kFrozen);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(audience.publish(++published));
  audience.world.run();
  EXPECT_EQ(audience.received(kFrozen), kept + 100);
  EXPECT_EQ(audience.ledger().expired, published - kept - 100);
  EXPECT_EQ(audience.world.node(0).expired(), audience.ledger().expired);
  audience.expect_order(kFrozen);
  audience.world.sanity_check();
  audience.expect_balance();
}

TEST(Laggards, AreWaitedForWhileTheirMessagesAreYoung) {
  SeededRandom random(1);
  Audience audience(random, small_queue());
  std::uint64_t published = 0;
  while (audience.publish(published + 1)) ++published;
  EXPECT_EQ(published, 2000U);
  audience.run_without(3);
  audience.world.advance(900ms);
  EXPECT_EQ(audience.publish(published + 1).error(), Errc::would_block);
  EXPECT_EQ(audience.world.node(0).count<PublisherWritable>(), 0U);
  audience.world.run();
  EXPECT_EQ(audience.received(3), 2000U);
  EXPECT_EQ(audience.ledger().expired, 0U);
  EXPECT_EQ(audience.world.node(0).count<PublisherWritable>(), 1U);
}

TEST(Laggards, LetAPublisherThatWaitsGoOn) {
  SeededRandom random(1);
  Audience audience(random, small_queue());
  std::uint64_t published = 0;
  while (audience.publish(published + 1)) ++published;
  audience.run_without(3);
  for (int i = 0; i < 12; ++i) audience.world.advance(100ms);
  EXPECT_EQ(audience.world.node(0).count<PublisherWritable>(), 1U);
  EXPECT_TRUE(audience.publish(published + 1));
  audience.world.sanity_check();
}

TEST(Laggards, AreWaitedForWhereAllAreSlow) {
  SeededRandom random(1);
  Audience audience(random, small_queue());
  std::uint64_t published = 0;
  while (audience.publish(published + 1)) ++published;
  for (int i = 0; i < 50; ++i) audience.world.advance(1s);
  EXPECT_EQ(audience.publish(published + 1).error(), Errc::would_block);
  EXPECT_EQ(audience.ledger().expired, 0U);
  audience.world.run();
  for (std::size_t at = 1; at <= kReceivers; ++at) EXPECT_EQ(audience.received(at), published);
}

TEST(Laggards, WithoutASessionDoNotSlowTheOthersEither) {
  SeededRandom random(1);
  Audience audience(random, small_queue());
  audience.world.lose(0, 3);
  std::uint64_t published = 0;
  for (int tick = 0; tick < 500; ++tick) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(audience.publish(++published));
    audience.run_without(3);
    audience.world.advance(10ms);
  }
  audience.world.connect(0, 3);
  audience.world.run();
  ASSERT_TRUE(audience.publish(++published));
  audience.world.run();
  EXPECT_GT(audience.received(3), 0U);
  EXPECT_EQ(audience.received(3) + audience.ledger().expired, published);
  audience.expect_order(3);
  audience.expect_balance();
  audience.world.sanity_check();
}

TEST(Laggards, LeaveAnHonestLedgerWhateverHappens) {
  std::uint64_t expired = 0;
  kith::test::for_each_seed(20, [&](Random& random) {
    PublishOptions options = small_queue();
    options.queue_messages = 50;
    options.time_to_live = 3s;
    Audience audience(random, options);
    World& world = audience.world;
    std::uint64_t published = 0;
    for (int step = 0; step < 400; ++step) {
      const std::size_t at = 1 + random.below(kReceivers);
      const std::uint64_t what = random.below(12);
      if (what < 4) {
        for (int i = 0; i < 10; ++i)
          if (audience.publish(published + 1)) ++published;
      } else if (what < 8) {
        audience.run_without(world.connected(0, at) ? at : 0);
      } else if (what < 9) {
        if (world.connected(0, at)) world.fill(0, at, 1 + random.below(200));
      } else {
        world.advance(std::chrono::milliseconds(random.below(700)));
      }
      world.sanity_check();
      audience.expect_balance();
    }
    world.run();
    for (std::size_t at = 1; at <= kReceivers; ++at) audience.expect_order(at);
    EXPECT_EQ(audience.ledger().in_flight(), 0U);
    expired += audience.ledger().expired;
  });
  EXPECT_GT(expired, 0U);
}

}  // namespace
}  // namespace kith::overlay::test
