#include "apps/batch_writer.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/failure.hpp"

namespace kith::apps {
namespace {

using Acknowledged = std::vector<std::pair<std::size_t, std::uint64_t>>;

/// A writer to a disk, which may be full.
struct Written : testing::Test {
  std::string disk;
  bool is_full = false;
  Acknowledged acknowledged;
  BatchWriter writer{[this](std::string_view text) {
                       // As much as there is room for.
                       disk += is_full ? text.substr(0, 1) : text;
                       if (is_full) throw Failure(ExitCode::error, "no space left");
                     },
                     [this](std::size_t subscription, std::uint64_t messages) {
                       acknowledged.emplace_back(subscription, messages);
                     }};
};

TEST_F(Written, IsAcknowledged) {
  writer.write({"abc", {2, 0, 1}});
  writer.write({"", {0, 0, 0}});
  writer.write({"d", {0, 1, 0}});
  EXPECT_EQ(disk, "abcd");
  EXPECT_EQ(acknowledged, (Acknowledged{{0, 2}, {2, 1}, {1, 1}}));
}

TEST_F(Written, IsNothingMoreAfterAWriteThatFailed) {
  writer.write({"a\n", {1}});
  is_full = true;
  EXPECT_THROW(writer.write({"lost\n", {1}}), Failure);
  // What is acknowledged now would be the message that was lost.
  is_full = false;
  writer.write({"next\n", {1}});
  EXPECT_EQ(disk, "a\nl");
  EXPECT_EQ(acknowledged, (Acknowledged{{0, 1}}));
}

}  // namespace
}  // namespace kith::apps
