#include "overlay/membership/judgement.hpp"

#include <utility>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "overlay/message_fields.hpp"

namespace kith::overlay {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kDomain = "kith/1 judgement\0"sv;
constexpr std::size_t kJudgeFields = 3;
constexpr std::size_t kJudgementFields = 7;
constexpr std::size_t kStatementFields = 5;

void write_statement(codec::Writer& out, const Judgement& judgement) {
  out.fingerprint(judgement.joiner.identity)
      .fingerprint(judgement.joiner.node)
      .boolean(judgement.admitted)
      .unsigned_number(microseconds(judgement.issued_at))
      .unsigned_number(microseconds(judgement.until));
}

Bytes statement(const Judgement& judgement) {
  Bytes bytes;
  codec::Writer out(bytes);
  out.array(kStatementFields);
  write_statement(out, judgement);
  return bytes;
}

}  // namespace

Judgement sign_judgement(Judgement what, const crypto::SigningKeyPair& leader,
                         const crypto::Signatures& signatures) {
  what.signature = signatures.sign(leader, {as_bytes(kDomain), statement(what)});
  return what;
}

Result<void> verify(const Judgement& judgement, const crypto::SigningPublicKey& leader,
                    const crypto::Signatures& signatures, WallTime now) {
  if (judgement.until - judgement.issued_at > kJudgementLifeMax)
    return std::unexpected(Errc::life_too_long);
  // Shifts the dates, which are bounded, and not `now`, which is not.
  if (judgement.issued_at - kClockSkewMax > now) return std::unexpected(Errc::not_yet_valid);
  if (judgement.until <= now) return std::unexpected(Errc::expired);
  if (!signatures.verify(leader, {as_bytes(kDomain), statement(judgement)}, judgement.signature))
    return std::unexpected(Errc::bad_signature);
  return {};
}

Bytes encode(const JudgeMessage& message) {
  Bytes bytes;
  bytes.reserve(message.identity.size() + message.node.size() + 16);
  codec::Writer(bytes)
      .array(kJudgeFields)
      .unsigned_number(std::to_underlying(MessageKind::judge))
      .binary(message.identity)
      .binary(message.node);
  return bytes;
}

Bytes encode(const Judgement& judgement) {
  Bytes bytes;
  codec::Writer out(bytes);
  out.array(kJudgementFields).unsigned_number(std::to_underlying(MessageKind::judgement));
  write_statement(out, judgement);
  out.binary(judgement.signature);
  return bytes;
}

Result<JudgeMessage> decode_judge(ByteView bytes) {
  codec::Reader in(bytes);
  JudgeMessage message;
  read_kind(in, MessageKind::judge, kJudgeFields);
  message.identity = in.binary(0, kTokenBytesMax);
  message.node = in.binary(1, kTokenBytesMax);
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

Result<Judgement> decode_judgement(ByteView bytes) {
  codec::Reader in(bytes);
  Judgement judgement;
  read_kind(in, MessageKind::judgement, kJudgementFields);
  judgement.joiner.identity = in.fingerprint();
  judgement.joiner.node = in.fingerprint();
  judgement.admitted = in.boolean();
  judgement.issued_at = read_time(in);
  judgement.until = read_time(in);
  in.binary_into(judgement.signature);
  if (judgement.until <= judgement.issued_at) in.fail(Errc::out_of_range);
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return judgement;
}

}  // namespace kith::overlay
