#include "overlay/coordinator/messages.hpp"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "overlay/message_kind.hpp"
#include "tests/overlay/coordinator/actors.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using kith::test::for_each_seed;

bool same(const PeerIntent& a, const PeerIntent& b) {
  return a.intent.token == b.intent.token && a.node.token == b.node.token &&
         a.attachment == b.attachment;
}

struct Samples {
  SeededRandom random{1};
  Actor member{random};
  Actor client{random, true};
  Fingerprint subject = random_fingerprint(random);
  PeerIntent plain = member.peer_intent({.subject = subject});
  PeerIntent attached =
      client.peer_intent({.subject = subject, .role = IntentRole::send}, {member.id(), subject});
  Withdrawal withdrawal = member.withdrawal(plain.intent);
  ExpiredIntent expired{key_of(attached.intent), attached.intent.token.issued_at()};

  /// One message of every kind.
  std::vector<Bytes> all() const {
    const std::vector<IntentView> views{view_of(plain), view_of(attached)};
    std::vector<Fingerprint> nodes{member.id(), client.id()};
    std::ranges::sort(nodes);
    const std::vector<IntentEnd> ends{withdrawal, expired};
    const std::vector<RecordView> records{{5s, view_of(attached)}, {0s, &withdrawal}};
    const std::vector<SubjectSummary> summaries{{subject, UINT64_MAX}};
    return {encode_declare(view_of(attached), 77),
            encode_declared({DeclareVerdict::held, kStart.wall, nodes, views}),
            encode_withdraw(withdrawal),
            encode_matches(views),
            encode_unmatched(ends),
            encode_replicate(9, records, summaries),
            encode_replicated(9, nodes)};
  }
};

/// How many of the decoders take `bytes`.
int accepted_by(ByteView bytes) {
  return (decode_declare(bytes) ? 1 : 0) + (decode_declared(bytes) ? 1 : 0) +
         (decode_withdraw(bytes) ? 1 : 0) + (decode_matches(bytes) ? 1 : 0) +
         (decode_unmatched(bytes) ? 1 : 0) + (decode_replicate(bytes) ? 1 : 0) +
         (decode_replicated(bytes) ? 1 : 0);
}

TEST(CoordinatorMessages, DeclareComesBackAsItWas) {
  const Samples samples;
  const auto decoded = decode_declare(encode_declare(view_of(samples.attached), 77));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_TRUE(same(decoded->peer, samples.attached));
  EXPECT_EQ(decoded->known, 77U);
}

TEST(CoordinatorMessages, AnIntentWithoutAttachmentComesBackWithoutOne) {
  const Samples samples;
  const auto decoded = decode_declare(encode_declare(view_of(samples.plain), 0));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_FALSE(decoded->peer.attachment.has_value());
}

TEST(CoordinatorMessages, DeclaredComesBackAsItWas) {
  const Samples samples;
  const std::vector<IntentView> matches{view_of(samples.plain), view_of(samples.attached)};
  const std::vector<Fingerprint> holders{samples.member.id(), samples.client.id()};
  const auto decoded =
      decode_declared(encode_declared({DeclareVerdict::superseded, kStart.wall, holders, matches}));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->verdict, DeclareVerdict::superseded);
  EXPECT_EQ(decoded->until, kStart.wall);
  EXPECT_EQ(decoded->holders, holders);
  ASSERT_EQ(decoded->matches.size(), 2U);
  EXPECT_TRUE(same(decoded->matches[0], samples.plain));
  EXPECT_TRUE(same(decoded->matches[1], samples.attached));
}

TEST(CoordinatorMessages, WithdrawComesBackAsItWas) {
  const Samples samples;
  EXPECT_EQ(decode_withdraw(encode_withdraw(samples.withdrawal)).value(), samples.withdrawal);
}

TEST(CoordinatorMessages, UnmatchedComesBackAsItWas) {
  const Samples samples;
  const std::vector<IntentEnd> ends{samples.withdrawal, samples.expired};
  const auto decoded = decode_unmatched(encode_unmatched(ends));
  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), 2U);
  EXPECT_EQ(std::get<Withdrawal>(decoded->at(0)), samples.withdrawal);
  EXPECT_EQ(std::get<ExpiredIntent>(decoded->at(1)).key, samples.expired.key);
  EXPECT_EQ(std::get<ExpiredIntent>(decoded->at(1)).issued_at, samples.expired.issued_at);
}

TEST(CoordinatorMessages, ReplicateComesBackAsItWas) {
  const Samples samples;
  const std::vector<RecordView> records{{5s, view_of(samples.attached)}, {0s, &samples.withdrawal}};
  const std::vector<SubjectSummary> summaries{{samples.subject, UINT64_MAX}};
  const auto decoded = decode_replicate(encode_replicate(9, records, summaries));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->number, 9U);
  ASSERT_EQ(decoded->records.size(), 2U);
  EXPECT_EQ(decoded->records[0].age, 5s);
  EXPECT_TRUE(same(std::get<PeerIntent>(decoded->records[0].what), samples.attached));
  EXPECT_EQ(std::get<Withdrawal>(decoded->records[1].what), samples.withdrawal);
  ASSERT_EQ(decoded->summaries.size(), 1U);
  EXPECT_EQ(decoded->summaries[0].digest, UINT64_MAX);
}

