#include "overlay/relations/first_contact.hpp"

#include <algorithm>
#include <utility>

#include "core/take_front.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/session/payload.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

Result<RedeemId> FirstContact::redeem(RedeemOrder order, WallTime now) {
  const TicketToken& ticket = order.ticket;
  if (const auto valid = ticket.verify(*config_.signatures, now); !valid)
    return std::unexpected(valid.error());
  if (ticket.realm() != config_.realm) return std::unexpected(Errc::wrong_realm);
  if (ticket.node() == config_.self) return std::unexpected(Errc::wrong_key);
  const auto identity = config_.identities->key_for(order.identity);
  if (!identity) return std::unexpected(identity.error());
  if (!ticket.partner().is_zero() &&
      ticket.partner() != identity_fingerprint((*identity)->public_key))
    return std::unexpected(Errc::wrong_audience);
  if (order.certificate.size() > kCertificateBytesMax) return std::unexpected(Errc::too_long);
  if (order.endpoints.empty()) return std::unexpected(Errc::no_route);
  if (redeemings_.size() >= config_.redeems_max) return std::unexpected(Errc::limit_reached);

  RelationshipParams params;
  params.realm = config_.realm;
  params.issued_at = now;
  params.life = order.life;
  params.proposer = {config_.self, config_.static_key};
  params.partner_key = order.partner.value_or(ticket.public_key());
  params.partner = {ticket.node(), ticket.static_key()};
  auto proposal = propose_relationship(params, **identity, *config_.signatures, *random_);
  if (!proposal) return std::unexpected(proposal.error());

  DialTarget target;
  target.flow = Flow::ticket;
  target.node = ticket.node();
  target.static_key = ticket.static_key();
  target.ticket = ticket.secret().clone();
  if (order.certificate_early) target.certificate = std::exchange(order.certificate, {});
  const auto id = static_cast<RedeemId>(next_redeem_++);
  redeemings_.emplace(id, Redeeming{.proposal = std::move(*proposal),
                                    .endpoints = order.endpoints,
                                    .late_certificate = std::move(order.certificate)});
  outputs_.emplace_back(ContactDial{id, std::move(order.endpoints), std::move(target)});
  return id;
}

void FirstContact::on_opened(RedeemId redeem, ConnectionId connection) {
  const auto it = redeemings_.find(redeem);
  if (it == redeemings_.end()) return;
  it->second.connection = connection;
  outputs_.emplace_back(ContactSend{
      connection, encode(RelateMessage{it->second.proposal.raw(), it->second.late_certificate})});
}

void FirstContact::on_failed(RedeemId redeem, Errc why) {
  if (redeemings_.erase(redeem) > 0) outputs_.emplace_back(RedeemFailed{redeem, why});
}

void FirstContact::on_guest(ConnectionId connection, TicketGuest guest) {
  guests_.insert_or_assign(connection, Guest{.who = std::move(guest)});
}

Result<void> FirstContact::on_message(ConnectionId connection, MessageKind kind, ByteView message,
                                      WallTime now) {
  if (const auto guest = guests_.find(connection); guest != guests_.end()) {
    if (kind != MessageKind::relate || guest->second.stage != Stage::begun)
      return std::unexpected(Errc::protocol_error);
    return on_relate(guest->second, connection, message, now);
  }
  const auto redeeming = redeeming_on(connection);
  if (redeeming == redeemings_.end() || redeeming->second.relationship)
    return std::unexpected(Errc::protocol_error);
  if (kind == MessageKind::related) return on_related(redeeming->second, message, now);
  if (const auto read = decode_bare(message, MessageKind::not_related); !read) return read;
  on_failed(redeeming->first, Errc::refused);
  outputs_.emplace_back(ContactOver{connection, Errc::refused});
  return {};
}

Result<void> FirstContact::on_relate(Guest& guest, ConnectionId connection, ByteView message,
                                     WallTime now) {
  const auto relate = decode_relate(message);
  if (!relate) return std::unexpected(relate.error());
  auto proposal = RelationshipProposal::decode(relate->proposal);
  if (!proposal) return std::unexpected(proposal.error());
  const auto valid = proposal->verify(*config_.signatures, now);
  if (!valid) return valid;
  const RelationshipTerms& terms = proposal->terms();
  if (!is_acceptable(terms, guest.who)) {
    refuse(connection);
    return {};
  }
  if (!relate->certificate.empty())
    guest.who.certificate.assign(relate->certificate.begin(), relate->certificate.end());
  guest.stage = Stage::asked;
  outputs_.emplace_back(AskToRelate{connection, terms.id, terms.proposer.identity,
                                    terms.partner.identity, guest.who.certificate});
  guest.proposal = std::move(*proposal);
  return {};
}

