#include "overlay/router/messages.hpp"

#include <limits>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "overlay/message_fields.hpp"
#include "overlay/message_kind.hpp"

namespace kith::overlay {
namespace {

constexpr std::uint64_t kMostNumber = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kRouteFields = 8;
constexpr std::size_t kAnswerFields = 6;

/// "Nobody" is an empty binary.
void write_optional(codec::Writer& out, const std::optional<Fingerprint>& id) {
  if (id) {
    out.fingerprint(*id);
  } else {
    out.binary({});
  }
}

std::optional<Fingerprint> read_optional(codec::Reader& in) {
  const ByteView bytes = in.binary(0, Fingerprint::kBytes);
  if (bytes.empty()) return std::nullopt;
  const auto id = Fingerprint::from_bytes(bytes);
  if (!id) {
    in.fail(id.error());
    return std::nullopt;
  }
  return *id;
}

}  // namespace

Bytes encode(const RouteMessage& message) {
  Bytes bytes;
  bytes.reserve(message.payload.size() + 128);
  codec::Writer out = begin_message(bytes, MessageKind::route, kRouteFields);
  out.unsigned_number(message.number).fingerprint(message.key);
  write_optional(out, message.target);
  write_optional(out, message.avoid);
  out.unsigned_number(message.hops_left).boolean(message.recorded).binary(message.payload);
  return bytes;
}

Bytes encode(const AnswerMessage& message) {
  Bytes bytes;
  bytes.reserve(message.payload.size() + 32 + 34 * message.record.size());
  codec::Writer out = begin_message(bytes, MessageKind::answer, kAnswerFields);
  out.unsigned_number(message.number)
      .unsigned_number(static_cast<std::uint64_t>(message.status))
      .unsigned_number(message.hops)
      .array(message.record.size());
  for (const auto& hop : message.record) out.fingerprint(hop);
  out.binary(message.payload);
  return bytes;
}

Result<RouteMessage> decode_route(ByteView bytes) {
  codec::Reader in(bytes);
  RouteMessage message;
  read_kind(in, MessageKind::route, kRouteFields);
  message.number = static_cast<std::uint32_t>(in.unsigned_number(kMostNumber));
  message.key = in.fingerprint();
  message.target = read_optional(in);
  message.avoid = read_optional(in);
  message.hops_left = static_cast<std::uint8_t>(in.unsigned_number(UINT8_MAX));
  message.recorded = in.boolean();
  message.payload = in.binary(1, kRoutedBytesMax);
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

Result<AnswerMessage> decode_answer(ByteView bytes) {
  codec::Reader in(bytes);
  AnswerMessage message;
  read_kind(in, MessageKind::answer, kAnswerFields);
  message.number = static_cast<std::uint32_t>(in.unsigned_number(kMostNumber));
  message.status = static_cast<AnswerStatus>(in.unsigned_number(2));
  message.hops = static_cast<std::uint8_t>(in.unsigned_number(UINT8_MAX));
  const std::size_t recorded = in.array(0, kRecordedHopsMax);
  for (std::size_t i = 0; i < recorded && !in.failed(); ++i)
    message.record.push_back(in.fingerprint());
  message.payload = in.binary(0, kRoutedBytesMax);
  if (const auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

}  // namespace kith::overlay
