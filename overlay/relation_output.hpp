#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/join_step.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/session/handshake.hpp"
#include "tokens/relationship_token.hpp"

namespace kith::overlay {

enum class QuestionId : std::uint64_t;
enum class QueryId : std::uint32_t {};
enum class RedeemId : std::uint32_t {};

enum class QueryStatus : std::uint8_t { answered = 0, unknown_topic = 1, refused = 2 };

/// One of the two identities has ended a relationship: [69, relationship, at, signature].
struct RelationEnd {
  RelationshipId relationship{};
  WallTime at{};
  crypto::Signature signature{};

  friend bool operator==(const RelationEnd&, const RelationEnd&) = default;
};

/// What the issuer keeps of a ticket, beside its hash.
struct TicketTerms {
  /// Which of our identities it is from.  Nothing: the one that the node joins with.
  std::optional<Fingerprint> identity{};
  /// The identity that alone may redeem it; zeros: whoever shows it.
  Fingerprint partner;
  TicketPurpose purpose = TicketPurpose::relationship;
};

// What an engine asks and tells of tickets, relationships and queries.  Whatever asks has a
// question; `Engine::on_verdict` answers it, where nothing else is said.  What is never answered
// means no.

/// A ticket was issued: keep this, before it is handed over.
struct StoreTicket {
  Fingerprint hash;
  Uuid uuid;
  TicketTerms terms;
  WallTime expires_at;
};

/// Somebody shows a ticket: is it kept, not spent, not revoked and not over?
/// `Engine::on_ticket_checked` answers.
struct CheckTicket {
  QuestionId question;
  Fingerprint hash;
};

/// Whoever showed it is there: spend it, in one step that succeeds once.
struct SpendTicket {
  QuestionId question;
  Fingerprint hash;
  Fingerprint by;  ///< The node.
};

/// Both have signed: keep this, so that it survives us, then say yes.
struct KeepRelationship {
  QuestionId question;
  RelationshipToken relationship;
  /// Where the other node may be dialed.
  std::vector<Endpoint> endpoints;
  /// What the other user showed of itself.
  Bytes certificate;
};

struct Redeemed {
  RedeemId redeem;
  RelationshipId relationship;
};
struct RedeemFailed {
  RedeemId redeem;
  Errc why;
};

/// Over from now on; keep the statement, so that it stays so.
struct RelationshipEnded {
  RelationEnd statement;
  bool by_us;
};

/// The nodes of a relationship have a session.
struct RelationReached {
  RelationshipId relationship;
};
/// The other node was dialed in vain.
struct RelationUnreachable {
  RelationshipId relationship;
  Errc why;
};

/// How a related node was dialed, and how far that came or has come.
struct DialProgress {
  Flow flow = Flow::reconnect;
  Endpoint endpoint;
  /// `joining`: there was a session.
  JoinStep step = JoinStep::connecting;

  friend bool operator==(const DialProgress&, const DialProgress&) = default;
};

/// A message on a relationship; `Engine::take` tells the sender that the application has taken it.
struct RelationMessageArrived {
  RelationshipId relationship;
  std::uint64_t number;
  ByteView payload;
  Fingerprint own_identity;  ///< Which of ours it is for.
};
/// The application at the other end has taken a message of ours.
struct RelationMessageTaken {
  RelationshipId relationship;
  std::uint64_t number;
};
/// Nobody said that it was taken, and nobody will.  It may have been, if a session broke.
struct RelationMessageLost {
  RelationshipId relationship;
  std::uint64_t number;
  Errc why;
};

/// Somebody asks; `Engine::answer_query` answers.  The topic is one of `public_topics`.
struct QueryAsked {
  QuestionId question;
  Fingerprint node;
  std::string topic;
  ByteView payload;
};

/// What a node said to our query.
struct QueryAnswered {
  QueryId query;
  QueryStatus status;
  ByteView payload;
};

struct QueryFailed {
  QueryId query;
  Errc why;
};

using RelationOutput =
    std::variant<StoreTicket, CheckTicket, SpendTicket, KeepRelationship, Redeemed, RedeemFailed,
                 RelationshipEnded, RelationReached, RelationUnreachable, RelationMessageArrived,
                 RelationMessageTaken, RelationMessageLost, QueryAsked, QueryAnswered, QueryFailed>;

}  // namespace kith::overlay
