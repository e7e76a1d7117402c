#include <array>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class SessionRejects : public testing::Test {
 protected:
  Party listener() { return listener(default_config()); }
  Party listener(const SessionConfig& config) {
    return Party(Session::accept(listening.local, config, listening.random, start_time()));
  }

  /// What a fresh listener answers to these bytes before it closes; it must close.
  Bytes answer(ByteView bytes) { return answer(bytes, default_config()); }
  Bytes answer(ByteView bytes, const SessionConfig& config) {
    Party party = listener(config);
    party.hear(bytes, start_time());
    EXPECT_TRUE(party.closed);
    EXPECT_FALSE(party.opened());
    if (party.closed) {
      EXPECT_TRUE(party.closed->linger);
      why = party.closed->why;
    }
    return party.say(start_time());
  }

  /// What a listener answers to a `C` with this payload, made by the rightful holder of its keys.
  Bytes answer_to_connection(ByteView payload) {
    RawPeer peer(dialing, listening, Flow::connection);
    return answer(peer.frame('C', payload));
  }

  TestNode dialing{1};
  TestNode listening{2};
  Errc why = Errc::closed;
};

Bytes frame(Byte letter, std::size_t body_bytes, Byte fill = 1) {
  Bytes bytes(kFrameHeaderBytes + body_bytes, fill);
  write_frame_header(letter, body_bytes, MutableByteView(bytes).first(kFrameHeaderBytes));
  return bytes;
}

TEST_F(SessionRejects, R5_R26_AnswersRandomBytesWithExactlyNope) {
  kith::test::for_each_seed(1000, [this](Random& random) {
    Bytes bytes(100);
    random.fill(bytes);
    bytes[0] |= 0x20;  // A length that no handshake frame has.
    ASSERT_EQ(answer(bytes), kNopeBytes);
  });
}

TEST_F(SessionRejects, R26_AnswersEveryLetterThatNamesNoFlowWithNope) {
  for (int letter = 0; letter < 256; ++letter) {
    if (find_flow(static_cast<Byte>(letter)) != nullptr) continue;
    ASSERT_EQ(answer(frame(static_cast<Byte>(letter), 32)), kNopeBytes) << letter;
    ASSERT_EQ(why, Errc::unknown_kind);
  }
}

TEST_F(SessionRejects, R26_AnswersFlowsItDoesNotAcceptByTheirRule) {
  for (Byte letter : Bytes{'S', 'O'}) EXPECT_EQ(answer(frame(letter, 32)), kNopeBytes) << letter;
  for (Byte letter : Bytes{'I', 'N', 'K'})
    EXPECT_THAT(answer(frame(letter, 304)), IsEmpty()) << letter;
  SessionConfig connection_only;
  connection_only.accepted_flows = {Flow::connection};
  EXPECT_EQ(answer(frame('H', 32), connection_only), kNopeBytes);
  SessionConfig hidden_only;
  hidden_only.accepted_flows = {Flow::hidden};
  EXPECT_EQ(answer(frame('C', 608), hidden_only), kNopeBytes);
}

TEST_F(SessionRejects, R26_IsSilentWhenStealth) {
  SessionConfig stealth;
  stealth.stealth = true;
  for (int letter = 0; letter < 256; ++letter) {
    if (letter == 'H') continue;  // This one is good.
    ASSERT_THAT(answer(frame(static_cast<Byte>(letter), 32), stealth), IsEmpty()) << letter;
  }
  // What gets as far as the keys, the payload, the policy.
  EXPECT_THAT(answer(frame('H', 32, 0), stealth), IsEmpty());
  EXPECT_EQ(why, Errc::bad_key);
  EXPECT_THAT(answer(frame('C', 608), stealth), IsEmpty());
  EXPECT_EQ(why, Errc::decrypt_failed);
  Bytes forged = dialing.local.token;
  forged.back() ^= 1U;
  RawPeer forger(dialing, listening, Flow::connection);
  EXPECT_THAT(answer(forger.frame('C', connection_payload(forged, 1)), stealth), IsEmpty());
  EXPECT_EQ(why, Errc::bad_signature);
  Pair refused(dialing, listening, listening.connection_target(), default_config(), stealth);
  refused.responder.verdict = false;
  refused.run();
  EXPECT_EQ(refused.responder.closed->why, Errc::refused);
  EXPECT_THAT(refused.responder.said, IsEmpty());
}

