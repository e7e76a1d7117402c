#include "overlay/membership/judgement.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "tests/overlay/membership/realm.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::after;
using test::kStart;
using test::signatures;

struct JudgementTest : testing::Test {
  test::Realm realm;
  const Joiner joiner{test::random_fingerprint(realm.random),
                      test::random_fingerprint(realm.random)};
  const crypto::SigningPublicKey key = realm.leader.identity_key.public_key;
};

TEST_F(JudgementTest, IsReadAsItWasWritten) {
  for (const bool admitted : {false, true}) {
    const Judgement judgement = realm.judgement(joiner, admitted, kStart);
    EXPECT_EQ(decode_judgement(encode(judgement)), judgement);
  }
}

TEST_F(JudgementTest, IsRefusedWithAnyOtherBytes) {
  const Bytes good = encode(realm.judgement(joiner, true, kStart));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<Byte>(1U << bit % 8);
    const auto judgement = decode_judgement(bad);
    EXPECT_FALSE(judgement && verify(*judgement, key, signatures(), kStart.wall)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_judgement(ByteView(good).first(size)));
}

TEST_F(JudgementTest, HoldsFromItsDateToItsEnd) {
  const Judgement judgement = realm.judgement(joiner, true, kStart, 1h);
  const auto at = [&](Duration span) {
    return verify(judgement, key, signatures(), after(span).wall);
  };
  EXPECT_TRUE(at(0s));
  EXPECT_TRUE(at(1h - 1us));
  EXPECT_EQ(at(1h).error(), Errc::expired);
  EXPECT_TRUE(at(-kClockSkewMax));
  EXPECT_EQ(at(-kClockSkewMax - 1us).error(), Errc::not_yet_valid);
}

TEST_F(JudgementTest, HoldsForADayAtMost) {
  EXPECT_TRUE(verify(realm.judgement(joiner, true, kStart, 24h), key, signatures(), kStart.wall));
  EXPECT_EQ(verify(realm.judgement(joiner, true, kStart, 24h + 1us), key, signatures(), kStart.wall)
                .error(),
            Errc::life_too_long);
}

TEST_F(JudgementTest, MustBeSignedByTheLeader) {
  const test::Actor other = realm.somebody();
  EXPECT_EQ(verify(realm.judgement(joiner, true, kStart), other.identity_key.public_key,
                   signatures(), kStart.wall)
                .error(),
            Errc::bad_signature);
}

TEST(JudgeMessages, AreReadAsTheyWereWritten) {
  kith::test::for_each_seed(50, [](Random& random) {
    Bytes identity(random.below(kTokenBytesMax + 1));
    Bytes node(1 + random.below(kTokenBytesMax));
    random.fill(identity);
    random.fill(node);
    const Bytes bytes = encode(JudgeMessage{identity, node});
    const auto message = decode_judge(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(encode(*message), bytes);
  });
  EXPECT_FALSE(decode_judge(encode(JudgeMessage{Bytes(5), {}})));
  EXPECT_FALSE(decode_judge(encode(JudgeMessage{Bytes(kTokenBytesMax + 1), Bytes(5)})));
}

}  // namespace
}  // namespace kith::overlay
