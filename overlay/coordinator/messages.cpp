#include "overlay/coordinator/messages.hpp"

#include <utility>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "overlay/message_fields.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kIntentFields = 3;
constexpr std::size_t kAttachmentFields = 3;
constexpr std::size_t kWithdrawalFields = 8;
constexpr std::size_t kExpiredFields = 5;
constexpr std::size_t kSummaryFields = 2;
constexpr std::size_t kRecordFields = 2;

constexpr std::size_t kHeadBytesMax = 3;
constexpr std::size_t kNumberBytesMax = 9;
constexpr std::size_t kFingerprintBytes = 2 + Fingerprint::kBytes;
constexpr std::size_t kSignatureFieldBytes = 2 + sizeof(crypto::Signature);
constexpr std::size_t kAttachmentBytesMax =
    2 + kNumberBytesMax + kRelaysMax * kFingerprintBytes + kSignatureFieldBytes;
constexpr std::size_t kIntentBytesMax =
    1 + 2 * kHeadBytesMax + kIntentTokenBytesMax + kTokenBytesMax + kAttachmentBytesMax;
constexpr std::size_t kWithdrawalBytesMax =
    1 + 4 * kFingerprintBytes + 1 + 2 * kNumberBytesMax + kSignatureFieldBytes;

// What is counted instead of measured fits in any case.
static_assert(kIntentsPerMessageMax * kIntentBytesMax + kHoldersMax * kFingerprintBytes + 64 <=
              kCoordinatorMessageBytesMax);
static_assert(kUnmatchedPerMessageMax * kWithdrawalBytesMax + 16 <= kCoordinatorMessageBytesMax);

void write(codec::Writer& out, const IntentView& intent) {
  out.array(kIntentFields).binary(intent.intent).binary(intent.node);
  if (intent.attachment == nullptr) {
    out.array(0);
    return;
  }
  const Attachment& attachment = *intent.attachment;
  out.array(kAttachmentFields).unsigned_number(microseconds(attachment.at));
  out.array(attachment.relays.size());
  for (const Fingerprint& relay : attachment.relays) out.fingerprint(relay);
  out.binary(attachment.signature);
}

void write(codec::Writer& out, const Withdrawal& withdrawal) {
  out.array(kWithdrawalFields)
      .fingerprint(withdrawal.key.subject)
      .binary(withdrawal.public_key)
      .fingerprint(withdrawal.key.node)
      .unsigned_number(static_cast<std::uint64_t>(withdrawal.key.role))
      .fingerprint(withdrawal.audience)
      .unsigned_number(microseconds(withdrawal.issued_at))
      .unsigned_number(microseconds(withdrawal.until))
      .binary(withdrawal.signature);
}

void write(codec::Writer& out, const ExpiredIntent& expired) {
  out.array(kExpiredFields)
      .fingerprint(expired.key.subject)
      .fingerprint(expired.key.identity)
      .fingerprint(expired.key.node)
      .unsigned_number(static_cast<std::uint64_t>(expired.key.role))
      .unsigned_number(microseconds(expired.issued_at));
}

void write(codec::Writer& out, std::span<const IntentView> intents) {
  out.array(intents.size());
  for (const IntentView& intent : intents) write(out, intent);
}

void write(codec::Writer& out, const RecordView& record) {
  out.array(kRecordFields).unsigned_number(static_cast<std::uint64_t>(record.age.count()));
  if (const auto* intent = std::get_if<IntentView>(&record.what))
    write(out, *intent);
  else
    write(out, *std::get<const Withdrawal*>(record.what));
}

IntentRole read_role(codec::Reader& in) {
  const auto role = static_cast<IntentRole>(in.unsigned_number(3));
  switch (role) {
    case IntentRole::send:
    case IntentRole::receive:
    case IntentRole::both:
      return role;
  }
  in.fail(Errc::out_of_range);
  return IntentRole::both;
}

std::optional<Attachment> read_attachment(codec::Reader& in) {
  const std::size_t fields = in.array(0, kAttachmentFields);
  if (fields == 0) return std::nullopt;
  if (fields != kAttachmentFields) in.fail(Errc::missing_key);
  Attachment attachment;
  attachment.at = read_time(in);
  const std::size_t relays = in.array(0, kRelaysMax);
  for (std::size_t i = 0; i < relays; ++i) attachment.relays.push_back(in.fingerprint());
  in.binary_into(attachment.signature);
  return attachment;
}

/// Nothing after a fault.
std::optional<PeerIntent> read_intent_fields(codec::Reader& in) {
  const ByteView intent_bytes = in.binary(1, kIntentTokenBytesMax);
  const ByteView node_bytes = in.binary(1, kTokenBytesMax);
  auto attachment = read_attachment(in);
  if (in.failed()) return std::nullopt;
  auto intent = decode_intent_token(intent_bytes);
  auto node = decode_node_token(node_bytes);
  if (!intent || !node) {
    in.fail(intent ? node.error() : intent.error());
    return std::nullopt;
  }
  return PeerIntent{std::move(*intent), std::move(*node), std::move(attachment)};
}

