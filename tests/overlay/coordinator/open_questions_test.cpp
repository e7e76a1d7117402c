#include "overlay/coordinator/open_questions.hpp"

#include <chrono>
#include <optional>

#include <gtest/gtest.h>

#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

struct OpenQuestionsTest : testing::Test {
  using Id = OpenQuestions::Id;

  /// A question about what `who` declares so much later than at the start.
  OpenQuestions::Question about(const Actor& who, Duration later = {}) const {
    const Actor::Wish wish{.subject = subject, .at = kStart.wall + later};
    return {.from = std::nullopt,
            .peer = neighbour,
            .message = {who.peer_intent(wish)},
            .provenance = {},
            .forget_at = kStart.time + later};
  }
  static const IntentToken& intent_of(const OpenQuestions::Question& question) {
    return question.message.peer.intent;
  }

  SeededRandom random{3};
  Actor ada{random};
  Actor bob{random};
  Fingerprint subject = random_fingerprint(random);
  Fingerprint neighbour = random_fingerprint(random);
  OpenQuestions open;
};

TEST_F(OpenQuestionsTest, FindOneAboutAnEarlierIntentOfTheSameKey) {
  open.add(Id{1}, about(bob));
  open.add(Id{2}, about(ada, 3s));
  EXPECT_FALSE(open.earlier_than(intent_of(about(ada, 2s))));
  EXPECT_FALSE(open.earlier_than(intent_of(about(ada, 3s))));
  EXPECT_EQ(open.earlier_than(intent_of(about(ada, 4s))), Id{2});
  open.add(Id{3}, about(ada, 1s));
  EXPECT_EQ(open.earlier_than(intent_of(about(ada, 2s))), Id{3});
  open.sanity_check();
}

TEST_F(OpenQuestionsTest, CountForTheirIdentityTheirNodeAndThePeerThatBroughtThem) {
  open.add(Id{1}, about(ada));
  open.add(Id{2}, about(ada, 1s));
  open.add(Id{3}, about(bob));
  EXPECT_EQ(open.most_of_one(about(bob)), 3U) << "of the peer";
  auto from_elsewhere = about(ada);
  from_elsewhere.peer.reset();
  EXPECT_EQ(open.most_of_one(from_elsewhere), 2U) << "of the identity";
  ASSERT_TRUE(open.take(Id{1}));
  EXPECT_FALSE(open.take(Id{1}));
  EXPECT_EQ(open.most_of_one(from_elsewhere), 1U);
  open.sanity_check();
}

TEST_F(OpenQuestionsTest, AreForgottenWhenTheirTimeIsOver) {
  open.add(Id{1}, about(ada, 1s));
  open.add(Id{2}, about(bob, 2s));
  open.forget_due(kStart.time + 1s);
  EXPECT_EQ(open.size(), 1U);
  EXPECT_FALSE(open.take(Id{1}));
  EXPECT_FALSE(open.earlier_than(intent_of(about(ada, 2s))));
  EXPECT_EQ(open.most_of_one(about(ada)), 1U);
  open.sanity_check();
}

}  // namespace
}  // namespace kith::overlay::test
