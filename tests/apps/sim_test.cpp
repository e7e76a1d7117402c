#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kSmall{"sim",      "route", "--nodes", "40",
                                      "--probes", "200",   "--rest",  "60"};

std::vector<std::string> small_with(std::vector<std::string> more) {
  more.insert(more.begin(), kSmall.begin(), kSmall.end());
  return more;
}

TEST(SimRoute, GivesItsFiguresAsNestedObjects) {
  const Finished finished = run_kith(small_with({"--json"}));
  ASSERT_EQ(finished.code, 0) << finished.error;
  const auto result = boost::json::parse(finished.output).as_object();
  EXPECT_EQ(result.at("nodes").to_number<int>(), 40);
  EXPECT_EQ(result.at("answered").to_number<int>(), 200);
  EXPECT_GT(result.at("hops").as_object().at("mean").to_number<double>(), 0);
  EXPECT_GE(result.at("hops").as_object().at("p99").to_number<int>(), 1);
  EXPECT_GE(result.at("stretch").as_object().at("mean").to_number<double>(), 0.5);
  EXPECT_GT(result.at("sessions").as_object().at("mean").to_number<double>(), 10);
  EXPECT_EQ(result.at("agreement").to_number<double>(), 1);
  EXPECT_EQ(result.at("loss_per_million").to_number<int>(), 0);
  const auto& minutes = result.at("trace_minutes").as_array();
  ASSERT_EQ(minutes.size(), 1U);
  EXPECT_EQ(minutes[0].as_string().size(), result.at("trace_hash").as_string().size());
  EXPECT_EQ(finished.error, "");
}

TEST(SimRoute, IsTheSameForTheSameSeedAndPrimitives) {
  const auto hash = [](std::vector<std::string> more) {
    more.emplace_back("--json");
    const auto result = boost::json::parse(run_kith(small_with(std::move(more))).output);
    return std::string(result.as_object().at("trace_hash").as_string());
  };
  EXPECT_EQ(hash({"--seed", "5"}), hash({"--seed", "5"}));
  EXPECT_NE(hash({"--seed", "5"}), hash({"--seed", "6"}));
}

TEST(SimRoute, LosesAsManySegmentsAsItIsTold) {
  const Finished finished = run_kith(small_with({"--json", "--loss", "5000"}));
  ASSERT_EQ(finished.code, 0) << finished.error;
  const auto result = boost::json::parse(finished.output).as_object();
  EXPECT_EQ(result.at("loss_per_million").to_number<int>(), 5'000);
  EXPECT_EQ(result.at("answered").to_number<int>(), 200);
  EXPECT_NE(run_kith(small_with({"--loss", "500001"})).code, 0);
}

TEST(SimRoute, ShowsATableToPeople) {
  const Finished finished = run_kith(small_with({"--underlay", "constant"}));
  EXPECT_EQ(finished.code, 0);
  for (const char* row : {"40 on constant, 0 % of segments lost", "hops", "latency stretch",
                          "sessions per node", "agreement"})
    EXPECT_THAT(finished.output, HasSubstr(row));
}

}  // namespace
}  // namespace kith::test