TEST(CoordinatorMessages, ReplicatedComesBackAsItWas) {
  const Samples samples;
  std::vector<Fingerprint> wanted{samples.subject, samples.member.id()};
  std::ranges::sort(wanted);
  const auto decoded = decode_replicated(encode_replicated(9, wanted));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->number, 9U);
  EXPECT_EQ(decoded->wanted, wanted);
}

TEST(CoordinatorMessages, NameASubjectOnceAndInOrder) {
  const Samples samples;
  std::vector<Fingerprint> subjects{samples.subject, samples.member.id()};
  std::ranges::sort(subjects, std::ranges::greater());
  std::vector<SubjectSummary> summaries{{subjects[0], 1}, {subjects[1], 2}};
  EXPECT_EQ(decode_replicated(encode_replicated(9, subjects)).error(), Errc::unexpected_key);
  EXPECT_EQ(decode_replicate(encode_replicate(9, {}, summaries)).error(), Errc::unexpected_key);

  subjects[1] = subjects[0];
  summaries[1].subject = summaries[0].subject;
  EXPECT_EQ(decode_replicated(encode_replicated(9, subjects)).error(), Errc::duplicate_key);
  EXPECT_EQ(decode_replicate(encode_replicate(9, {}, summaries)).error(), Errc::duplicate_key);
}

TEST(CoordinatorMessages, EachIsReadByOneDecoderAlone) {
  for (const Bytes& bytes : Samples().all()) EXPECT_EQ(accepted_by(bytes), 1);
}

TEST(CoordinatorMessages, NothingCutShortOrLengthenedIsAccepted) {
  for (const Bytes& bytes : Samples().all()) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      ASSERT_EQ(accepted_by(ByteView(bytes).first(size)), 0) << size;
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_EQ(accepted_by(longer), 0);
  }
}

// What is accepted in spite of a change means something else, and is never the same read twice.
TEST(CoordinatorMessages, NoChangedMessageReadsAsTheOriginal) {
  const Samples samples;
  const Bytes original = encode_declare(view_of(samples.attached), 77);
  for (std::size_t at = 0; at < original.size(); ++at) {
    for (const unsigned bit : {0U, 3U, 7U}) {
      Bytes changed = original;
      changed[at] = static_cast<Byte>(changed[at] ^ (1U << bit));
      const auto decoded = decode_declare(changed);
      if (!decoded) continue;
      EXPECT_EQ(encode_declare(view_of(decoded->peer), decoded->known), changed);
    }
  }
}

TEST(CoordinatorMessages, MoreThanTheLimitIsRefused) {
  const Samples samples;
  const std::vector<IntentView> intents(kIntentsPerMessageMax, view_of(samples.plain));
  EXPECT_TRUE(decode_matches(encode_matches(intents)).has_value());
  const std::vector<IntentView> more(kIntentsPerMessageMax + 1, view_of(samples.plain));
  EXPECT_EQ(decode_matches(encode_matches(more)).error(), Errc::too_long);

  const std::vector<IntentEnd> ends(kUnmatchedPerMessageMax + 1, IntentEnd(samples.withdrawal));
  EXPECT_EQ(decode_unmatched(encode_unmatched(ends)).error(), Errc::too_long);

  const std::vector<Fingerprint> wanted(kSummariesPerMessageMax + 1, samples.subject);
  EXPECT_EQ(decode_replicated(encode_replicated(1, wanted)).error(), Errc::too_long);
}

TEST(CoordinatorMessages, TooManyBytesAreRefusedUnread) {
  const Bytes bytes(kCoordinatorMessageBytesMax + 1, 0x93);
  EXPECT_EQ(decode_declare(bytes).error(), Errc::too_long);
  EXPECT_EQ(decode_replicate(bytes).error(), Errc::too_long);
}

TEST(CoordinatorMessages, AViewBoundsItsEncoding) {
  const Samples samples;
  for (const PeerIntent* peer : {&samples.plain, &samples.attached}) {
    const IntentView view = view_of(*peer);
    EXPECT_LE(encode_matches({&view, 1}).size() - encode_matches({}).size(), view.bytes_max());
  }
  const RecordView record{kIntentTokenLifeMax, &samples.withdrawal};
  EXPECT_LE(encode_replicate(0, {&record, 1}, {}).size() - encode_replicate(0, {}, {}).size(),
            record.bytes_max());
}

TEST(CoordinatorMessages, HostileBytesAreRefused) {
  const std::vector<Bytes> samples = Samples().all();
  for_each_seed(1000, [&](Random& random) {
    Bytes bytes = samples[random.below(samples.size())];
    for (std::uint64_t i = 1 + random.below(8); i > 0; --i)
      bytes[random.below(bytes.size())] = static_cast<Byte>(random.next_u64());
    bytes.resize(random.below(bytes.size() + 1));
    EXPECT_LE(accepted_by(bytes), 1);
  });
}

}  // namespace
}  // namespace kith::overlay::test
