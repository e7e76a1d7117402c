#include <chrono>
#include <utility>

#include <gtest/gtest.h>

#include "core/noise/ephemeral_pool.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/engine_lab.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::kSource;
using test::TestNode;

/// Counts the key pairs that are made.
struct CountingDh final : crypto::DiffieHellman {
  [[nodiscard]] crypto::DhPublicKey public_key(const crypto::DhSecretKey& secret) const override {
    ++made;
    return sim::simulated_primitives().dh->public_key(secret);
  }
  [[nodiscard]] Result<crypto::SharedSecret> agree(
      const crypto::DhSecretKey& ours, const crypto::DhPublicKey& theirs) const override {
    return sim::simulated_primitives().dh->agree(ours, theirs);
  }

  mutable int made = 0;
};

TEST(EngineEphemerals, AreMadeBeforeAnybodyKnocks) {
  const CountingDh dh;
  crypto::Primitives primitives = sim::simulated_primitives();
  primitives.dh = &dh;
  TestNode stranger{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  EngineLab lab;
  EngineLab::Node& node =
      lab.add(1, [&](EngineConfig& config) { config.primitives = &primitives; });
  lab.pass(1h);
  const int made = dh.made;
  EXPECT_GT(made, 0);
  EXPECT_LE(made, static_cast<int>(noise::EphemeralPool::kPairsMax));
  DialTarget target;
  target.node = node.engine->id();
  EngineLab::Stranger& dialer =
      lab.knock(node, kSource,
                Session::dial(stranger.local, std::move(target), test::default_config(),
                              stranger.random, lab.now));
  lab.pass(15ms);
  EXPECT_EQ(dh.made, made);
  lab.pass(1s);
  EXPECT_TRUE(dialer.party->opened());
}

TEST(EngineEphemerals, AreNotMadeWhereNobodyListens) {
  const CountingDh dh;
  crypto::Primitives primitives = sim::simulated_primitives();
  primitives.dh = &dh;
  EngineLab lab;
  EngineLab::Node& node =
      lab.add(1, [&](EngineConfig& config) { config.primitives = &primitives; });
  node.engine->set_endpoints({}, lab.now);
  lab.pass(1h);
  EXPECT_EQ(dh.made, 0);
}

}  // namespace
}  // namespace kith::overlay
