#include <kith/address.hpp>

#include <gtest/gtest.h>

#include <string>

namespace kith {
namespace {

const std::string kName(52, 'a');

TEST(Address, HasAHostAndAPort) {
  const auto address = Address::parse("example.org:99").value();
  EXPECT_FALSE(address.node);
  EXPECT_EQ(address.host, "example.org");
  EXPECT_EQ(address.port, 99);
  EXPECT_EQ(Address::parse("tcp://example.org:99"), address);
}

TEST(Address, MayNameTheNode) {
  const auto address = Address::parse("kith://" + kName + "@127.0.0.1:3141").value();
  EXPECT_EQ(address.node, Fingerprint::parse(kName).value());
  EXPECT_EQ(address.host, "127.0.0.1");
}

TEST(Address, MayLeaveTheNodeOpen) {
  for (const std::string text : {"tcp://127.0.0.1:3141", "127.0.0.1:3141"})
    EXPECT_FALSE(Address::parse(text).value().node) << text;
}

TEST(Address, HasADefaultPort) {
  EXPECT_EQ(Address::parse("example.org")->port, kDefaultPort);
  EXPECT_EQ(Address::parse("[::1]")->port, kDefaultPort);
}

TEST(Address, PutsIpv6InBrackets) {
  const auto address = Address::parse("tcp://[2001:db8::1]:0").value();
  EXPECT_EQ(address.host, "2001:db8::1");
  EXPECT_EQ(address.port, 0);
  EXPECT_EQ(address.to_string(), "tcp://[2001:db8::1]:0");
}

TEST(Address, IsReadAsItIsWritten) {
  for (const std::string& text :
       {std::string("tcp://example.org:1"), std::string("tcp://[::1]:65535"),
        "kith://" + kName + "@[::1]:3141", "kith://" + kName + "@some_host-1.example:80"})
    EXPECT_EQ(Address::parse(text)->to_string(), text);
}

TEST(Address, IsRefusedInAnyOtherForm) {
  for (const std::string& text : {std::string(),
                                  std::string(":1"),
                                  std::string("tcp://"),
                                  std::string("tcp://:1"),
                                  std::string("host:"),
                                  std::string("host:65536"),
                                  std::string("host:-1"),
                                  std::string("host:1x"),
                                  std::string("host:1:2"),
                                  std::string("::1"),
                                  std::string("[::1"),
                                  std::string("[::1]x"),
                                  std::string("[]:1"),
                                  std::string("ho st:1"),
                                  std::string("http://host:1"),
                                  std::string("kith://@host:1"),
                                  std::string("kith://host:1"),
                                  "kith://" + kName,
                                  std::string("--join"),
                                  std::string("[fe80::1%eth0]:1"),
                                  std::string("kith://nobody@host:1"),
                                  "tcp://" + kName + "@host:1",
                                  std::string("host\0:1", 7),
                                  std::string(254, 'a')})
    EXPECT_EQ(Address::parse(text).error(), Errc::bad_text) << text;
}

}  // namespace
}  // namespace kith
