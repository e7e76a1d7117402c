#include "overlay/membership/recent.hpp"

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

const Fingerprint kNode({1});
const Fingerprint kOther({2});

TEST(RecentlySeen, SeesATokenForTheFirstTimeOnce) {
  RecentlySeen seen(2);
  EXPECT_TRUE(seen.add(kNode, {1}));
  EXPECT_FALSE(seen.add(kNode, {1}));
  EXPECT_TRUE(seen.add(kNode, {2}));
}

TEST(RecentlySeen, TellsNodesApartThatUseOneUuid) {
  RecentlySeen seen(2);
  EXPECT_TRUE(seen.add(kOther, {1}));
  EXPECT_TRUE(seen.add(kNode, {1}));
  seen.forget(kOther, {1});
  EXPECT_FALSE(seen.add(kNode, {1}));
}

TEST(RecentlySeen, ForgetsTheOldestFirst) {
  RecentlySeen seen(2);
  for (const Byte uuid : {Byte{1}, Byte{2}, Byte{3}}) EXPECT_TRUE(seen.add(kNode, {uuid}));
  EXPECT_FALSE(seen.add(kNode, {2}));
  EXPECT_TRUE(seen.add(kNode, {1}));
}

TEST(RecentlySeen, RemembersFromItsReturnWhatItForgot) {
  RecentlySeen seen(2);
  EXPECT_TRUE(seen.add(kNode, {1}));
  seen.forget(kNode, {1});
  EXPECT_TRUE(seen.add(kNode, {2}));
  EXPECT_TRUE(seen.add(kNode, {1}));
  EXPECT_TRUE(seen.add(kNode, {3}));
  EXPECT_FALSE(seen.add(kNode, {1}));
}

}  // namespace
}  // namespace kith::overlay
