#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/message_kind.hpp"
#include "overlay/relation_output.hpp"

namespace kith::overlay {

inline constexpr std::size_t kRelationPayloadBytesMax = 64U << 10;
inline constexpr std::size_t kTopicBytesMax = 64;
inline constexpr std::size_t kQueryPayloadBytesMax = 1024;
inline constexpr std::size_t kReplyPayloadBytesMax = 4096;

/// The first message of whoever redeems a ticket: [64, proposal, certificate].
struct RelateMessage {
  /// A relationship that its sender has signed, and its reader has not.
  ByteView proposal{};
  /// Who asks, in the words of the application; empty if it was given with the ticket, or not.
  ByteView certificate{};
};

/// What the application at one end of a relationship tells that at the other: [67, relationship,
/// number, payload].  The number is the sender's, and comes back when the payload was taken.
struct RelationMessage {
  RelationshipId relationship{};
  std::uint64_t number = 0;
  ByteView payload{};
};

/// [68, relationship, number].
struct RelationTaken {
  RelationshipId relationship{};
  std::uint64_t number = 0;
};

/// A question to whoever answers: [72, number, topic, payload].
struct QueryMessage {
  std::uint64_t number = 0;
  std::string_view topic{};
  ByteView payload{};
};

/// [73, number, status, payload].  The payload is empty unless the query was answered.
struct ReplyMessage {
  std::uint64_t number = 0;
  QueryStatus status = QueryStatus::answered;
  ByteView payload{};
};

[[nodiscard]] Bytes encode(const RelateMessage& message);
/// [65, relationship]: signed by both.
[[nodiscard]] Bytes encode_related(ByteView relationship);
[[nodiscard]] Bytes encode(const RelationMessage& message);
[[nodiscard]] Bytes encode(const RelationTaken& message);
[[nodiscard]] Bytes encode(const RelationEnd& message);
/// [70, relationship]: there is none by this name that the two nodes share.
[[nodiscard]] Bytes encode_no_relation(const RelationshipId& relationship);
/// [71, node token]: who we are, on a session that began without it.
[[nodiscard]] Bytes encode_introduce(ByteView token);
[[nodiscard]] Bytes encode(const QueryMessage& message);
[[nodiscard]] Bytes encode(const ReplyMessage& message);

// The views point into `bytes`.

[[nodiscard]] Result<RelateMessage> decode_relate(ByteView bytes);
[[nodiscard]] Result<ByteView> decode_related(ByteView bytes);
[[nodiscard]] Result<RelationMessage> decode_relation_message(ByteView bytes);
[[nodiscard]] Result<RelationTaken> decode_relation_taken(ByteView bytes);
[[nodiscard]] Result<RelationEnd> decode_relation_end(ByteView bytes);
[[nodiscard]] Result<RelationshipId> decode_no_relation(ByteView bytes);
[[nodiscard]] Result<ByteView> decode_introduce(ByteView bytes);
[[nodiscard]] Result<QueryMessage> decode_query(ByteView bytes);
[[nodiscard]] Result<ReplyMessage> decode_reply(ByteView bytes);

/// What an identity signs to end a relationship: "kith/1 relationship end", its id and the time.
[[nodiscard]] Bytes end_statement(const RelationshipId& relationship, WallTime at);
/// That it ends now, in the name of `identity`.
[[nodiscard]] RelationEnd sign_end(const RelationshipId& relationship, WallTime now,
                                   const crypto::SigningKeyPair& identity,
                                   const crypto::Signatures& signatures);

}  // namespace kith::overlay