TEST_F(SessionRejects, R26_IsSilentToUnknownLettersWhenOnlySilentFlowsAreAccepted) {
  SessionConfig silent;
  silent.accepted_flows = {Flow::ticket, Flow::reconnect};
  EXPECT_THAT(answer(frame('X', 32), silent), IsEmpty());
  EXPECT_THAT(answer(frame('I', 304), silent), IsEmpty());
}

TEST_F(SessionRejects, R17_RejectsLengthsAtTheHeaderBeforeTheBodyArrives) {
  const auto header = [](std::size_t length, Byte letter) {
    return Bytes{static_cast<Byte>(length >> 8U), static_cast<Byte>(length), letter};
  };
  for (std::size_t length : {0U, 1U, 32U, 34U, 289U, 4096U, 4097U, 65535U}) {
    EXPECT_EQ(answer(header(length, 'H')), kNopeBytes) << length;
  }
  for (std::size_t length : {33U, 607U, 608U, 610U, 4096U, 28271U}) {
    EXPECT_EQ(answer(header(length, 'C')), kNopeBytes) << length;
  }
}

TEST_F(SessionRejects, R32_TakesNoTokenInTheOpenThatIsLongerThanAPacket) {
  for (const std::size_t length : {65U, 1025U, 4096U}) {
    const Bytes header{static_cast<Byte>(length >> 8U), static_cast<Byte>(length), 'O'};
    EXPECT_EQ(answer(header, public_config()), kNopeBytes) << length;
  }
  Party longest = listener(public_config());
  longest.hear(Bytes{0x04, 0x00, 'O'}, start_time());
  EXPECT_FALSE(longest.closed);
}

TEST_F(SessionRejects, R17_RejectsALengthOutOfRangeBeforeTheLetterArrives) {
  EXPECT_EQ(answer(Bytes{0, 0}), kNopeBytes);
  EXPECT_EQ(answer(Bytes{0xff, 0xff}), kNopeBytes);
  EXPECT_EQ(answer(Bytes{0x10, 0x01}), kNopeBytes);
}

TEST_F(SessionRejects, R12_RejectsWhatFollowsTheFirstFrame) {
  Party dialer(Session::dial(dialing.local, {}, default_config(), dialing.random, start_time()));
  Bytes first = dialer.say(start_time());
  first.push_back('x');
  EXPECT_EQ(answer(first), kNopeBytes);
  EXPECT_EQ(why, Errc::trailing_bytes);
}

TEST_F(SessionRejects, R12_RejectsWhatFollowsTheFirstFrameWhileItIsJudged) {
  RawPeer peer(dialing, listening, Flow::connection);
  Party party = listener();
  party.verdict = std::nullopt;
  party.hear(peer.frame('C', connection_payload(dialing.local.token, 1)), start_time());
  ASSERT_THAT(party.questions, SizeIs(1));
  ASSERT_FALSE(party.closed);
  party.hear(Bytes{0}, start_time());
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.say(start_time()), kNopeBytes);
}

TEST_F(SessionRejects, R19_RejectsAnEphemeralOfLowOrder) {
  for (Byte last : Bytes{0, 1}) {
    Bytes first = frame('H', 32, 0);
    first[kFrameHeaderBytes] = last;
    EXPECT_EQ(answer(first), kNopeBytes);
    EXPECT_EQ(why, Errc::bad_key);
  }
}

TEST_F(SessionRejects, R23_RejectsWhatIsNotEncryptedToIt) {
  EXPECT_EQ(answer(frame('C', 608, 9)), kNopeBytes);
  EXPECT_EQ(why, Errc::decrypt_failed);
}

TEST_F(SessionRejects, R27_GivesTheSameAnswerToEveryBadPayload) {
  const Bytes& token = dialing.local.token;
  const Bytes good = connection_payload(token, 1);
  RawPeer peer(dialing, listening, Flow::connection);
  Party party = listener();
  party.hear(peer.frame('C', good), start_time());
  ASSERT_FALSE(party.closed);  // The good one is good.

  Payload without_time;
  without_time.set(PayloadKey::token, token);
  Payload with_join;
  with_join.set(PayloadKey::token, token);
  with_join.set_time(1);
  with_join.set(PayloadKey::join, token);
  Bytes unpadded = good;
  std::ranges::fill(unpadded, Byte{0});
  Bytes trailing{0x82, 0x00, 0xc4, static_cast<Byte>(0)};
  crypto::pad(trailing, kPayloadBlock);
  Bytes forged = token;
  forged.back() ^= 1U;
  const std::array<Bytes, 7> bad{encode_payload(without_time),
                                 encode_payload(with_join),
                                 unpadded,
                                 trailing,
                                 connection_payload(forged, 1),
                                 connection_payload(listening.local.token, 1),
                                 connection_payload(token, UINT64_MAX)};
  for (const Bytes& payload : bad) EXPECT_EQ(answer_to_connection(payload), kNopeBytes);
}

