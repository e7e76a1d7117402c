#include "overlay/exchange/channel_table.hpp"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

TEST(ChannelTable, FindsWhatItHolds) {
  ChannelTable<int> table;
  const ChannelNumber one = table.add(std::make_unique<int>(1));
  const ChannelNumber two = table.add(std::make_unique<int>(2));
  EXPECT_EQ(table.at(one), 1);
  EXPECT_EQ(table.at(two), 2);
  EXPECT_EQ(table.size(), 2U);
}

TEST(ChannelTable, NeverGivesANumberTwice) {
  ChannelTable<int> table;
  std::set<ChannelNumber> given;
  for (int i = 0; i < 100; ++i) {
    const ChannelNumber number = table.add(std::make_unique<int>(i));
    EXPECT_TRUE(given.insert(number).second);
    if (i % 3 != 0) table.remove(number);
  }
}

TEST(ChannelTable, KnowsWhichNumbersItGave) {
  ChannelTable<int> table;
  EXPECT_FALSE(table.was_given(ChannelNumber{0}));
  const ChannelNumber first = table.add(std::make_unique<int>(1));
  table.remove(first);
  EXPECT_TRUE(table.was_given(first));
  EXPECT_EQ(table.find(first), nullptr);
  // The same place, taken a second time, and a third time that is still to come.
  const ChannelNumber second = table.add(std::make_unique<int>(2));
  const std::uint64_t turn = std::to_underlying(second) - std::to_underlying(first);
  EXPECT_TRUE(table.was_given(second));
  EXPECT_FALSE(table.was_given(ChannelNumber{std::to_underlying(second) + turn}));
  EXPECT_FALSE(table.was_given(ChannelNumber{1}));
}

TEST(ChannelTable, VisitsInTheOrderOfPlaces) {
  ChannelTable<int> table;
  std::vector<ChannelNumber> numbers;
  for (int i = 0; i < 4; ++i) numbers.push_back(table.add(std::make_unique<int>(i)));
  table.remove(numbers[1]);
  (void)table.add(std::make_unique<int>(9));
  std::vector<int> seen;
  table.for_each([&](int value) { seen.push_back(value); });
  EXPECT_EQ(seen, (std::vector{0, 9, 2, 3}));
}

}  // namespace
}  // namespace kith::overlay
