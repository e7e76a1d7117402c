#include "overlay/asio/keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/store/store_samples.hpp"
#include "tests/overlay/store/store_tampering.hpp"

namespace kith::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// One that keeps a ticket, and what it logged as an error.
class KeeperOfOneTicket : public testing::Test {
 protected:
  KeeperOfOneTicket() {
    EXPECT_TRUE(keeper_.keep(
        overlay::StoreTicket{
            .hash = numbered(1), .uuid = {}, .terms = {}, .expires_at = kIssuedAt + kLife},
        kIssuedAt));
  }

  [[nodiscard]] bool is_good() { return keeper_.check(numbered(1), kIssuedAt).has_value(); }

  static constexpr std::chrono::hours kLife{1};

  StoreFolder folder_;
  std::string path_ = folder_ / "store";
  std::vector<std::string> complaints_;
  overlay::Keeper keeper_{path_, [this](LogLevel level, std::string_view line) {
                            if (level == LogLevel::error) complaints_.emplace_back(line);
                          }};
};

TEST_F(KeeperOfOneTicket, FindsIt) {
  EXPECT_TRUE(is_good());
  EXPECT_THAT(complaints_, ElementsAre());
}

TEST_F(KeeperOfOneTicket, SaysOnceThatTheStoreIsDamaged) {
  change(path_, "DROP TRIGGER tickets_update; UPDATE tickets SET expires_at = expires_at + 1");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_good());
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("is damaged")));
}

}  // namespace
}  // namespace kith::test