TEST_F(SessionRejects, R26_SaysNopeWhenThePolicySaysNoBeforeTheAnswer) {
  Pair pair(dialing, listening, listening.connection_target());
  pair.responder.verdict = false;
  pair.run();
  EXPECT_EQ(pair.responder.said, kNopeBytes);
  EXPECT_EQ(pair.responder.closed->why, Errc::refused);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
  EXPECT_FALSE(pair.dialer.opened());
}

TEST_F(SessionRejects, R28_DialerSaysNopeToAnAnswerThatItDoesNotAccept) {
  Pair pair(dialing, listening, DialTarget{});
  pair.dialer.verdict = false;
  pair.run();
  EXPECT_EQ(Bytes(pair.dialer.said.begin() + 35, pair.dialer.said.end()), kNopeBytes);
  EXPECT_EQ(pair.responder.closed->why, Errc::refused);
  EXPECT_FALSE(pair.responder.opened());
}

TEST_F(SessionRejects, R9_RefusesInARecordOnceThereAreKeys) {
  Pair pair(dialing, listening, DialTarget{});
  pair.responder.verdict = false;
  pair.run();
  const auto frames = frames_of(pair.responder.said);
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_EQ(frames[1].size(), kFrameHeaderBytes + 256 + 16);
  EXPECT_EQ(frames[1][2], 'T');
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_TRUE(pair.responder.closed->linger);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
}

TEST_F(SessionRejects, R9_R27_RefusesEveryBadLastMessageInTheSameRecord) {
  const Bytes good = finish_payload(dialing.local.token);
  Bytes forged = dialing.local.token;
  forged.back() ^= 1U;
  Payload nothing;
  // The last one is good, and does not please the policy.
  for (const auto& [payload, why_refused] :
       {std::pair{finish_payload(forged), Errc::bad_signature},
        std::pair{finish_payload(listening.local.token), Errc::wrong_key},
        std::pair{connection_payload(dialing.local.token, 1), Errc::unexpected_key},
        std::pair{encode_payload(nothing), Errc::missing_key},
        std::pair{Bytes(kPayloadBlock), Errc::bad_padding}, std::pair{good, Errc::refused}}) {
    RawPeer peer(dialing, listening, Flow::hidden);
    Party party = listener();
    party.verdict = false;
    party.hear(peer.frame('H', {}), start_time());
    ASSERT_TRUE(peer.read(party.say(start_time())));
    party.hear(peer.frame('F', payload), start_time());
    ASSERT_TRUE(party.closed);
    EXPECT_EQ(party.closed->why, why_refused);
    EXPECT_EQ(peer.open(party.say(start_time())), padded({item(4, {})}));
  }
}

TEST_F(SessionRejects, TakesNopeOnlyAsAWhole) {
  const auto dialer_hears = [this](ByteView bytes, bool ends) {
    Party dialer(Session::dial(dialing.local, {}, default_config(), dialing.random, start_time()));
    dialer.say(start_time());
    dialer.hear(bytes, start_time());
    if (ends) dialer.hear_end(start_time());
    return dialer.closed ? std::optional(dialer.closed->why) : std::nullopt;
  };
  EXPECT_EQ(dialer_hears(kNopeBytes, true), Errc::refused);
  EXPECT_EQ(dialer_hears(kNopeBytes, false), std::nullopt);
  EXPECT_EQ(dialer_hears(as_bytes("nop"), true), Errc::truncated);
  EXPECT_EQ(dialer_hears(as_bytes("nopes"), false), Errc::too_long);
  EXPECT_EQ(dialer_hears(as_bytes("noqe"), false), Errc::too_long);
  EXPECT_EQ(dialer_hears({}, true), Errc::connection_lost);
}

TEST_F(SessionRejects, DoesNotTakeNopeBeforeItHasSaidAnything) {
  EXPECT_EQ(answer(kNopeBytes), kNopeBytes);
}

TEST_F(SessionRejects, R50_R54_ClosesWithoutAWordOnceOpen) {
  OpenedByRawPeer open(dialing, listening);
  open.responder.hear(kNopeBytes, open.now);
  ASSERT_TRUE(open.responder.closed);
  EXPECT_EQ(open.responder.closed->why, Errc::protocol_error);
  EXPECT_TRUE(open.responder.closed->linger);
  EXPECT_THAT(open.responder.say(open.now), IsEmpty());
}

