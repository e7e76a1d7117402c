#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "tests/scenarios/town.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// A subject that neither of the two coordinates.
std::string subject_of_others(const Town& town, HostIndex a, HostIndex b) {
  for (int i = 0;; ++i) {
    std::string subject = "subject/" + std::to_string(i);
    const HostIndex coordinator = town.coordinator(subject);
    if (coordinator != a && coordinator != b) return subject;
  }
}

TEST(Coordinator, IsReplacedWithinTwoSecondsOfItsDeath) {
  for_each_town(10, [](Random& random) {
    Town town(random.next_u64());
    town.found(50);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(10s);
    const HostIndex sink = town.any_running();
    const HostIndex source = town.any_running({sink});
    const std::string subject = subject_of_others(town, sink, source);
    town.subscribe(sink, subject);
    town.world.run_for(5s);

    town.world.crash(town.coordinator(subject));
    const PublisherId publisher = town.advertise(source, subject);
    EXPECT_TRUE(town.wait_for_receivers(source, publisher, 1, 2s));
  });
}

TEST(Coordinator, MayDieAgainAndAgain) {
  for_each_town(5, [](Random& random) {
    Town town(random.next_u64());
    town.found(60);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex sink = town.any_running();
    const HostIndex source = town.any_running({sink});
    const std::string subject = subject_of_others(town, sink, source);
    town.subscribe(sink, subject);
    town.world.run_for(5s);
    for (int i = 0; i < 8; ++i) {
      const HostIndex coordinator = town.coordinator(subject);
      if (coordinator != sink && coordinator != source) town.world.crash(coordinator);
      const PublisherId publisher = town.advertise(source, subject);
      ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 2s)) << "death " << i;
      town.world.command(
          source, [&](overlay::Engine& engine, Instant now) { engine.withdraw(publisher, now); });
      town.world.run_for(30s);
    }
  });
}

TEST(Coordinator, R49_IsNotNeededByThoseItHasIntroduced) {
  for_each_town(5, [](Random& random) {
    Town town(random.next_u64());
    town.found(20);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex sink = town.any_running();
    const HostIndex source = town.any_running({sink});
    const std::string subject = subject_of_others(town, sink, source);
    const SubscriptionId subscription = town.subscribe(sink, subject);
    const PublisherId publisher = town.advertise(source, subject);
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 10s));
    town.world.run_for(2s);
    // Nobody but the two is left.
    for (int i = 0; i < 18; ++i) town.world.crash(town.any_running({sink, source}));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(town.publish(source, publisher));
    town.world.run_for(1s);
    EXPECT_EQ(town.received(sink, subscription, source), first_numbers(100));
  });
}

TEST(Coordinator, HandsOverToACloserNewcomer) {
  for_each_town(5, [](Random& random) {
    Town town(random.next_u64());
    town.found(20);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex sink = town.any_running();
    const HostIndex source = town.any_running({sink});
    std::vector<std::string> subjects;
    for (int i = 0; i < 20; ++i) {
      subjects.push_back("subject/" + std::to_string(i));
      town.subscribe(sink, subjects.back());
    }
    town.world.run_for(5s);
    town.found(40);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(5s);
    for (const std::string& subject : subjects) {
      const PublisherId publisher = town.advertise(source, subject);
      EXPECT_TRUE(town.wait_for_receivers(source, publisher, 1, 3s)) << subject;
    }
  });
}

TEST(Coordinator, IsHandedWhatWasDeclaredWhileItWasSuspect) {
  for_each_town(5, [](Random& random) {
    Town town(random.next_u64());
    town.found(2);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(10s);
    const HostIndex sink = town.any_running();
    const std::string subject = subject_of_others(town, sink, sink);
    const HostIndex coordinator = town.coordinator(subject);
    const std::vector<HostIndex> island{coordinator};
    const auto held_by = [&](HostIndex node) {
      return town.world.engine(node).status().intents_held;
    };
    town.world.separate(island);
    // This declare arrives late, but it arrives; the suspicion that it raises meets the next one.
    town.subscribe(sink, subject);
    ASSERT_TRUE(town.world.run_while_not([&] { return held_by(sink) == 1; }, 5s));
    std::string other = subject + "/0";
    while (town.coordinator(other) != coordinator) other += '0';
    town.subscribe(sink, other);
    ASSERT_EQ(held_by(sink), 2U);
    EXPECT_EQ(held_by(coordinator), 0U);
    town.world.heal();
    EXPECT_TRUE(town.world.run_while_not([&] { return held_by(coordinator) == 2; }, 30s));
  });
}

TEST(Coordinator, TellsPublishersOfSubscriptionsThatEnd) {
  for_each_town(5, [](Random& random) {
    Town town(random.next_u64());
    town.found(20);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex sink = town.any_running();
    const HostIndex source = town.any_running({sink});
    const SubscriptionId subscription = town.subscribe(sink, "news");
    const PublisherId publisher = town.advertise(source, "news");
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 10s));
    town.world.command(
        sink, [&](overlay::Engine& engine, Instant now) { engine.unsubscribe(subscription, now); });
    EXPECT_TRUE(
        town.world.run_while_not([&] { return town.receivers(source, publisher).empty(); }, 5s));
  });
}

}  // namespace
}  // namespace kith::test
