#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SessionRecords : public testing::Test {
 protected:
  SessionRecords() { pair.run(); }

  /// How a session that a raw peer has opened ends when it hears this plaintext.
  std::optional<Errc> end_after(ByteView plaintext) {
    OpenedByRawPeer open(dialing, listening);
    open.hear_record(plaintext);
    EXPECT_THAT(open.responder.say(open.now), IsEmpty());
    return open.responder.closed ? std::optional(open.responder.closed->why) : std::nullopt;
  }

  TestNode dialing{1};
  TestNode listening{2};
  Pair pair{dialing, listening, DialTarget{}};
};

std::vector<Bytes> records_of(ByteView stream) {
  auto frames = frames_of(stream);
  std::erase_if(frames, [](const Bytes& frame) { return frame[2] != 'T'; });
  return frames;
}

TEST_F(SessionRecords, ShareARecordWhenTheyWaitTogether) {
  pair.dialer.said.clear();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(pair.dialer.session.send(
        {encode_ping(i), as_bytes("forty bytes of a small message, or so...")}));
  }
  pair.run();
  ASSERT_THAT(pair.responder.messages, SizeIs(1000));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(decode_ping(ByteView(pair.responder.messages[i]).first(8)), i);
  }
  EXPECT_THAT(records_of(pair.dialer.said), SizeIs(1));
}

TEST_F(SessionRecords, SingleMessageGoesOutAtOnce) {
  pair.dialer.said.clear();
  ASSERT_TRUE(pair.dialer.session.send({as_bytes("x")}));
  pair.carry_to_responder();
  EXPECT_EQ(pair.dialer.said.size(), kFrameHeaderBytes + 256 + 16);
  EXPECT_THAT(pair.responder.messages, SizeIs(1));
}

TEST_F(SessionRecords, R15_R30_HaveLengthsOfTheFormOnly) {
  kith::test::for_each_seed(20, [this](Random& random) {
    for (int i = 0; i < 20; ++i) {
      const Bytes message(random.below(random.below(2) == 0 ? 600 : 200'000));
      ASSERT_TRUE(pair.dialer.session.send({message}));
      if (random.below(3) == 0) pair.run();
    }
    pair.run();
    for (const Bytes& frame : records_of(pair.dialer.said)) {
      ASSERT_EQ((frame.size() - kFrameHeaderBytes - 16) % 256, 0U);
      ASSERT_LE(frame.size() - 2, 65297U);
    }
    pair.dialer.said.clear();
  });
}

TEST_F(SessionRecords, CarryMessagesOfEveryLengthAroundTheirLimits) {
  std::vector<Bytes> sent;
  for (std::size_t bytes :
       {0U, 1U, 251U, 252U, 253U, 65'275U, 65'276U, 65'277U, 130'552U, 130'553U}) {
    sent.emplace_back(bytes, static_cast<Byte>(bytes));
    ASSERT_TRUE(pair.dialer.session.send({sent.back()}));
    if (bytes % 2 == 0) pair.run();
  }
  pair.run();
  EXPECT_EQ(pair.responder.messages, sent);
}

TEST_F(SessionRecords, CarryAMessageOfAMebibyteAndNotAByteMore) {
  Bytes message(1U << 20U, 'm');
  ASSERT_TRUE(pair.dialer.session.send({message}));
  pair.run();
  EXPECT_THAT(pair.responder.messages, ElementsAre(message));
  const auto refused = pair.dialer.session.send({message, as_bytes("x")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::too_long);
}

TEST_F(SessionRecords, CloseOnAMessageThatIsTooLong) {
  OpenedByRawPeer open(dialing, listening);
  const Bytes part(65'000, 'p');
  for (std::size_t bytes = part.size(); bytes <= 1U << 20U; bytes += part.size()) {
    open.hear_record(padded({item(2, part)}));
  }
  ASSERT_FALSE(open.responder.closed);
  open.hear_record(padded({item(2, part)}));
  ASSERT_TRUE(open.responder.closed);
  EXPECT_EQ(open.responder.closed->why, Errc::too_long);
  EXPECT_THAT(open.responder.messages, IsEmpty());
}

TEST_F(SessionRecords, LetControlItemsPassBetweenTheParts) {
  OpenedByRawPeer open(dialing, listening);
  open.hear_record(padded({item(2, as_bytes("he")), item(6, encode_ping(7))}));
  open.hear_record(padded({item(0, {}), item(2, as_bytes("ll")), item(1, as_bytes("o"))}));
  ASSERT_THAT(open.responder.messages, SizeIs(1));
  EXPECT_EQ(as_text(open.responder.messages[0]), "hello");
  EXPECT_EQ(open.peer.open(open.responder.say(open.now)), padded({item(7, encode_ping(7))}));
}

TEST_F(SessionRecords, R17_CloseOnAnythingThatIsNotAsItMustBe) {
  const Bytes ping = item(6, encode_ping(1));
  EXPECT_EQ(end_after(padded({item(8, {})})), Errc::unknown_kind);
  EXPECT_EQ(end_after(padded({item(255, {})})), Errc::unknown_kind);
  EXPECT_EQ(end_after(padded({item(3, ping)})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(0, as_bytes("x"))})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(2, {})})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(4, as_bytes("x"))})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(5, {})})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(5, Bytes{4})})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(6, Bytes(7))})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({item(7, Bytes(9))})), Errc::protocol_error);
  EXPECT_EQ(end_after(padded({Bytes{1, 0}})), Errc::truncated);
  EXPECT_EQ(end_after(padded({Bytes{1, 0, 2, 'x'}})), Errc::truncated);
}

