#include "routing/network_tag.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

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

using Address = std::array<Byte, 16>;

/// An address as a text of 128 zeros and ones.
std::string bits_of(const Address& address) {
  std::string bits;
  for (const Byte byte : address)
    for (int bit = 7; bit >= 0; --bit) bits += (byte >> bit & 1) != 0 ? '1' : '0';
  return bits;
}

const std::string kMapped = std::string(80, '0') + std::string(16, '1');

/// The bits that say which network it is: 24 of an IPv4 address, 56 of another.
std::string network_bits(const Address& address) {
  const std::string bits = bits_of(address);
  return bits.substr(0, bits.starts_with(kMapped) ? 96 + 24 : 56);
}

bool is_exempt(const Address& address, const Config& config) {
  const std::string bits = bits_of(address);
  if (bits.starts_with(kMapped + "01111111") || bits == std::string(127, '0') + '1') return true;
  return std::ranges::any_of(config.networks_exempt, [&](const AddressRange& range) {
    const auto prefix_bits = static_cast<std::size_t>(range.prefix_bits);
    return bits.starts_with(bits_of(range.address).substr(0, prefix_bits));
  });
}

void flip(Address& address, std::size_t bit) {
  address[bit / 8] = static_cast<Byte>(address[bit / 8] ^ (0x80 >> bit % 8));
}

/// Half of them IPv4; some of the others begin with zeros, as those do.
Address some_address(Random& random) {
  Address address{};
  random.fill(address);
  const std::uint64_t kind = random.below(4);
  if (kind < 2) {
    std::fill_n(address.begin(), 10, Byte{0});
    std::fill_n(address.begin() + 10, 2, Byte{0xff});
  } else if (kind == 2) {
    std::fill_n(address.begin(), random.below(17), Byte{0});
  }
  return address;
}

/// Differs from `address` in one bit, or from one bit on; most often near the end of a network.
Address neighbour_of(const Address& address, Random& random) {
  Address other = address;
  std::size_t bit = random.below(128);
  if (random.below(3) == 0) bit = 48 + random.below(16);
  if (random.below(3) == 0) bit = 112 + random.below(16);
  flip(other, bit);
  if (random.below(2) == 0) return other;
  for (++bit; bit < 128; ++bit)
    if (random.below(2) == 0) flip(other, bit);
  return other;
}

TEST(NetworkTag, IsThatOfThePrefixBitByBit) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    SipKey key{};
    random.fill(key);
    for (int pair = 0; pair < 16; ++pair) {
      const Address one = some_address(random);
      const Address other = neighbour_of(one, random);
      Config config;
      if (pair % 2 == 1)
        config.networks_exempt = {{neighbour_of(one, random), static_cast<int>(random.below(129))}};
      const NetworkTag ones = network_tag({one, 1}, config, key);
      const NetworkTag others = network_tag({other, 2}, config, key);
      SCOPED_TRACE(bits_of(one) + " and " + bits_of(other));
      EXPECT_EQ(ones == kExemptNetwork, is_exempt(one, config));
      EXPECT_EQ(others == kExemptNetwork, is_exempt(other, config));
      if (ones == kExemptNetwork || others == kExemptNetwork) continue;
      EXPECT_EQ(ones == others, network_bits(one) == network_bits(other));
    }
  });
}

TEST(NetworkTag, IsOneForAnIPv4AddressAndItsMappedForm) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    std::array<Byte, 4> v4{};
    random.fill(v4);
    const Address mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, v4[0], v4[1], v4[2], v4[3]};
    EXPECT_EQ(network_tag(Endpoint::v4(v4, 1), {}, {}), network_tag({mapped, 2}, {}, {}));
  });
}

}  // namespace
}  // namespace kith::routing
