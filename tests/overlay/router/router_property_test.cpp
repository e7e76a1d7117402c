#include <array>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/router/router.hpp"
#include "tests/overlay/village.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

constexpr std::uint16_t kFirstPeer = 10;

TEST(Router, GoesOnlyTowardsTheKey) {
  kith::test::for_each_seed(1000, [](SeededRandom& random) {
    test::Village village(random.next_u64());
    const auto count = static_cast<std::uint16_t>(1 + random.below(12));
    for (std::uint16_t i = 0; i < count; ++i) village.befriend(kFirstPeer + i);
    Router router({}, village.id(village.self), village.table, village.book, village.peers);
    std::array<Byte, Fingerprint::kBytes> bytes{};
    random.fill(bytes);
    const Fingerprint key(bytes);
    router.route({.key = key, .payload = encode_bare(MessageKind::trace)}, TimePoint{});
    const auto output = router.poll_output();
    ASSERT_TRUE(output);
    const Fingerprint& self = village.id(village.self);
    if (const auto* sent = std::get_if<RouterSend>(&*output)) {
      EXPECT_TRUE(is_closer(key, village.id(sent->peer), self));
    } else {
      for (const Peer& peer : village.peers.all())
        EXPECT_TRUE(is_closer(key, self, village.id(peer.contact)));
    }
  });
}

}  // namespace
}  // namespace kith::overlay
