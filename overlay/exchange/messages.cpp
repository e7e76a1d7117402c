#include "overlay/exchange/messages.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "overlay/exchange/limits.hpp"
#include "overlay/message_fields.hpp"

namespace kith::overlay {
namespace {

ChannelNumber channel(codec::Reader& in) { return ChannelNumber{in.unsigned_number()}; }

std::uint64_t sequence(codec::Reader& in) { return in.unsigned_number(kSequenceMax); }

std::uint64_t epoch(codec::Reader& in) {
  const std::uint64_t value = in.unsigned_number();
  if (value == 0) in.fail(Errc::out_of_range);
  return value;
}

IntentRole sending_role(codec::Reader& in) {
  const auto role = static_cast<IntentRole>(in.unsigned_number(3));
  if (role != IntentRole::send && role != IntentRole::both) in.fail(Errc::out_of_range);
  return role;
}

// Fields are read one statement each: the order of arguments is nobody's promise.

ExchangeMessage read_open(codec::Reader& in) {
  OpenMessage message;
  message.receiver_channel = channel(in);
  message.subscription_epoch = epoch(in);
  message.identity = in.fingerprint();
  message.role = sending_role(in);
  message.publisher_epoch = in.unsigned_number();
  message.next = sequence(in);
  if (message.publisher_epoch == 0 && message.next != 0) in.fail(Errc::out_of_range);
  message.credit_messages = sequence(in);
  message.credit_bytes = sequence(in);
  message.intent = in.binary(1, kIntentTokenBytesMax);
  return message;
}

ExchangeMessage read_accept(codec::Reader& in) {
  AcceptMessage message;
  message.receiver_channel = channel(in);
  message.sender_channel = channel(in);
  message.publisher_epoch = epoch(in);
  message.first = sequence(in);
  message.intent = in.binary(1, kIntentTokenBytesMax);
  return message;
}

ExchangeMessage read_refuse(codec::Reader& in) {
  RefuseMessage message;
  message.receiver_channel = channel(in);
  message.reason = static_cast<RefuseReason>(
      in.unsigned_number(std::to_underlying(RefuseReason::limit_reached)));
  return message;
}

ExchangeMessage read_data(codec::Reader& in) {
  DataMessage message;
  message.receiver_channel = channel(in);
  message.first = sequence(in);
  return message;
}

ExchangeMessage read_credit(codec::Reader& in) {
  CreditMessage message;
  message.sender_channel = channel(in);
  message.acknowledged = sequence(in);
  message.messages = sequence(in);
  message.bytes = sequence(in);
  return message;
}

ExchangeMessage read_expired(codec::Reader& in) {
  ExpiredMessage message;
  message.receiver_channel = channel(in);
  message.next = sequence(in);
  return message;
}

ExchangeMessage read_close(codec::Reader& in) {
  CloseMessage message;
  message.to_sender = in.boolean();
  message.channel = channel(in);
  return message;
}

struct Row {
  MessageKind kind;
  std::size_t fields;
  ExchangeMessage (*read)(codec::Reader& in);
};

constexpr std::array kRows = {
    Row{MessageKind::channel_open, 9, read_open},
    Row{MessageKind::channel_accept, 5, read_accept},
    Row{MessageKind::channel_refuse, 2, read_refuse},
    Row{MessageKind::channel_data, 2, read_data},
    Row{MessageKind::channel_credit, 4, read_credit},
    Row{MessageKind::channel_expired, 2, read_expired},
    Row{MessageKind::channel_close, 2, read_close},
};

/// `fields` besides the kind.
codec::Writer begin(Bytes& out, MessageKind kind, std::size_t fields) {
  return begin_message(out, kind, fields + 1);
}

}  // namespace

Result<ExchangeMessage> decode_exchange_message(ByteView bytes) {
  codec::Reader in(bytes);
  const std::size_t elements = in.array(1, 10);
  const auto kind = static_cast<MessageKind>(in.unsigned_number(UINT8_MAX));
  const auto row = std::ranges::find(kRows, kind, &Row::kind);
  if (row == kRows.end()) in.fail(Errc::unknown_kind);
  if (!in.failed() && elements != row->fields + 1) in.fail(Errc::wrong_type);
  if (in.failed()) return std::unexpected(in.finish().error());

  ExchangeMessage message = row->read(in);
  if (auto* data = std::get_if<DataMessage>(&message); data != nullptr && !in.failed()) {
    data->payloads = in.rest();
    if (data->payloads.empty()) return std::unexpected(Errc::truncated);
    return message;
  }
  if (auto done = in.finish(); !done) return std::unexpected(done.error());
  return message;
}

Bytes encode(const OpenMessage& message) {
  Bytes out;
  begin(out, MessageKind::channel_open, 9)
      .unsigned_number(std::to_underlying(message.receiver_channel))
      .unsigned_number(message.subscription_epoch)
      .fingerprint(message.identity)
      .unsigned_number(std::to_underlying(message.role))
      .unsigned_number(message.publisher_epoch)
      .unsigned_number(message.next)
      .unsigned_number(message.credit_messages)
      .unsigned_number(message.credit_bytes)
      .binary(message.intent);
  return out;
}

Bytes encode(const AcceptMessage& message) {
  Bytes out;
  begin(out, MessageKind::channel_accept, 5)
      .unsigned_number(std::to_underlying(message.receiver_channel))
      .unsigned_number(std::to_underlying(message.sender_channel))
      .unsigned_number(message.publisher_epoch)
      .unsigned_number(message.first)
      .binary(message.intent);
  return out;
}

Bytes encode(const RefuseMessage& message) {
  Bytes out;
  begin(out, MessageKind::channel_refuse, 2)
      .unsigned_number(std::to_underlying(message.receiver_channel))
      .unsigned_number(std::to_underlying(message.reason));
  return out;
}

Bytes encode(const CloseMessage& message) {
  Bytes out;
  begin(out, MessageKind::channel_close, 2)
      .boolean(message.to_sender)
      .unsigned_number(std::to_underlying(message.channel));
  return out;
}

void encode(const CreditMessage& message, Bytes& out) {
  out.clear();
  begin(out, MessageKind::channel_credit, 4)
      .unsigned_number(std::to_underlying(message.sender_channel))
      .unsigned_number(message.acknowledged)
      .unsigned_number(message.messages)
      .unsigned_number(message.bytes);
}

void encode(const ExpiredMessage& message, Bytes& out) {
  out.clear();
  begin(out, MessageKind::channel_expired, 2)
      .unsigned_number(std::to_underlying(message.receiver_channel))
      .unsigned_number(message.next);
}

void encode_header(const DataMessage& message, Bytes& out) {
  out.clear();
  begin(out, MessageKind::channel_data, 2)
      .unsigned_number(std::to_underlying(message.receiver_channel))
      .unsigned_number(message.first);
}

}  // namespace kith::overlay