TEST_F(SessionRejects, R54_TakesNoNopeOnceThePeerHasTheKeys) {
  const auto end_of = [](Party& party, Instant now) {
    party.hear(kNopeBytes, now);
    party.hear_end(now);
    return party.closed ? std::optional(party.closed->why) : std::nullopt;
  };
  Pair unconfirmed(dialing, listening, listening.connection_target());
  unconfirmed.carry_to_responder();
  unconfirmed.carry_to_dialer();
  ASSERT_TRUE(unconfirmed.dialer.opened());
  EXPECT_EQ(end_of(unconfirmed.dialer, unconfirmed.now), Errc::protocol_error);

  Pair hidden(dialing, listening, DialTarget{});
  hidden.run();
  ASSERT_TRUE(hidden.responder.opened());
  EXPECT_EQ(end_of(hidden.responder, hidden.now), Errc::protocol_error);
}

TEST_F(SessionRejects, TakesNopeForItsLastMessageUntilARecordComes) {
  for (const bool record_came : {false, true}) {
    Pair pair(dialing, listening, DialTarget{});
    pair.run();
    ASSERT_TRUE(pair.dialer.opened() && pair.responder.opened());
    if (record_came) {
      pair.responder.session.ping(1);
      ASSERT_TRUE(pair.carry_to_dialer());
    }
    pair.dialer.hear(kNopeBytes, pair.now);
    pair.dialer.hear_end(pair.now);
    ASSERT_TRUE(pair.dialer.closed);
    EXPECT_EQ(pair.dialer.closed->why, record_came ? Errc::protocol_error : Errc::refused);
  }
}

TEST_F(SessionRejects, R16_R52_R54_ClosesAtTheHeaderOfAFrameThatIsNoRecord) {
  for (const Bytes& header : {Bytes{0x01, 0x11, 'A'}, Bytes{0x01, 0x12}, Bytes{0x00, 0x11},
                              Bytes{0xff, 0xff}, Bytes{0x01, 0x11, 'H'}}) {
    OpenedByRawPeer open(dialing, listening);
    open.responder.hear(header, open.now);
    ASSERT_TRUE(open.responder.closed);
    EXPECT_THAT(open.responder.say(open.now), IsEmpty());
  }
}

TEST_F(SessionRejects, R36_ClosesOnTheFirstRecordThatDoesNotAuthenticate) {
  OpenedByRawPeer open(dialing, listening);
  Bytes record = open.peer.record(padded({item(1, as_bytes("x"))}));
  record.back() ^= 1U;
  append(record, open.peer.record(padded({item(1, as_bytes("y"))})));
  open.responder.hear(record, open.now);
  ASSERT_TRUE(open.responder.closed);
  EXPECT_EQ(open.responder.closed->why, Errc::decrypt_failed);
  EXPECT_THAT(open.responder.messages, IsEmpty());
  EXPECT_THAT(open.responder.say(open.now), IsEmpty());
}

TEST_F(SessionRejects, SaysNothingMoreAfterABadRecordNotEvenWhatWaited) {
  OpenedByRawPeer open(dialing, listening);
  ASSERT_TRUE(open.responder.session.send({as_bytes("waits")}));
  open.responder.hear(frame('T', 256 + 16), open.now);
  ASSERT_TRUE(open.responder.closed);
  EXPECT_EQ(open.responder.session.queued_bytes(), 0U);
  EXPECT_THAT(open.responder.say(open.now), IsEmpty());
}

TEST_F(SessionRejects, ClosesWithoutAWordWhenTheFirstRecordIsBad) {
  RawPeer peer(dialing, listening, Flow::connection);
  Party party = listener();
  party.hear(peer.frame('C', connection_payload(dialing.local.token, 1)), start_time());
  ASSERT_TRUE(peer.read(party.say(start_time())));
  party.hear(frame('T', 256 + 16), start_time());
  EXPECT_FALSE(party.opened());
  ASSERT_TRUE(party.closed);
  EXPECT_THAT(party.say(start_time()), IsEmpty());
}

TEST_F(SessionRejects, IgnoresALateVerdict) {
  Pair pair(dialing, listening, listening.connection_target());
  pair.responder.verdict = std::nullopt;
  pair.run();
  pair.pass(std::chrono::seconds(11));
  ASSERT_TRUE(pair.responder.closed);
  pair.responder.session.on_verdict(true, pair.now);
  pair.responder.poll(pair.now);
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_THAT(pair.responder.say(pair.now), IsEmpty());
}

}  // namespace
}  // namespace kith::overlay::test
