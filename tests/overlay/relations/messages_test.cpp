#include "overlay/relations/messages.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/session/payload.hpp"

namespace kith::overlay {
namespace {

const RelationshipId kId{1, 2, 3};
constexpr WallTime kAt{Duration(1'700'000'000'000'000)};

/// Reads what was written, and nothing that is shorter or longer.
void expect_strict(const Bytes& bytes, const auto& decode) {
  ASSERT_TRUE(decode(bytes));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode(ByteView(bytes).first(cut))) << "cut at " << cut;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer));
}

TEST(RelateMessage, SurvivesTheWireWithACertificateOrWithout) {
  const Bytes proposal(500, 7);
  const Bytes certificate(kCertificateBytesMax, 9);
  for (const ByteView given : {ByteView(certificate), ByteView()}) {
    const Bytes bytes = encode(RelateMessage{proposal, given});
    expect_strict(bytes, decode_relate);
    EXPECT_EQ(encode(*decode_relate(bytes)), bytes);
    EXPECT_EQ(decode_relate(bytes)->certificate.size(), given.size());
  }
}

TEST(RelateMessage, HasLimits) {
  EXPECT_FALSE(decode_relate(encode(RelateMessage{Bytes(kRelationshipTokenBytesMax + 1), {}})));
  EXPECT_FALSE(decode_relate(encode(RelateMessage{})));
  EXPECT_FALSE(decode_relate(encode(RelateMessage{Bytes(1), Bytes(kCertificateBytesMax + 1)})));
}

TEST(RelationMessage, SurvivesTheWireUpToItsLimit) {
  const Bytes payload(kRelationPayloadBytesMax, 7);
  const Bytes bytes = encode(RelationMessage{kId, UINT64_MAX, payload});
  const auto decoded = decode_relation_message(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->relationship, kId);
  EXPECT_EQ(decoded->number, UINT64_MAX);
  EXPECT_EQ(decoded->payload.size(), payload.size());
  expect_strict(encode(RelationMessage{kId, 7, {}}), decode_relation_message);
  EXPECT_FALSE(decode_relation_message(
      encode(RelationMessage{kId, 7, Bytes(kRelationPayloadBytesMax + 1)})));
}

TEST(RelationMessages, SurviveTheWire) {
  expect_strict(encode(RelationTaken{kId, 300}), decode_relation_taken);
  EXPECT_EQ(decode_relation_taken(encode(RelationTaken{kId, 300}))->number, 300U);
  const RelationEnd end{kId, kAt, crypto::Signature{5}};
  expect_strict(encode(end), decode_relation_end);
  EXPECT_EQ(decode_relation_end(encode(end)), end);
  expect_strict(encode_no_relation(kId), decode_no_relation);
  EXPECT_EQ(decode_no_relation(encode_no_relation(kId)), kId);
  expect_strict(encode_related(Bytes(300, 7)), decode_related);
  expect_strict(encode_introduce(Bytes(300, 7)), decode_introduce);
}

TEST(RelationMessages, AreNotTakenForOneAnother) {
  EXPECT_FALSE(decode_related(encode_introduce(Bytes(300, 7))));
  EXPECT_FALSE(decode_introduce(encode_related(Bytes(300, 7))));
  EXPECT_FALSE(decode_no_relation(encode(RelationTaken{kId, 1})));
  EXPECT_FALSE(decode_bare(encode_bare(MessageKind::not_related), MessageKind::leave));
}

TEST(QueryMessage, SurvivesTheWireUpToItsLimits) {
  const std::string topic(kTopicBytesMax, 't');
  const Bytes payload(kQueryPayloadBytesMax, 3);
  const Bytes bytes = encode(QueryMessage{9, topic, payload});
  expect_strict(bytes, decode_query);
  EXPECT_EQ(decode_query(bytes)->topic, topic);
  EXPECT_FALSE(decode_query(encode(QueryMessage{9, topic + "t", payload})));
  EXPECT_FALSE(decode_query(encode(QueryMessage{9, topic, Bytes(kQueryPayloadBytesMax + 1)})));
  EXPECT_FALSE(decode_query(encode(QueryMessage{9, "\xff", payload})));
}

TEST(ReplyMessage, HoldsAPayloadOnlyIfItAnswers) {
  const Bytes payload(kReplyPayloadBytesMax, 3);
  expect_strict(encode(ReplyMessage{9, QueryStatus::refused, {}}), decode_reply);
  EXPECT_TRUE(decode_reply(encode(ReplyMessage{9, QueryStatus::answered, payload})));
  EXPECT_FALSE(decode_reply(encode(ReplyMessage{9, QueryStatus::unknown_topic, payload})));
  EXPECT_FALSE(decode_reply(
      encode(ReplyMessage{9, QueryStatus::answered, Bytes(kReplyPayloadBytesMax + 1)})));
  EXPECT_FALSE(decode_reply(encode(ReplyMessage{9, static_cast<QueryStatus>(3), {}})));
}

TEST(EndStatement, BindsTheRelationshipAndTheTime) {
  EXPECT_EQ(end_statement(kId, kAt).size(), 24U + 16U + 8U);
  EXPECT_NE(end_statement(kId, kAt), end_statement(kId, kAt + Duration(1)));
  EXPECT_NE(end_statement(kId, kAt), end_statement({9}, kAt));
}

}  // namespace
}  // namespace kith::overlay
