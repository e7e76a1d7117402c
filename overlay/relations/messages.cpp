#include "overlay/relations/messages.hpp"

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "overlay/message_fields.hpp"
#include "overlay/session/payload.hpp"

namespace kith::overlay {
namespace {

constexpr std::string_view kEndDomain("kith/1 relationship end\0", 24);

RelationshipId read_id(codec::Reader& in) {
  RelationshipId id{};
  in.binary_into(id);
  return id;
}

template <class Message>
Result<Message> finish(codec::Reader& in, const Message& message) {
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

Bytes encode_token(MessageKind kind, ByteView token) {
  Bytes bytes;
  begin_message(bytes, kind, 2).binary(token);
  return bytes;
}

Result<ByteView> decode_token(ByteView bytes, MessageKind kind) {
  codec::Reader in(bytes);
  read_kind(in, kind, 2);
  const ByteView token = in.binary(1, kRelationshipTokenBytesMax);
  return finish(in, token);
}

}  // namespace

Bytes encode(const RelateMessage& message) {
  Bytes bytes;
  begin_message(bytes, MessageKind::relate, 3).binary(message.proposal).binary(message.certificate);
  return bytes;
}

Bytes encode_related(ByteView relationship) {
  return encode_token(MessageKind::related, relationship);
}

Bytes encode(const RelationMessage& message) {
  Bytes bytes;
  bytes.reserve(message.payload.size() + 40);
  begin_message(bytes, MessageKind::relation_message, 4)
      .binary(message.relationship)
      .unsigned_number(message.number)
      .binary(message.payload);
  return bytes;
}

Bytes encode(const RelationTaken& message) {
  Bytes bytes;
  begin_message(bytes, MessageKind::relation_taken, 3)
      .binary(message.relationship)
      .unsigned_number(message.number);
  return bytes;
}

Bytes encode(const RelationEnd& message) {
  Bytes bytes;
  begin_message(bytes, MessageKind::relation_end, 4)
      .binary(message.relationship)
      .unsigned_number(microseconds(message.at))
      .binary(message.signature);
  return bytes;
}

Bytes encode_no_relation(const RelationshipId& relationship) {
  return encode_token(MessageKind::no_relation, relationship);
}

Bytes encode_introduce(ByteView token) { return encode_token(MessageKind::introduce, token); }

Bytes encode(const QueryMessage& message) {
  Bytes bytes;
  begin_message(bytes, MessageKind::query, 4)
      .unsigned_number(message.number)
      .text(message.topic)
      .binary(message.payload);
  return bytes;
}

Bytes encode(const ReplyMessage& message) {
  Bytes bytes;
  begin_message(bytes, MessageKind::reply, 4)
      .unsigned_number(message.number)
      .unsigned_number(static_cast<std::uint64_t>(message.status))
      .binary(message.payload);
  return bytes;
}

Result<RelateMessage> decode_relate(ByteView bytes) {
  codec::Reader in(bytes);
  RelateMessage message;
  read_kind(in, MessageKind::relate, 3);
  message.proposal = in.binary(1, kRelationshipTokenBytesMax);
  message.certificate = in.binary(0, kCertificateBytesMax);
  return finish(in, message);
}

Result<ByteView> decode_related(ByteView bytes) {
  return decode_token(bytes, MessageKind::related);
}

Result<RelationMessage> decode_relation_message(ByteView bytes) {
  codec::Reader in(bytes);
  RelationMessage message;
  read_kind(in, MessageKind::relation_message, 4);
  message.relationship = read_id(in);
  message.number = in.unsigned_number();
  message.payload = in.binary(0, kRelationPayloadBytesMax);
  return finish(in, message);
}

Result<RelationTaken> decode_relation_taken(ByteView bytes) {
  codec::Reader in(bytes);
  RelationTaken message;
  read_kind(in, MessageKind::relation_taken, 3);
  message.relationship = read_id(in);
  message.number = in.unsigned_number();
  return finish(in, message);
}

Result<RelationEnd> decode_relation_end(ByteView bytes) {
  codec::Reader in(bytes);
  RelationEnd message;
  read_kind(in, MessageKind::relation_end, 4);
  message.relationship = read_id(in);
  message.at = read_time(in);
  in.binary_into(message.signature);
  return finish(in, message);
}

Result<RelationshipId> decode_no_relation(ByteView bytes) {
  codec::Reader in(bytes);
  read_kind(in, MessageKind::no_relation, 2);
  const RelationshipId id = read_id(in);
  return finish(in, id);
}

Result<ByteView> decode_introduce(ByteView bytes) {
  return decode_token(bytes, MessageKind::introduce);
}

Result<QueryMessage> decode_query(ByteView bytes) {
  codec::Reader in(bytes);
  QueryMessage message;
  read_kind(in, MessageKind::query, 4);
  message.number = in.unsigned_number();
  message.topic = in.text(kTopicBytesMax);
  message.payload = in.binary(0, kQueryPayloadBytesMax);
  return finish(in, message);
}

Result<ReplyMessage> decode_reply(ByteView bytes) {
  codec::Reader in(bytes);
  ReplyMessage message;
  read_kind(in, MessageKind::reply, 4);
  message.number = in.unsigned_number();
  message.status = static_cast<QueryStatus>(in.unsigned_number(2));
  message.payload = in.binary(0, kReplyPayloadBytesMax);
  if (message.status != QueryStatus::answered && !message.payload.empty())
    in.fail(Errc::out_of_range);
  return finish(in, message);
}

Bytes end_statement(const RelationshipId& relationship, WallTime at) {
  Bytes statement;
  append(statement, as_bytes(kEndDomain));
  append(statement, relationship);
  const std::uint64_t time = microseconds(at);
  for (int shift = 56; shift >= 0; shift -= 8)
    statement.push_back(static_cast<Byte>(time >> shift));
  return statement;
}

RelationEnd sign_end(const RelationshipId& relationship, WallTime now,
                     const crypto::SigningKeyPair& identity, const crypto::Signatures& signatures) {
  return {relationship, now, signatures.sign(identity, {end_statement(relationship, now)})};
}

}  // namespace kith::overlay
