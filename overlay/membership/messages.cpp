#include "overlay/membership/messages.hpp"

#include <algorithm>
#include <string_view>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "overlay/message_fields.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kJoinFields = 5;
constexpr std::size_t kPiggyFields = 3;
constexpr std::size_t kTokenMessageFields = 2;
/// Of both answers to a join.
constexpr std::size_t kAnswerFields = 2;
constexpr std::string_view kJoinDomain("kith/1 join\0", 12);

Bytes encode_token_message(MessageKind kind, ByteView token) {
  Bytes bytes;
  bytes.reserve(token.size() + 8);
  begin_message(bytes, kind, kTokenMessageFields).binary(token);
  return bytes;
}

}  // namespace

Bytes encode(const JoinMessage& message) {
  Bytes bytes;
  bytes.reserve(message.identity.size() + 80);
  begin_message(bytes, MessageKind::join, kJoinFields)
      .unsigned_number(static_cast<std::uint64_t>(message.role))
      .boolean(message.entering)
      .binary(message.identity)
      .binary(message.proof ? ByteView(*message.proof) : ByteView{});
  return bytes;
}

Bytes encode(const PiggyMessage& message) {
  Bytes bytes;
  bytes.reserve(16 + 512 * message.tokens.size());
  codec::Writer out = begin_message(bytes, MessageKind::piggy, kPiggyFields);
  out.boolean(message.complete).array(message.tokens.size());
  for (const ByteView token : message.tokens) out.binary(token);
  return bytes;
}

Bytes encode_update(ByteView token) { return encode_token_message(MessageKind::update, token); }

Bytes encode_announce(ByteView token) { return encode_token_message(MessageKind::announce, token); }

Bytes encode_acknowledge(Participation role) {
  Bytes bytes;
  begin_message(bytes, MessageKind::acknowledge, kAnswerFields)
      .unsigned_number(static_cast<std::uint64_t>(role));
  return bytes;
}

Bytes encode_not_acknowledged(bool later) {
  Bytes bytes;
  begin_message(bytes, MessageKind::not_acknowledged, kAnswerFields).boolean(later);
  return bytes;
}

Bytes encode_bare(MessageKind kind) {
  Bytes bytes;
  static_cast<void>(begin_message(bytes, kind, 1));
  return bytes;
}

Result<MessageKind> peek_kind(ByteView bytes) {
  codec::Reader in(bytes);
  in.array(1, 16);
  const std::uint64_t kind = in.unsigned_number(UINT8_MAX);
  if (in.failed()) return std::unexpected(Errc::unknown_kind);
  return static_cast<MessageKind>(kind);
}

Result<JoinMessage> decode_join(ByteView bytes) {
  codec::Reader in(bytes);
  JoinMessage message;
  read_kind(in, MessageKind::join, kJoinFields);
  message.role = static_cast<Participation>(in.unsigned_number(1));
  message.entering = in.boolean();
  message.identity = in.binary(0, kTokenBytesMax);
  const ByteView proof = in.binary(0, sizeof(crypto::Signature));
  if (!proof.empty()) {
    if (proof.size() != sizeof(crypto::Signature)) in.fail(Errc::out_of_range);
    message.proof.emplace();
    std::ranges::copy_n(proof.begin(), static_cast<std::ptrdiff_t>(proof.size()),
                        message.proof->begin());
  }
  if (message.proof.has_value() == message.identity.empty()) in.fail(Errc::missing_key);
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

Result<PiggyMessage> decode_piggy(ByteView bytes) {
  codec::Reader in(bytes);
  PiggyMessage message;
  read_kind(in, MessageKind::piggy, kPiggyFields);
  message.complete = in.boolean();
  const std::size_t count = in.array(0, kPiggyTokensMax);
  for (std::size_t i = 0; i < count && !in.failed(); ++i)
    message.tokens.push_back(in.binary(1, kTokenBytesMax));
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

Result<ByteView> decode_token_message(ByteView bytes, MessageKind kind) {
  codec::Reader in(bytes);
  read_kind(in, kind, kTokenMessageFields);
  const ByteView token = in.binary(1, kTokenBytesMax);
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return token;
}

Result<Participation> decode_acknowledge(ByteView bytes) {
  codec::Reader in(bytes);
  read_kind(in, MessageKind::acknowledge, kAnswerFields);
  const auto role = static_cast<Participation>(in.unsigned_number(1));
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return role;
}

Result<bool> decode_not_acknowledged(ByteView bytes) {
  codec::Reader in(bytes);
  read_kind(in, MessageKind::not_acknowledged, kAnswerFields);
  const bool later = in.boolean();
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return later;
}

Result<void> decode_bare(ByteView bytes, MessageKind kind) {
  codec::Reader in(bytes);
  read_kind(in, kind, 1);
  return in.finish();
}

Bytes join_statement(const Fingerprint& session_id, const Fingerprint& node) {
  Bytes statement;
  append(statement, as_bytes(kJoinDomain));
  append(statement, session_id.view());
  append(statement, node.view());
  return statement;
}

}  // namespace kith::overlay