TEST_F(SessionRecords, R30_CloseOnPaddingThatIsNone) {
  Bytes unpadded = item(1, Bytes(253, 'x'));
  ASSERT_THAT(unpadded, SizeIs(256));
  EXPECT_EQ(end_after(unpadded), Errc::bad_padding);
  EXPECT_EQ(end_after(Bytes(256, 0)), Errc::bad_padding);
  Bytes to_255 = item(1, as_bytes("x"));
  crypto::pad(to_255, 255);
  EXPECT_EQ(end_after(to_255), Errc::protocol_error);
}

TEST_F(SessionRecords, TakeAnyPaddingOfAnySender) {
  for (RecordPadding padding :
       {RecordPadding::block256, RecordPadding::block8192, RecordPadding::padme}) {
    SessionConfig config;
    config.padding = padding;
    Pair other(dialing, listening, DialTarget{}, config, default_config());
    for (std::size_t bytes : {1U, 300U, 9'000U, 60'000U, 70'000U}) {
      ASSERT_TRUE(other.dialer.session.send({Bytes(bytes, 'x')}));
      other.run();
    }
    EXPECT_THAT(other.responder.messages, SizeIs(5));
  }
}

TEST_F(SessionRecords, ChangeTheirKeysTogetherUnderLoad) {
  // Different numbers of records in both directions, across several changes of keys.
  kith::test::for_each_seed(3, [this](Random& random) {
    Pair loaded(dialing, listening, DialTarget{});
    loaded.run();
    std::uint64_t there = 0;
    std::uint64_t back = 0;
    for (int i = 0; i < 5'000; ++i) {
      if (random.below(3) != 0) {
        ASSERT_TRUE(loaded.dialer.session.send({encode_ping(there++)}));
        loaded.carry_to_responder();
      }
      if (random.below(2) == 0) {
        ASSERT_TRUE(loaded.responder.session.send({encode_ping(back++)}));
        loaded.carry_to_dialer();
      }
    }
    ASSERT_FALSE(loaded.dialer.closed || loaded.responder.closed);
    ASSERT_GT(std::min(there, back), 2 * kRekeyInterval);
    ASSERT_EQ(loaded.responder.messages.size(), there);
    ASSERT_EQ(loaded.dialer.messages.size(), back);
    for (std::uint64_t i = 0; i < there; ++i) {
      ASSERT_EQ(decode_ping(loaded.responder.messages[i]), i);
    }
  });
}

TEST_F(SessionRecords, ChangeTheirKeysAfterExactly1024Records) {
  // The raw peer counts for itself.
  OpenedByRawPeer open(dialing, listening);
  for (std::uint64_t i = 1; i < 3 * kRekeyInterval; ++i) {
    open.hear_record(padded({item(6, encode_ping(i))}));
    ASSERT_EQ(open.peer.open(open.responder.say(open.now)), padded({item(7, encode_ping(i))})) << i;
  }
}

TEST_F(SessionRecords, RefuseReplaysAndReorder) {
  for (const bool replay : {true, false}) {
    OpenedByRawPeer open(dialing, listening);
    const Bytes first = open.peer.record(padded({item(1, as_bytes("1"))}));
    const Bytes second = open.peer.record(padded({item(1, as_bytes("2"))}));
    open.responder.hear(replay ? first : second, open.now);
    open.responder.hear(first, open.now);
    ASSERT_TRUE(open.responder.closed);
    EXPECT_EQ(open.responder.closed->why, Errc::decrypt_failed);
  }
}

TEST_F(SessionRecords, AnswerPingsByThemselves) {
  pair.dialer.session.ping(42);
  pair.responder.session.ping(UINT64_MAX);
  pair.run();
  EXPECT_THAT(pair.dialer.pongs, ElementsAre(42));
  EXPECT_THAT(pair.responder.pongs, ElementsAre(UINT64_MAX));
}

TEST_F(SessionRecords, DoNotPileUpAnswersForWhoDoesNotRead) {
  SessionConfig config;
  config.queued_bytes_max = 10'000;
  OpenedByRawPeer open(dialing, listening, config);
  for (std::uint64_t i = 0; i < 2'000; ++i) open.hear_record(padded({item(6, encode_ping(i))}));
  EXPECT_LT(open.responder.session.queued_bytes(), 11'000U);
  EXPECT_FALSE(open.responder.closed);
}

TEST_F(SessionRecords, AnswerNoMorePingsThanAPeerHasUnderWay) {
  OpenedByRawPeer open(dialing, listening);
  for (std::uint64_t i = 0; i < 2'000; ++i) open.hear_record(padded({item(6, encode_ping(i))}));
  EXPECT_LT(open.responder.session.queued_bytes(), 2'000U);
  EXPECT_FALSE(open.responder.closed);
  EXPECT_FALSE(open.responder.say(open.now).empty());
  open.hear_record(padded({item(6, encode_ping(1))}));
  EXPECT_GT(open.responder.session.queued_bytes(), 0U);
}

/// A session that is open, but not let in by the responder.
struct StrangersSession : SessionRecords {
  StrangersSession() {
    stranger.responder.lets_in = false;
    stranger.run();
  }

  Pair stranger{dialing, listening, DialTarget{}};
};

TEST_F(StrangersSession, GetsNoAnswersToPings) {
  stranger.dialer.session.ping(1);
  stranger.run();
  EXPECT_TRUE(stranger.dialer.pongs.empty());
  EXPECT_FALSE(stranger.responder.closed);
  stranger.responder.session.let_in();
  stranger.dialer.session.ping(2);
  stranger.run();
  EXPECT_THAT(stranger.dialer.pongs, ElementsAre(2));
}

TEST_F(StrangersSession, TakesNoLargeMessage) {
  ASSERT_TRUE(stranger.dialer.session.send({Bytes(64U << 10)}));
  stranger.run();
  EXPECT_EQ(stranger.responder.messages.size(), 1U);
  ASSERT_TRUE(stranger.dialer.session.send({Bytes((64U << 10) + 1)}));
  stranger.run();
  EXPECT_EQ(stranger.responder.messages.size(), 1U);
  ASSERT_TRUE(stranger.responder.closed);
  EXPECT_EQ(stranger.responder.closed->why, Errc::too_long);
}

TEST_F(StrangersSession, QueuesLittle) {
  ASSERT_TRUE(stranger.responder.session.send({Bytes(64U << 10)}));
  EXPECT_EQ(stranger.responder.session.send({Bytes(1)}), std::unexpected(Errc::would_block));
  stranger.responder.session.let_in();
  EXPECT_TRUE(stranger.responder.session.send({Bytes(1)}));
}

TEST_F(SessionRecords, RefuseToQueueWithoutEnd) {
  SessionConfig config;
  config.queued_bytes_max = 100'000;
  Pair slow(dialing, listening, DialTarget{}, config, config);
  slow.run();
  Result<void> sent;
  std::size_t count = 0;
  while (sent && count < 1'000) {
    sent = slow.dialer.session.send({Bytes(1'000)});
    ++count;
  }
  EXPECT_LT(count, 110U);
  EXPECT_EQ(sent.error(), Errc::would_block);
  slow.run();
  EXPECT_TRUE(slow.dialer.session.send({Bytes(1'000)}));
}

TEST_F(SessionRecords, CloseInOrderAfterWhatWasQueued) {
  ASSERT_TRUE(pair.dialer.session.send({as_bytes("last words")}));
  pair.dialer.session.close(CloseReason::shutdown, pair.now);
  pair.dialer.poll(pair.now);
  ASSERT_TRUE(pair.dialer.closed);
  EXPECT_TRUE(pair.dialer.closed->linger);
  pair.run();
  EXPECT_THAT(pair.responder.messages, SizeIs(1));
  EXPECT_EQ(pair.responder.closed->why, Errc::closed);
  EXPECT_EQ(pair.responder.closed->reason, CloseReason::shutdown);
  const auto late = pair.dialer.session.send({as_bytes("late")});
  EXPECT_EQ(late.error(), Errc::closed);
}

TEST_F(SessionRecords, TellEveryReasonOfAClose) {
  for (CloseReason reason :
       {CloseReason::done, CloseReason::idle, CloseReason::duplicate, CloseReason::shutdown}) {
    Pair closing(dialing, listening, DialTarget{});
    closing.run();
    closing.responder.session.close(reason, closing.now);
    closing.responder.poll(closing.now);
    closing.run();
    EXPECT_EQ(closing.dialer.closed->reason, reason);
  }
}

TEST_F(SessionRecords, ClosingBeforeItIsOpenSaysNothing) {
  Pair closing(dialing, listening, listening.connection_target());
  closing.carry_to_responder();
  closing.responder.session.close(CloseReason::shutdown, closing.now);
  closing.responder.poll(closing.now);
  ASSERT_TRUE(closing.responder.closed);
  EXPECT_FALSE(closing.responder.closed->linger);
  EXPECT_THAT(closing.responder.say(closing.now), IsEmpty());
}

TEST_F(SessionRecords, EndOfStreamWithoutACloseIsATruncation) {
  for (const std::size_t cut : {0U, 1U, 2U, 100U}) {
    OpenedByRawPeer open(dialing, listening);
    const Bytes record = open.peer.record(padded({item(1, as_bytes("x"))}));
    open.responder.hear(ByteView(record).first(cut), open.now);
    open.responder.hear_end(open.now);
    ASSERT_TRUE(open.responder.closed);
    EXPECT_EQ(open.responder.closed->why, Errc::connection_lost);
    EXPECT_FALSE(open.responder.closed->linger);
  }
}

TEST_F(SessionRecords, RefuseTheirOwnReflection) {
  ASSERT_TRUE(pair.dialer.session.send({as_bytes("x")}));
  const Bytes record = pair.dialer.say(pair.now);
  pair.dialer.hear(record, pair.now);
  ASSERT_TRUE(pair.dialer.closed);
  EXPECT_EQ(pair.dialer.closed->why, Errc::decrypt_failed);
  EXPECT_THAT(pair.dialer.messages, IsEmpty());
}

TEST_F(SessionRecords, RefuseThoseOfAnotherSessionOfTheSameNodes) {
  Pair other(dialing, listening, DialTarget{});
  other.run();
  ASSERT_TRUE(other.dialer.session.send({as_bytes("x")}));
  pair.responder.hear(other.dialer.say(other.now), pair.now);
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::decrypt_failed);
  EXPECT_THAT(pair.responder.messages, IsEmpty());
}

TEST(Session, IsSmall) { EXPECT_LE(sizeof(Session), 400U); }

TEST_F(SessionRecords, SayWhetherTheyHaveCarriedAnything) {
  Pair quiet(dialing, listening, listening.connection_target());
  quiet.run();
  EXPECT_TRUE(quiet.dialer.session.has_sent_record());
  EXPECT_FALSE(quiet.dialer.session.has_heard_record());
  EXPECT_TRUE(quiet.responder.session.has_heard_record());
  EXPECT_FALSE(quiet.responder.session.has_sent_record());
}

}  // namespace
}  // namespace kith::overlay::test
