#include "overlay/sim/latency.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "overlay/sim/wonder_home_data.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

Fingerprint id(std::uint64_t top) {
  std::array<Byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<Byte>(top >> (56 - 8 * i));
  return Fingerprint(bytes);
}

TEST(LatencyModel, FollowsTheRuleOfWonderHome) {
  // Computed from the rule by another program, and from the files themselves.
  const auto model = LatencyModel::wonder_home(wonder_round_trips(), home_access(), 1).value();
  EXPECT_EQ(model.one_way(id(0x1), id(0x2)), 86516us);
  EXPECT_EQ(model.one_way(id(0x123456789abcdef), id(0xfedcba9876543210)), 59717us);
  EXPECT_EQ(model.one_way(id(0xffffffffffffffff), id(0x0)), 59243us);
  EXPECT_EQ(model.place(id(1)).site, 113U);
  EXPECT_EQ(model.place(id(1)).access_us, 2646U);
}

TEST(LatencyModel, LeavesTheLastMileOutOfWonder) {
  const auto home = LatencyModel::wonder_home(wonder_round_trips(), home_access(), 7).value();
  const auto cities = LatencyModel::wonder(wonder_round_trips(), 7).value();
  const Place a = home.place(id(1));
  const Place b = home.place(id(2));
  EXPECT_EQ(cities.one_way(id(1), id(2)) + Duration(a.access_us + b.access_us),
            home.one_way(id(1), id(2)));
}

TEST(LatencyModel, HasThePublishedMean) {
  const auto model = LatencyModel::wonder_home(wonder_round_trips(), home_access(), 3).value();
  SeededRandom random(3);
  Duration sum{0};
  constexpr int kPairs = 20'000;
  for (int i = 0; i < kPairs; ++i)
    sum += model.one_way(id(random.next_u64()), id(random.next_u64()));
  EXPECT_NEAR(static_cast<double>((sum / kPairs).count()), 89'100, 1'000);
}

TEST(LatencyModel, IsTheSameInBothDirections) {
  const auto model = LatencyModel::wonder_home(wonder_round_trips(), home_access(), 3).value();
  SeededRandom random(4);
  for (int i = 0; i < 1000; ++i) {
    const Fingerprint a = id(random.next_u64());
    const Fingerprint b = id(random.next_u64());
    ASSERT_EQ(model.one_way(a, b), model.one_way(b, a));
  }
}

TEST(LatencyModel, PutsEverybodyAtTheSameDistanceIfConstant) {
  const auto model = LatencyModel::constant(20ms);
  EXPECT_EQ(model.one_way(id(1), id(2)), 20ms);
  EXPECT_EQ(model.one_way(id(3), id(4)), 20ms);
}

TEST(LatencyModel, RefusesAMatrixThatIsNotSquare) {
  const Bytes bytes(2 * 222 * 221);
  EXPECT_EQ(LatencyModel::wonder(bytes, 1).error(), Errc::out_of_range);
  EXPECT_EQ(LatencyModel::wonder({}, 1).error(), Errc::out_of_range);
  EXPECT_EQ(LatencyModel::wonder(Bytes(3), 1).error(), Errc::out_of_range);
}

TEST(LatencyModel, RefusesATableOfAnotherForm) {
  const Bytes matrix(2);
  std::string table = "q,one_way_us\n";
  for (int i = 0; i < 255; ++i) table += "0,1\n";
  EXPECT_EQ(LatencyModel::wonder_home(matrix, as_bytes(table), 1).error(), Errc::bad_text);
  EXPECT_TRUE(LatencyModel::wonder_home(matrix, as_bytes(table + "0,1"), 1));
  EXPECT_EQ(LatencyModel::wonder_home(matrix, as_bytes(table + "0,1x"), 1).error(), Errc::bad_text);
  EXPECT_EQ(LatencyModel::wonder_home(matrix, as_bytes(table + "0,\n"), 1).error(), Errc::bad_text);
}

}  // namespace
}  // namespace kith::sim
