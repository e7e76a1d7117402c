#include "routing/distance_order.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::World;

std::vector<ContactIndex> naive_order(const World& world, const std::set<ContactIndex>& listed,
                                      const Fingerprint& key) {
  std::vector<ContactIndex> sorted(listed.begin(), listed.end());
  std::ranges::sort(sorted, [&](ContactIndex a, ContactIndex b) {
    return distance(world.id(a), key) < distance(world.id(b), key);
  });
  return sorted;
}

TEST(DistanceOrder, VisitsEveryContactInOrderOfDistanceToAnyKey) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    World world(random, {.pool = 100});
    DistanceOrder order(world.book, world.self);
    std::set<ContactIndex> listed;
    for (int step = 0; step < 100; ++step) {
      const ContactIndex contact = world.any_contact();
      if (auto at = order.find(contact)) {
        if (random.below(3) == 0) {
          order.erase(*at);
          listed.erase(contact);
        }
      } else {
        order.insert(contact);
        listed.insert(contact);
      }
      if (step % 10 != 0) continue;
      const Fingerprint key = world.any_key();
      std::vector<ContactIndex> visited;
      order.visit_closest(order.target(key), [&](DistanceOrder::Position at) {
        visited.push_back(order[at]);
        return true;
      });
      ASSERT_EQ(visited, naive_order(world, listed, key));
    }
  });
}

TEST(DistanceOrder, ListsTheNearestToTheOriginFirst) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    World world(random, {.pool = 40});
    DistanceOrder order(world.book, world.self);
    for (ContactIndex contact : world.pool) order.insert(contact);
    const std::set<ContactIndex> listed(world.pool.begin(), world.pool.end());
    const auto expected = naive_order(world, listed, world.id(world.self));
    const Fingerprint stranger = world.any_key();
    std::size_t nearer = 0;
    for (std::size_t at = 0; at < expected.size(); ++at) {
      ASSERT_EQ(order[at], expected[at]);
      ASSERT_EQ(order.find(expected[at]), at);
      if (is_closer(world.id(world.self), world.id(expected[at]), stranger)) ++nearer;
    }
    ASSERT_EQ(order.rank(stranger), nearer);
  });
}

TEST(DistanceOrder, FindsEverySlotAsOneRange) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    World world(random, {.pool = 60});
    DistanceOrder order(world.book, world.self);
    for (ContactIndex contact : world.pool) order.insert(contact);
    const Slot sought = world.slot(world.id(world.any_contact()));
    const Slot other{static_cast<std::uint16_t>(random.below(256)),
                     static_cast<std::uint16_t>(random.below(16))};
    for (const Slot slot : {sought, other}) {
      const auto range = order.slot_range(slot, 4);
      for (std::size_t at = 0; at < order.size(); ++at) {
        const bool inside = at >= range.first && at < range.last;
        ASSERT_EQ(inside, world.slot(world.id(order[at])) == slot);
      }
    }
  });
}

TEST(DistanceOrder, StopsVisitingWhenTold) {
  SeededRandom random(1);
  World world(random, {.pool = 60});
  DistanceOrder order(world.book, world.self);
  for (ContactIndex contact : world.pool) order.insert(contact);
  int visited = 0;
  const Fingerprint key = world.any_key();
  order.visit_closest(order.target(key), [&](DistanceOrder::Position) { return ++visited < 11; });
  EXPECT_EQ(visited, 11);
}

}  // namespace
}  // namespace kith::routing
