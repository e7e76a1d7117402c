#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/random.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/identities.hpp"
#include "overlay/message_kind.hpp"
#include "overlay/session/session.hpp"
#include "tokens/relationship_token.hpp"
#include "tokens/ticket_token.hpp"

namespace kith::overlay {

/// A ticket, and how to redeem it.
struct RedeemOrder {
  TicketToken ticket;
  /// Where the ticket's address leads to.
  std::vector<Endpoint> endpoints;
  /// Whom it makes a contact of: one of our identities.  Nothing: the one that the node joins with.
  std::optional<Fingerprint> identity{};
  /// Whom the relationship is to be with; nothing: the node of the ticket speaks for itself.
  std::optional<crypto::SigningPublicKey> partner{};
  /// What our user shows of itself, at most `kCertificateBytesMax` bytes.
  Bytes certificate{};
  /// In the first message, on which the issuer may decide, but which can be read by whoever steals
  /// its static key later; otherwise on the open session (docs/protocol.md §4.9).
  bool certificate_early = true;
  /// How long the relationship is to last.
  Duration life = std::chrono::hours(24 * 365);
};

/// Who came with a ticket of ours.
struct TicketGuest {
  Fingerprint node;
  crypto::DhPublicKey static_key{};
  std::vector<Endpoint> endpoints;
  Bytes certificate;
  TicketTerms terms;
};

// What first contacts ask of their node.

/// Dial, and then tell `on_opened`, or `on_failed`.
struct ContactDial {
  RedeemId redeem;
  std::vector<Endpoint> endpoints;
  DialTarget target;
};
struct ContactSend {
  ConnectionId connection;
  Bytes message;
};
/// The session has no use any more.
struct ContactOver {
  ConnectionId connection;
  Errc why;
};
/// Put it to the policy; `on_verdict` answers.
struct AskToRelate {
  ConnectionId connection;
  RelationshipId relationship;
  Fingerprint identity;
  Fingerprint own_identity;
  Bytes certificate;
};
/// Have it kept; `on_kept` answers.
struct KeepRelation {
  ConnectionId connection;
  RelationshipToken relationship;
  std::vector<Endpoint> endpoints;
  Bytes certificate;
};
/// Both have signed, and it is kept: the session is one of related nodes from now on.
struct RelationMade {
  ConnectionId connection;
  RelationshipToken relationship;
  std::vector<Endpoint> endpoints;
};

using FirstContactOutput = std::variant<ContactDial, ContactSend, ContactOver, AskToRelate,
                                        KeepRelation, RelationMade, Redeemed, RedeemFailed>;

struct FirstContactConfig {
  Fingerprint self;
  crypto::DhPublicKey static_key{};
  Fingerprint realm;
  /// Who signs our side.  Outlives this.
  const Identities* identities = nullptr;
  const crypto::Signatures* signatures = nullptr;
  std::size_t redeems_max = 64;
};

/// What follows a ticket: the redeemer proposes a relationship, the issuer's policy is asked, the
/// issuer signs, too, and both keep it (docs/protocol.md §10).
///
///     redeemer   dialing --> proposed --related--> keeping --> made
///                                |                    +--not kept--> end said, failed
///                                +--not related--> failed
///     issuer     guest --relate--> asked --yes--> keeping --> made, related said
///                                    +--no--> not related said, over
///
/// The issuer keeps it before it says so: whoever is told has it from both.
class FirstContact {
 public:
  /// `random` outlives this.
  FirstContact(const FirstContactConfig& config, Random& random)
      : config_(config), random_(&random) {}

  // Commands.

  /// The `Errc` of a ticket that is not valid, of another realm, our own (`wrong_key`), or for
  /// another identity (`wrong_audience`); `not_found` for an identity that is none of ours;
  /// `too_long` for the certificate; `limit_reached`.
  [[nodiscard]] Result<RedeemId> redeem(RedeemOrder order, WallTime now);

  // Inputs.

  void on_opened(RedeemId redeem, ConnectionId connection);
  void on_failed(RedeemId redeem, Errc why);
  /// A session opened by a ticket that is spent now.
  void on_guest(ConnectionId connection, TicketGuest guest);
  /// `Errc` if the message has no place: close the session then.
  Result<void> on_message(ConnectionId connection, MessageKind kind, ByteView message,
                          WallTime now);
  /// The policy's answer.
  void on_verdict(ConnectionId connection, bool yes, WallTime now);
  void on_kept(ConnectionId connection, bool kept, WallTime now);
  void on_closed(ConnectionId connection, Errc why);

  // Outputs.

  [[nodiscard]] std::optional<FirstContactOutput> poll_output();

 private:
  enum class Stage : std::uint8_t { begun, asked, keeping };
  struct Guest {
    TicketGuest who;
    Stage stage = Stage::begun;
    std::optional<RelationshipProposal> proposal{};
    std::optional<RelationshipToken> relationship{};
  };
  struct Redeeming {
    RelationshipProposal proposal;
    std::vector<Endpoint> endpoints;
    Bytes late_certificate;
    std::optional<ConnectionId> connection{};
    std::optional<RelationshipToken> relationship{};
  };
  using Guests = std::map<ConnectionId, Guest>;
  using Redeemings = std::map<RedeemId, Redeeming>;

  Result<void> on_relate(Guest& guest, ConnectionId connection, ByteView message, WallTime now);
  Result<void> on_related(Redeeming& redeeming, ByteView message, WallTime now);
  [[nodiscard]] bool is_acceptable(const RelationshipTerms& terms, const TicketGuest& guest) const;
  void refuse(ConnectionId connection);
  void on_guest_kept(Guests::iterator it, bool kept);
  void on_redeemed_kept(Redeemings::iterator it, bool kept, WallTime now);
  [[nodiscard]] Redeemings::iterator redeeming_on(ConnectionId connection);

  FirstContactConfig config_;
  Random* random_;
  Redeemings redeemings_;
  Guests guests_;
  std::uint32_t next_redeem_ = 1;
  std::deque<FirstContactOutput> outputs_;
};

}  // namespace kith::overlay
