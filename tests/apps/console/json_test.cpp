#include "apps/console/json.hpp"

#include <gtest/gtest.h>
#include <boost/json/object.hpp>

namespace kith::apps {
namespace {

TEST(ToBase64, WritesWhatTheRfcWrites) {
  // RFC 4648 §10.
  EXPECT_EQ(to_base64(as_bytes("")), "");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(to_base64(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(to_base64(as_bytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_base64(Bytes{0xFB, 0xFF, 0xFE}), "+//+");
}

TEST(AddPayload, ShowsTextAsText) {
  boost::json::object object;
  add_payload(object, as_bytes("größer"));
  EXPECT_EQ(object.at("encoding"), "utf-8");
  EXPECT_EQ(object.at("payload"), "größer");
}

TEST(AddPayload, ShowsOtherBytesInBase64) {
  boost::json::object object;
  add_payload(object, Bytes{0xFF, 0x00});
  EXPECT_EQ(object.at("encoding"), "base64");
  EXPECT_EQ(object.at("payload"), "/wA=");
}

}  // namespace
}  // namespace kith::apps
