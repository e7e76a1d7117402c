#include "overlay/relations/scope.hpp"

#include <cstdint>
#include <set>

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

std::set<int> allowed(const Scopes& scopes) {
  std::set<int> kinds;
  for (int kind = 0; kind <= UINT8_MAX; ++kind)
    if (allows(scopes, static_cast<MessageKind>(kind))) kinds.insert(kind);
  return kinds;
}

TEST(Scopes, OfAFreshSessionAreAJoinAndItsAnswers) {
  EXPECT_EQ(allowed({}), (std::set{1, 2, 3, 5}));
  EXPECT_EQ(allowed({.answers_queries = true}), (std::set{1, 2, 3, 5, 72}));
  EXPECT_EQ(allowed({.joining = true, .answers_queries = true}), (std::set{1, 2, 3, 5}));
}

TEST(Scopes, OfATicketAreTheFirstStepsOfARelationship) {
  EXPECT_EQ(allowed({.ticket = true, .answers_queries = true}), (std::set{64, 65, 66}));
}

TEST(Scopes, R63_OfRelatedNodesAreMessagesOnRelationshipsAndAJoin) {
  EXPECT_EQ(allowed({.related = true}), (std::set{1, 2, 3, 5, 67, 68, 69, 70, 71, 73}));
}

TEST(Scopes, OfAQueryIsTheReplyAlone) {
  EXPECT_EQ(allowed({.queried = true, .answers_queries = true}), (std::set{73}));
}

TEST(Scopes, OfAJoinedSessionAreAllKindsButThoseOfTicketsAndOfRoutedMessages) {
  const std::set<int> kinds = allowed({.joined = true, .answers_queries = true});
  for (const int kind : {1, 4, 6, 16, 17, 32, 38, 48, 54, 67, 70, 72, 73})
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  for (const int kind : {0, 7, 24, 25, 26, 39, 55, 64, 65, 66, 74, 255})
    EXPECT_FALSE(kinds.contains(kind)) << kind;
}

TEST(Scopes, AddUp) {
  const std::set<int> both = allowed({.joined = true, .related = true});
  EXPECT_TRUE(both.contains(16));
  EXPECT_TRUE(both.contains(67));
}

}  // namespace
}  // namespace kith::overlay