/// The proposal is about the two nodes that this session is between, and about the identity that
/// the ticket is from.
bool FirstContact::is_acceptable(const RelationshipTerms& terms, const TicketGuest& guest) const {
  const auto identity = config_.identities->key_for(guest.terms.identity);
  return identity && terms.partner.key == (*identity)->public_key && terms.realm == config_.realm &&
         terms.proposer.node == guest.node && terms.proposer.static_key == guest.static_key &&
         terms.partner.node == config_.self && terms.partner.static_key == config_.static_key &&
         (guest.terms.partner == Fingerprint() || guest.terms.partner == terms.proposer.identity);
}

void FirstContact::on_verdict(ConnectionId connection, bool yes, WallTime now) {
  const auto it = guests_.find(connection);
  if (it == guests_.end() || it->second.stage != Stage::asked) return;
  Guest& guest = it->second;
  if (!yes) return refuse(connection);
  const Fingerprint& identity = guest.proposal->terms().partner.identity;
  auto relationship =
      countersign(*guest.proposal, *config_.identities->find(identity), *config_.signatures, now);
  if (!relationship) return refuse(connection);
  guest.stage = Stage::keeping;
  guest.relationship = std::move(*relationship);
  outputs_.emplace_back(
      KeepRelation{connection, *guest.relationship, guest.who.endpoints, guest.who.certificate});
}

void FirstContact::refuse(ConnectionId connection) {
  guests_.erase(connection);
  outputs_.emplace_back(ContactSend{connection, encode_bare(MessageKind::not_related)});
  outputs_.emplace_back(ContactOver{connection, Errc::closed});
}

Result<void> FirstContact::on_related(Redeeming& redeeming, ByteView message, WallTime now) {
  const auto bytes = decode_related(message);
  if (!bytes) return std::unexpected(bytes.error());
  auto relationship = RelationshipToken::decode(*bytes);
  if (!relationship) return std::unexpected(relationship.error());
  // It is what we proposed, to the letter, and signed by the one that we proposed it to.
  if (relationship->terms() != redeeming.proposal.terms()) return std::unexpected(Errc::wrong_key);
  if (const auto valid = relationship->verify(*config_.signatures, now); !valid) return valid;
  redeeming.relationship = std::move(*relationship);
  outputs_.emplace_back(
      KeepRelation{*redeeming.connection, *redeeming.relationship, redeeming.endpoints, {}});
  return {};
}

void FirstContact::on_kept(ConnectionId connection, bool kept, WallTime now) {
  if (const auto guest = guests_.find(connection); guest != guests_.end()) {
    if (guest->second.stage == Stage::keeping) on_guest_kept(guest, kept);
  } else if (const auto it = redeeming_on(connection); it != redeemings_.end()) {
    if (it->second.relationship) on_redeemed_kept(it, kept, now);
  }
}

void FirstContact::on_guest_kept(Guests::iterator it, bool kept) {
  const ConnectionId connection = it->first;
  if (!kept) return refuse(connection);
  Guest guest = std::move(guests_.extract(it).mapped());
  outputs_.emplace_back(ContactSend{connection, encode_related(guest.relationship->raw())});
  outputs_.emplace_back(
      RelationMade{connection, std::move(*guest.relationship), std::move(guest.who.endpoints)});
}

void FirstContact::on_redeemed_kept(Redeemings::iterator it, bool kept, WallTime now) {
  const ConnectionId connection = *it->second.connection;
  if (!kept) {
    // The issuer has kept it before it said so, and would never hear of us again.
    const RelationshipTerms& terms = it->second.relationship->terms();
    const crypto::SigningKeyPair& key = *config_.identities->find(terms.proposer.identity);
    outputs_.emplace_back(
        ContactSend{connection, encode(sign_end(terms.id, now, key, *config_.signatures))});
    on_failed(it->first, Errc::refused);
    outputs_.emplace_back(ContactOver{connection, Errc::refused});
    return;
  }
  auto redeemed = redeemings_.extract(it);
  const RelationshipId id = redeemed.mapped().relationship->terms().id;
  outputs_.emplace_back(RelationMade{connection, *std::move(redeemed.mapped().relationship),
                                     std::move(redeemed.mapped().endpoints)});
  outputs_.emplace_back(Redeemed{redeemed.key(), id});
}

void FirstContact::on_closed(ConnectionId connection, Errc why) {
  // What is being kept both have signed: it does not need the session.
  const auto guest = guests_.find(connection);
  if (guest != guests_.end() && guest->second.stage != Stage::keeping) guests_.erase(guest);
  const auto it = redeeming_on(connection);
  if (it != redeemings_.end() && !it->second.relationship) on_failed(it->first, why);
}

FirstContact::Redeemings::iterator FirstContact::redeeming_on(ConnectionId connection) {
  return std::ranges::find_if(redeemings_, [&](const auto& redeeming) {
    return redeeming.second.connection == connection;
  });
}

std::optional<FirstContactOutput> FirstContact::poll_output() { return take_front(outputs_); }

}  // namespace kith::overlay
