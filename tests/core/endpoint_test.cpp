#include <kith/endpoint.hpp>

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

Endpoint endpoint(std::string_view text) { return Endpoint::parse(text).value(); }

TEST(Endpoint, ReadsAndPrintsBothFamilies) {
  for (const char* text : {"127.0.0.1:3141", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:3141",
                           "[2001:db8::ff00:42]:1", "[::]:0"})
    EXPECT_EQ(endpoint(text).to_string(), text);
}

TEST(Endpoint, KeepsIpv4InItsMappedForm) {
  const Endpoint v4 = Endpoint::v4({192, 0, 2, 1}, 80);
  EXPECT_EQ(to_hex(v4.address()), "00000000000000000000ffffc0000201");
  EXPECT_EQ(v4.port(), 80);
  EXPECT_EQ(endpoint("192.0.2.1:80"), v4);
  EXPECT_EQ(endpoint("[::ffff:192.0.2.1]:80"), v4);
  EXPECT_EQ(endpoint("[::ffff:192.0.2.1]:80").to_string(), "192.0.2.1:80");
}

TEST(Endpoint, RefusesWhatIsNotAnAddressAndAPort) {
  for (const char* bad : {"",
                          ":",
                          "127.0.0.1",
                          "127.0.0.1:",
                          ":80",
                          "127.0.0.1:65536",
                          "127.0.0.1:-1",
                          "127.0.0.1:+1",
                          "127.0.0.1: 80",
                          "127.0.0.1:80 ",
                          "127.0.0.1:080",
                          "127.0.0.1:0x50",
                          "127.1:80",
                          "127.0.0.01:80",
                          "127.0.0.256:80",
                          "localhost:80",
                          "::1:80",
                          "[::1]",
                          "[::1]:",
                          "[::1:80",
                          "[127.0.0.1]:80",
                          "[]:80",
                          "[:]:80",
                          "[fe80::1%lo]:80",
                          "tcp://127.0.0.1:80"})
    EXPECT_EQ(Endpoint::parse(bad), std::unexpected(Errc::bad_text)) << bad;
  using namespace std::string_view_literals;
  EXPECT_EQ(Endpoint::parse("127.0.0.1\0:80"sv), std::unexpected(Errc::bad_text));
  EXPECT_EQ(Endpoint::parse("[::1\0]:80"sv), std::unexpected(Errc::bad_text));
}

TEST(Endpoint, ReadsBackWhatItPrints) {
  test::for_each_seed(1000, [](Random& random) {
    std::array<Byte, 16> address{};
    random.fill(address);
    // Runs of zeros are what the text form abbreviates.
    const auto zeros = random.below(17);
    std::fill_n(address.begin(), zeros, Byte{0});
    if (random.below(4) == 0) std::fill(address.begin() + 10, address.begin() + 12, Byte{0xff});
    const Endpoint any(address, static_cast<std::uint16_t>(random.below(65'536)));
    EXPECT_EQ(Endpoint::parse(any.to_string()), any) << any.to_string();
  });
}

TEST(Endpoint, TellsLoopbackAndUnspecifiedApart) {
  EXPECT_TRUE(endpoint("127.255.0.1:1").is_loopback());
  EXPECT_TRUE(endpoint("[::1]:1").is_loopback());
  EXPECT_FALSE(endpoint("128.0.0.1:1").is_loopback());
  EXPECT_FALSE(endpoint("[::2]:1").is_loopback());
  EXPECT_TRUE(endpoint("0.0.0.0:1").is_unspecified());
  EXPECT_TRUE(endpoint("[::]:1").is_unspecified());
  EXPECT_TRUE(Endpoint().is_unspecified());
  EXPECT_FALSE(endpoint("0.0.0.1:1").is_unspecified());
  EXPECT_FALSE(endpoint("[::1]:1").is_unspecified());
}

TEST(Endpoint, CutsTheAddressToTheNetworkOfItsOperator) {
  EXPECT_EQ(endpoint("192.0.2.1:1").network(), endpoint("192.0.2.255:9").network());
  EXPECT_NE(endpoint("192.0.2.1:1").network(), endpoint("192.0.3.1:1").network());
  EXPECT_EQ(endpoint("[2001:db8:0:0::1]:1").network(), endpoint("[2001:db8:0:ff::2]:1").network());
  EXPECT_NE(endpoint("[2001:db8:0:0::1]:1").network(), endpoint("[2001:db8:0:100::1]:1").network());
}

}  // namespace
}  // namespace kith
