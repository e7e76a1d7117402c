#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include <gtest/gtest.h>
#include <kith/node.hpp>

#include "overlay/asio/keys.hpp"

namespace kith::test {
namespace {

bool is_zero(const auto& bytes) {
  return std::ranges::all_of(bytes, [](Byte byte) { return byte == 0; });
}

TEST(NodeKeysInMemory, AreWipedAtTheirEnd) {
  alignas(NodeKeys) std::array<Byte, sizeof(NodeKeys)> place{};
  auto* keys = new (place.data()) NodeKeys(NodeKeys::generate());
  EXPECT_FALSE(is_zero(keys->node_seed));
  EXPECT_FALSE(is_zero(keys->static_seed));
  std::destroy_at(keys);
  EXPECT_TRUE(is_zero(place));
}

TEST(SeedsWiped, AreThoseOfAConfiguration) {
  NodeConfig config;
  config.keys = NodeKeys::generate();
  config.identity_seed = NodeKeys::generate().node_seed;
  config.further_identity_seeds = {NodeKeys::generate().node_seed, NodeKeys::generate().node_seed};
  {
    const overlay::SeedsWiped wiped(config);
  }
  EXPECT_FALSE(config.keys.has_value());
  EXPECT_TRUE(is_zero(*config.identity_seed));
  for (const auto& seed : config.further_identity_seeds) EXPECT_TRUE(is_zero(seed));
}

}  // namespace
}  // namespace kith::test
