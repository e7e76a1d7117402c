#include "routing/network_tag.hpp"

#include <gtest/gtest.h>

namespace kith::routing {
namespace {

NetworkTag tag(const char* endpoint, const Config& config = {}, const SipKey& key = {}) {
  return network_tag(*Endpoint::parse(endpoint), config, key);
}

TEST(NetworkTag, IsOneForA24OrA56) {
  EXPECT_EQ(tag("192.0.2.1:1"), tag("192.0.2.255:2"));
  EXPECT_NE(tag("192.0.2.1:1"), tag("192.0.3.1:1"));
  EXPECT_EQ(tag("[2001:db8:0:1::1]:1"), tag("[2001:db8:0:ff::2]:1"));
  EXPECT_NE(tag("[2001:db8:0:1::1]:1"), tag("[2001:db8:0:101::1]:1"));
}

TEST(NetworkTag, DependsOnTheKey) {
  EXPECT_NE(tag("192.0.2.1:1"), tag("192.0.2.1:1", {}, SipKey{1}));
}

TEST(NetworkTag, ExemptsLoopback) {
  EXPECT_EQ(tag("127.9.0.1:1"), kExemptNetwork);
  EXPECT_EQ(tag("[::1]:1"), kExemptNetwork);
  EXPECT_NE(tag("192.0.2.1:1"), kExemptNetwork);
}

TEST(NetworkTag, ExemptsWhatTheConfigurationNames) {
  Config config;
  config.networks_exempt = {{Endpoint::parse("10.16.0.0:1")->address(), 96 + 12},
                            {Endpoint::parse("[fd00::]:1")->address(), 8}};
  EXPECT_EQ(tag("10.16.0.1:1", config), kExemptNetwork);
  EXPECT_EQ(tag("10.31.255.1:1", config), kExemptNetwork);
  EXPECT_NE(tag("10.32.0.1:1", config), kExemptNetwork);
  EXPECT_EQ(tag("[fdff::1]:1", config), kExemptNetwork);
  EXPECT_NE(tag("[fe00::1]:1", config), kExemptNetwork);
}

}  // namespace
}  // namespace kith::routing
