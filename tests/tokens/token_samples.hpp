#pragma once

#include <chrono>

#include <kith/fingerprint.hpp>
#include <kith/subject.hpp>

#include "core/crypto/sodium.hpp"
#include "core/random.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::test {

/// The wall time at which the samples are issued.
inline constexpr WallTime kIssuedAt{std::chrono::seconds(1'767'225'600)};

/// How `verify` fails.
[[nodiscard]] inline Result<void> failure(Errc error) { return std::unexpected(error); }

/// The keys and places that sample tokens speak of.
struct Cast {
  SeededRandom random{1};
  crypto::SigningKeyPair node_key = crypto::ed25519().generate(random);
  crypto::SigningKeyPair person_key = crypto::ed25519().generate(random);
  crypto::SigningKeyPair leader_key = crypto::ed25519().generate(random);
  crypto::SigningKeyPair friend_key = crypto::ed25519().generate(random);
  Fingerprint node = node_fingerprint(node_key.public_key);
  Fingerprint person = identity_fingerprint(person_key.public_key);
  Fingerprint realm = identity_fingerprint(leader_key.public_key);
  Fingerprint subject = subject_id(realm, "news/weather").value();

  NodeTokenParams node_params() const {
    return {.realm = realm,
            .issued_at = kIssuedAt,
            .endpoints = {Endpoint::v4({192, 0, 2, 1}, 3141)},
            .static_key = {1, 2, 3}};
  }
  IdentityTokenParams identity_params() const {
    return {.realm = realm, .issued_at = kIssuedAt, .node = node};
  }
  IntentTokenParams intent_params() const {
    return {.realm = realm,
            .subject = subject,
            .issued_at = kIssuedAt,
            .role = IntentRole::receive,
            .threshold = 300,
            .node = node};
  }
  TicketTokenParams ticket_params() const {
    return {.realm = realm,
            .partner = person,
            .issued_at = kIssuedAt,
            .dialed = {.host = "example.org", .port = 3141},
            .static_key = {1, 2, 3}};
  }
  RelationshipParams relationship_params() const {
    return {.realm = realm,
            .issued_at = kIssuedAt,
            .proposer = {.node = node, .static_key = {1, 2, 3}},
            .partner_key = friend_key.public_key,
            .partner = {.node = Fingerprint({9}), .static_key = {4, 5, 6}}};
  }

  Result<NodeToken> issue(const NodeTokenParams& params) {
    return issue_node_token(params, node_key, crypto::ed25519(), random);
  }
  Result<IdentityToken> issue(const IdentityTokenParams& params) {
    return issue_identity_token(params, person_key, crypto::ed25519(), random);
  }
  Result<IntentToken> issue(const IntentTokenParams& params) {
    return issue_intent_token(params, person_key, crypto::ed25519(), random);
  }
  Result<TicketToken> issue(const TicketTokenParams& params) {
    return issue_ticket_token(params, node_key, crypto::ed25519(), random);
  }

  NodeToken node_token() { return issue(node_params()).value(); }
  IdentityToken identity_token() { return issue(identity_params()).value(); }
  IntentToken intent_token() { return issue(intent_params()).value(); }
  TicketToken ticket_token() { return issue(ticket_params()).value(); }
  /// The person asks the friend.
  RelationshipProposal proposal() {
    return propose_relationship(relationship_params(), person_key, crypto::ed25519(), random)
        .value();
  }
  RelationshipToken relationship_token() {
    return countersign(proposal(), friend_key, crypto::ed25519(), kIssuedAt).value();
  }
  /// The person, with the leader's word for it.
  IdentityToken vouched_identity_token() {
    IdentityTokenParams params = identity_params();
    params.holder = person_key.public_key;
    return issue_identity_token(params, leader_key, crypto::ed25519(), random).value();
  }
};

}  // namespace kith::test
