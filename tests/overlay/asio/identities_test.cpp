// Several identities at one node.

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <kith/node.hpp>

#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

using test::Heard;
using test::kPatience;
using test::on_loopback;

TEST(NodeIdentities, R39_SendEachForItself) {
  const NodeKeys ada = NodeKeys::generate();
  NodeConfig config = on_loopback();
  config.further_identity_seeds = {ada.node_seed};
  Node node(std::move(config));
  Node receiver(on_loopback(node.addresses()));

  Heard heard;
  const auto subscription = receiver.subscribe("news", [&](const Message& message) {
    heard.add(message.sender.to_string() + " " + std::string(message.text()));
  });
  auto of_ada = node.publisher("news", {.identity = ada.identity()});
  auto of_node = node.publisher("news");
  ASSERT_TRUE(of_ada.wait_for_match(kPatience));
  ASSERT_TRUE(of_node.wait_for_match(kPatience));
  ASSERT_TRUE(of_ada.publish("from ada"));
  ASSERT_TRUE(of_node.publish("from the node"));
  EXPECT_TRUE(heard.wait_for(ada.identity().to_string() + " from ada"));
  EXPECT_TRUE(heard.wait_for(node.status().identity.to_string() + " from the node"));
}

TEST(NodeIdentities, AreRefusedWithASentenceIfTheyAreNotTheNodes) {
  Node node(on_loopback());
  const Fingerprint stranger = NodeKeys::generate().identity();
  try {
    const auto publisher = node.publisher("news", {.identity = stranger});
    FAIL();
  } catch (const StartError& error) {
    const std::string_view said = error.what();
    EXPECT_TRUE(said.contains("none of this node's identities")) << said;
    EXPECT_TRUE(said.contains(stranger.to_string())) << said;
  }
  // Named or not, its own is the same.
  const auto publisher = node.publisher("news", {.identity = node.status().identity});
  EXPECT_THROW((void)node.publisher("news"), StartError);
}

TEST(NodeIdentities, MayNotUseTheOverlaysOwnSubjects) {
  Node node(on_loopback());
  try {
    const auto publisher = node.publisher("kith/realm-leader");
    FAIL();
  } catch (const StartError& error) {
    EXPECT_TRUE(std::string_view(error.what()).contains("for the overlay itself"));
  }
  EXPECT_THROW((void)node.subscribe("kith/x", [](const Message&) {}), StartError);
}

}  // namespace
}  // namespace kith
