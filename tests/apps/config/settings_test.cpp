#include "apps/config/settings.hpp"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kith/policy.hpp>

namespace kith::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kFingerprint(52, 'a');

std::expected<void, Complaint> set(Settings& settings, std::string_view name,
                                   std::vector<std::string> values) {
  return apply({.setting = find_setting(name), .values = std::move(values), .origin = "here"},
               settings);
}

TEST(Settings, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Setting& setting : all_settings()) EXPECT_TRUE(names.insert(setting.name).second);
  EXPECT_EQ(find_setting("nothing"), nullptr);
}

TEST(Settings, StayAsTheyWereWhenAValueIsNoGood) {
  Settings settings;
  ASSERT_TRUE(set(settings, "join", {"tcp://a"}));
  const auto refused = set(settings, "join", {"tcp://b", "not an address"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("here must be an address"));
  EXPECT_THAT(settings.join, ElementsAre("tcp://a"));
}

TEST(Settings, RefuseTwoValuesWhereOneIsMeant) {
  Settings settings;
  EXPECT_FALSE(set(settings, "policy", {"open", "known"}));
  EXPECT_FALSE(set(settings, "policy", {}));
}

TEST(Settings, RefuseToListenForSomebodyElse) {
  Settings settings;
  EXPECT_FALSE(set(settings, "listen", {"kith://" + kFingerprint + "@127.0.0.1:1"}));
}

TEST(Settings, FitTogether) {
  Settings settings;
  EXPECT_TRUE(check_together(settings));
  ASSERT_TRUE(set(settings, "known", {kFingerprint}));
  EXPECT_FALSE(check_together(settings));
  ASSERT_TRUE(set(settings, "policy", {"known"}));
  EXPECT_TRUE(check_together(settings));
}

TEST(Settings, SayWhomToAnswer) {
  Settings settings;
  ASSERT_TRUE(set(settings, "profile", {"private"}));
  EXPECT_EQ(settings.profile, Profile::acquainted);
  EXPECT_FALSE(set(settings, "profile", {"secret"}));
  ASSERT_TRUE(set(settings, "accept", {"H,S,O,C,I,N"}));
  EXPECT_EQ(settings.accept, "HSOCIN");
  ASSERT_TRUE(set(settings, "accept", {"N"}));
  EXPECT_EQ(settings.accept, "N");
  ASSERT_TRUE(set(settings, "accept", {"I,K"}));
  EXPECT_EQ(settings.accept, "IK");
  ASSERT_TRUE(set(settings, "accept", {"N"}));
  for (const char* text : {"", ",", "H,", "HS", "H,H", "n", "Z"})
    EXPECT_FALSE(set(settings, "accept", {text})) << text;
  EXPECT_EQ(settings.accept, "N");
}

Assignment said(std::string_view name, std::string value) {
  return {.setting = find_setting(name), .values = {std::move(value)}, .origin = "here"};
}

TEST(Settings, TakeALaterProfileInPlaceOfTheFlowsThatWereNamedBefore) {
  Settings settings;
  ASSERT_TRUE(apply_source(std::vector{said("accept", "H,C")}, settings));
  ASSERT_TRUE(apply_source(std::vector{said("profile", "stealth")}, settings));
  EXPECT_EQ(settings.profile, Profile::stealth);
  EXPECT_EQ(settings.accept, "");
}

TEST(Settings, KeepTheFlowsThatAreNamedWithAProfileOrAfterIt) {
  Settings settings;
  ASSERT_TRUE(apply_source(std::vector{said("accept", "C"), said("profile", "private")}, settings));
  EXPECT_EQ(settings.accept, "C");
  ASSERT_TRUE(apply_source(std::vector{said("accept", "I")}, settings));
  EXPECT_EQ(settings.profile, Profile::acquainted);
  EXPECT_EQ(settings.accept, "I");
}

TEST(Settings, TakeALaterPolicyInPlaceOfWhomWasKnownBefore) {
  Settings settings;
  ASSERT_TRUE(
      apply_source(std::vector{said("known", kFingerprint), said("policy", "known")}, settings));
  EXPECT_TRUE(check_together(settings));
  ASSERT_TRUE(apply_source(std::vector{said("policy", "open")}, settings));
  EXPECT_THAT(settings.known, testing::IsEmpty());
  EXPECT_TRUE(check_together(settings));
}

TEST(Settings, KnowMoreByALaterSourceThatLeavesThePolicyAsItIs) {
  Settings settings;
  ASSERT_TRUE(apply_source(std::vector{said("policy", "known")}, settings));
  ASSERT_TRUE(apply_source(std::vector{said("known", kFingerprint)}, settings));
  EXPECT_EQ(settings.policy, PolicyName::known);
  EXPECT_EQ(settings.known.size(), 1U);
}

TEST(Settings, KnowWhichRealmALeaderLeads) {
  Settings settings;
  ASSERT_TRUE(set(settings, "realm-leader", {kFingerprint}));
  EXPECT_TRUE(check_together(settings));
  settings.realm = realm_of(*settings.realm_leader);
  EXPECT_TRUE(check_together(settings));
  ASSERT_TRUE(set(settings, "realm", {kFingerprint}));
  EXPECT_FALSE(check_together(settings));
}

TEST(ParseDuration, KnowsUnits) {
  using std::chrono_literals::operator""ms;
  using std::chrono_literals::operator""s;
  EXPECT_EQ(parse_duration("10"), Duration(10s));
  EXPECT_EQ(parse_duration("0.5"), Duration(500ms));
  EXPECT_EQ(parse_duration("200ms"), Duration(200ms));
  EXPECT_EQ(parse_duration("10s"), Duration(10s));
  EXPECT_EQ(parse_duration("2m"), Duration(120s));
  EXPECT_EQ(parse_duration("1h"), Duration(3600s));
}

TEST(ParseDuration, RefusesWhatIsNoTime) {
  for (const char* text : {"", "s", "x", "-1", "0", "10 s", "1d", "nan", "inf", "1e3", "0x10",
                           "0.0001", "2592001", "721h", "1s "})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace kith::apps