Withdrawal read_withdrawal_fields(codec::Reader& in) {
  Withdrawal withdrawal;
  withdrawal.key.subject = in.fingerprint();
  in.binary_into(withdrawal.public_key);
  withdrawal.key.identity = identity_fingerprint(withdrawal.public_key);
  withdrawal.key.node = in.fingerprint();
  withdrawal.key.role = read_role(in);
  withdrawal.audience = in.fingerprint();
  withdrawal.issued_at = read_time(in);
  withdrawal.until = read_time(in);
  in.binary_into(withdrawal.signature);
  return withdrawal;
}

ExpiredIntent read_expired_fields(codec::Reader& in) {
  ExpiredIntent expired;
  expired.key.subject = in.fingerprint();
  expired.key.identity = in.fingerprint();
  expired.key.node = in.fingerprint();
  expired.key.role = read_role(in);
  expired.issued_at = read_time(in);
  return expired;
}

std::vector<PeerIntent> read_intents(codec::Reader& in) {
  std::vector<PeerIntent> intents;
  const std::size_t count = in.array(0, kIntentsPerMessageMax);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    in.array(kIntentFields, kIntentFields);
    if (auto intent = read_intent_fields(in)) intents.push_back(std::move(*intent));
  }
  return intents;
}

std::vector<Fingerprint> read_fingerprints(codec::Reader& in, std::size_t most) {
  std::vector<Fingerprint> fingerprints;
  const std::size_t count = in.array(0, most);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) fingerprints.push_back(in.fingerprint());
  return fingerprints;
}

/// `previous`: the last one, if there was one.
Fingerprint read_ascending(codec::Reader& in, const Fingerprint* previous) {
  const Fingerprint subject = in.fingerprint();
  if (previous != nullptr && subject <= *previous)
    in.fail(subject == *previous ? Errc::duplicate_key : Errc::unexpected_key);
  return subject;
}

void read_record(codec::Reader& in, std::vector<ReplicatedRecord>& out) {
  in.array(kRecordFields, kRecordFields);
  const Duration age(static_cast<Duration::rep>(in.unsigned_number(kMicrosecondsMax)));
  const std::size_t fields = in.array(kIntentFields, kWithdrawalFields);
  if (in.failed()) return;
  if (fields == kIntentFields) {
    if (auto intent = read_intent_fields(in)) out.push_back({age, std::move(*intent)});
  } else if (fields == kWithdrawalFields) {
    out.push_back({age, read_withdrawal_fields(in)});
  } else {
    in.fail(Errc::out_of_range);
  }
}

void read_end(codec::Reader& in, std::vector<IntentEnd>& out) {
  const std::size_t fields = in.array(kExpiredFields, kWithdrawalFields);
  if (in.failed()) return;
  if (fields == kExpiredFields)
    out.emplace_back(read_expired_fields(in));
  else if (fields == kWithdrawalFields)
    out.emplace_back(read_withdrawal_fields(in));
  else
    in.fail(Errc::out_of_range);
}

template <class T>
Result<T> finish(codec::Reader& in, T& message) {
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return std::move(message);
}

Result<void> check_size(ByteView bytes) {
  if (bytes.size() > kCoordinatorMessageBytesMax) return std::unexpected(Errc::too_long);
  return {};
}

}  // namespace

std::size_t IntentView::bytes_max() const {
  return 1 + 2 * kHeadBytesMax + intent.size() + node.size() +
         (attachment == nullptr ? 1 : kAttachmentBytesMax);
}

IntentView view_of(const PeerIntent& peer) {
  return {peer.intent.token.raw(), peer.node.token.raw(),
          peer.attachment ? &*peer.attachment : nullptr};
}

std::size_t RecordView::bytes_max() const {
  const auto* intent = std::get_if<IntentView>(&what);
  return 1 + kNumberBytesMax + (intent != nullptr ? intent->bytes_max() : kWithdrawalBytesMax);
}

Bytes encode_declare(const IntentView& intent, std::uint64_t known) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::declare, 3);
  write(out, intent);
  out.unsigned_number(known);
  return bytes;
}

Bytes encode_declared(const DeclaredView& declared) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::declared, 5);
  out.unsigned_number(static_cast<std::uint64_t>(declared.verdict))
      .unsigned_number(microseconds(declared.until))
      .array(declared.holders.size());
  for (const Fingerprint& holder : declared.holders) out.fingerprint(holder);
  write(out, declared.matches);
  return bytes;
}

Bytes encode_withdraw(const Withdrawal& withdrawal) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::withdraw, 2);
  write(out, withdrawal);
  return bytes;
}

