#pragma once

#include <cstdint>
#include <variant>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/token.hpp>

/// What the two ends of a channel say to each other.  Each message is one canonical msgpack array
/// that begins with its `MessageKind`; the fields follow in the order in which they stand here,
/// numbers as unsigned numbers, the rest as binaries.  `DataMessage` alone goes on after its array:
/// with payloads up to the end of the message, each behind its length (`payloads.hpp`).
///
/// Either end numbers its channels for itself, and a message names the channel by the number that
/// its reader gave.
namespace kith::overlay {

enum class ChannelNumber : std::uint64_t {};

/// Receiver: let me have what `identity` publishes at your node in the role `role`, on the subject
/// of my intent.
struct OpenMessage {
  ChannelNumber receiver_channel{};
  /// Drawn at random when the subscription began: what tells its channels from any other's.
  std::uint64_t subscription_epoch = 0;
  Fingerprint identity;
  IntentRole role = IntentRole::send;
  /// Of the publisher that the channel had before its session was lost; 0 if it had none.
  std::uint64_t publisher_epoch = 0;
  std::uint64_t next = 0;  ///< The sequence to go on from; 0 without a publisher epoch.
  std::uint64_t credit_messages = 0;
  std::uint64_t credit_bytes = 0;
  ByteView intent;  ///< The receiver's token.
};

/// Sender: you get everything from `first` on.
struct AcceptMessage {
  ChannelNumber receiver_channel{};
  ChannelNumber sender_channel{};
  std::uint64_t publisher_epoch = 0;  ///< Drawn at random when the publisher began; not 0.
  std::uint64_t first = 0;
  ByteView intent;  ///< The sender's token.
};

enum class RefuseReason : std::uint8_t {
  unknown_intent = 0,  ///< Nobody offers that here.
  not_authorized = 1,
  limit_reached = 2,
};

/// Sender: no such channel.
struct RefuseMessage {
  ChannelNumber receiver_channel{};
  RefuseReason reason = RefuseReason::unknown_intent;
};

/// Sender: consecutive payloads, the first of which has the sequence `first`.
struct DataMessage {
  ChannelNumber receiver_channel{};
  std::uint64_t first = 0;
  ByteView payloads;
};

/// Receiver: everything below `acknowledged` was handed over; send up to, not including, the
/// sequence `messages` and as long as fewer than `bytes` were sent.  None of the three ever goes
/// back within a session.  `bytes` counts payloads with their lengths, from the accept on.
struct CreditMessage {
  ChannelNumber sender_channel{};
  std::uint64_t acknowledged = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

/// Sender: what comes before `next` and was not sent is expired.
struct ExpiredMessage {
  ChannelNumber receiver_channel{};
  std::uint64_t next = 0;
};

/// Either: the channel is over.  `to_sender` tells whose number follows.
struct CloseMessage {
  bool to_sender = false;
  ChannelNumber channel{};
};

using ExchangeMessage = std::variant<OpenMessage, AcceptMessage, RefuseMessage, DataMessage,
                                     CreditMessage, ExpiredMessage, CloseMessage>;

/// Views point into `bytes`.  Whether the payloads of data are well formed is left to whoever
/// walks over them.
[[nodiscard]] Result<ExchangeMessage> decode_exchange_message(ByteView bytes);

[[nodiscard]] Bytes encode(const OpenMessage& message);
[[nodiscard]] Bytes encode(const AcceptMessage& message);
[[nodiscard]] Bytes encode(const RefuseMessage& message);
[[nodiscard]] Bytes encode(const CloseMessage& message);

// What is sent often is written into a buffer that is used again; `out` is cleared first.

void encode(const CreditMessage& message, Bytes& out);
void encode(const ExpiredMessage& message, Bytes& out);
/// What precedes the payloads.
void encode_header(const DataMessage& message, Bytes& out);

}  // namespace kith::overlay
