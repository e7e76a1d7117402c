#include "overlay/sim/live_members.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

/// Ids that differ in few places, so that prefixes of every length are shared.
Fingerprint crowded_id(Random& random) {
  std::array<Byte, 32> bytes{};
  for (int flips = 0; flips < 4; ++flips) {
    const std::uint64_t bit = random.below(2) == 0 ? random.below(8) : random.below(256);
    bytes[bit / 8] |= static_cast<Byte>(1U << bit % 8);
  }
  return Fingerprint(bytes);
}

TEST(LiveMembers, KnowsNobodyWhenEmpty) { EXPECT_FALSE(LiveMembers().closest(Fingerprint())); }

TEST(LiveMembers, FindsTheClosestAsALinearSearchDoes) {
  test::for_each_seed(1000, [](Random& random) {
    LiveMembers members;
    std::vector<Fingerprint> ids;
    for (std::uint64_t count = 1 + random.below(40); count > 0; --count) {
      const Fingerprint id = crowded_id(random);
      if (std::ranges::find(ids, id) != ids.end()) continue;
      members.add(id, static_cast<std::uint32_t>(ids.size()));
      ids.push_back(id);
    }
    std::vector<bool> is_alive(ids.size(), true);
    while (members.size() > 1) {
      const Fingerprint key = crowded_id(random);
      std::size_t best = ids.size();
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (is_alive[i] && (best == ids.size() || is_closer(key, ids[i], ids[best]))) best = i;
      }
      ASSERT_EQ(members.closest(key), best);
      members.remove(ids[best]);
      is_alive[best] = false;
    }
  });
}

}  // namespace
}  // namespace kith::sim