Bytes encode_matches(std::span<const IntentView> intents) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::matches, 2);
  write(out, intents);
  return bytes;
}

Bytes encode_unmatched(std::span<const IntentEnd> ends) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::unmatched, 2);
  out.array(ends.size());
  for (const IntentEnd& end : ends) std::visit([&out](const auto& it) { write(out, it); }, end);
  return bytes;
}

Bytes encode_replicate(std::uint64_t number, std::span<const RecordView> records,
                       std::span<const SubjectSummary> summaries) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::replicate, 4);
  out.unsigned_number(number).array(records.size());
  for (const RecordView& record : records) write(out, record);
  out.array(summaries.size());
  for (const SubjectSummary& summary : summaries)
    out.array(kSummaryFields).fingerprint(summary.subject).unsigned_number(summary.digest);
  return bytes;
}

Bytes encode_replicated(std::uint64_t number, std::span<const Fingerprint> wanted) {
  Bytes bytes;
  codec::Writer out = begin_message(bytes, MessageKind::replicated, 3);
  out.unsigned_number(number).array(wanted.size());
  for (const Fingerprint& subject : wanted) out.fingerprint(subject);
  return bytes;
}

Result<DeclareMessage> decode_declare(ByteView bytes) {
  if (const auto fits = check_size(bytes); !fits) return std::unexpected(fits.error());
  codec::Reader in(bytes);
  read_kind(in, MessageKind::declare, 3);
  in.array(kIntentFields, kIntentFields);
  auto peer = read_intent_fields(in);
  const std::uint64_t known = in.unsigned_number();
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return DeclareMessage{std::move(*peer), known};
}

Result<DeclaredMessage> decode_declared(ByteView bytes) {
  if (const auto fits = check_size(bytes); !fits) return std::unexpected(fits.error());
  codec::Reader in(bytes);
  DeclaredMessage message;
  read_kind(in, MessageKind::declared, 5);
  message.verdict = static_cast<DeclareVerdict>(
      in.unsigned_number(static_cast<std::uint64_t>(DeclareVerdict::not_authorized)));
  message.until = read_time(in);
  message.holders = read_fingerprints(in, kHoldersMax);
  message.matches = read_intents(in);
  return finish(in, message);
}

Result<Withdrawal> decode_withdraw(ByteView bytes) {
  codec::Reader in(bytes);
  read_kind(in, MessageKind::withdraw, 2);
  in.array(kWithdrawalFields, kWithdrawalFields);
  Withdrawal withdrawal = read_withdrawal_fields(in);
  return finish(in, withdrawal);
}

Result<std::vector<PeerIntent>> decode_matches(ByteView bytes) {
  if (const auto fits = check_size(bytes); !fits) return std::unexpected(fits.error());
  codec::Reader in(bytes);
  read_kind(in, MessageKind::matches, 2);
  std::vector<PeerIntent> intents = read_intents(in);
  return finish(in, intents);
}

Result<std::vector<IntentEnd>> decode_unmatched(ByteView bytes) {
  if (const auto fits = check_size(bytes); !fits) return std::unexpected(fits.error());
  codec::Reader in(bytes);
  std::vector<IntentEnd> ends;
  read_kind(in, MessageKind::unmatched, 2);
  const std::size_t count = in.array(0, kUnmatchedPerMessageMax);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) read_end(in, ends);
  return finish(in, ends);
}

Result<ReplicateMessage> decode_replicate(ByteView bytes) {
  if (const auto fits = check_size(bytes); !fits) return std::unexpected(fits.error());
  codec::Reader in(bytes);
  ReplicateMessage message;
  read_kind(in, MessageKind::replicate, 4);
  message.number = in.unsigned_number();
  const std::size_t records = in.array(0, kRecordsPerMessageMax);
  for (std::size_t i = 0; i < records && !in.failed(); ++i) read_record(in, message.records);
  const std::size_t summaries = in.array(0, kSummariesPerMessageMax);
  for (std::size_t i = 0; i < summaries && !in.failed(); ++i) {
    in.array(kSummaryFields, kSummaryFields);
    const Fingerprint subject =
        read_ascending(in, i == 0 ? nullptr : &message.summaries.back().subject);
    message.summaries.push_back({subject, in.unsigned_number()});
  }
  return finish(in, message);
}

Result<ReplicatedMessage> decode_replicated(ByteView bytes) {
  codec::Reader in(bytes);
  ReplicatedMessage message;
  read_kind(in, MessageKind::replicated, 3);
  message.number = in.unsigned_number();
  const std::size_t wanted = in.array(0, kSummariesPerMessageMax);
  for (std::size_t i = 0; i < wanted && !in.failed(); ++i)
    message.wanted.push_back(read_ascending(in, i == 0 ? nullptr : &message.wanted.back()));
  return finish(in, message);
}

}  // namespace kith::overlay
