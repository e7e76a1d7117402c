#include "overlay/relations/first_contact.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr ConnectionId kContact{7};
constexpr WallTime kThen{Duration(1'700'000'000'000'000)};

/// A node that speaks for itself.
struct Dealer {
  explicit Dealer(std::uint64_t seed)
      : random(seed),
        key(signatures.generate(random)),
        static_key(sim::simulated_primitives().dh->generate(random).public_key),
        contact({.self = place().node,
                 .static_key = static_key,
                 .realm = {},
                 .identities = &identities,
                 .signatures = &signatures},
                random) {}

  [[nodiscard]] RelationshipPlace place() const {
    return {node_fingerprint(key.public_key), static_key};
  }

  /// The next output, if it is of this kind.
  template <class What>
  std::optional<What> take() {
    auto output = contact.poll_output();
    auto* what = output ? std::get_if<What>(&*output) : nullptr;
    return what ? std::optional(std::move(*what)) : std::nullopt;
  }

  const crypto::Signatures& signatures = *sim::simulated_primitives().signatures;
  SeededRandom random;
  crypto::SigningKeyPair key;
  Identities identities{key};
  crypto::DhPublicKey static_key{};
  FirstContact contact;
};

/// Between one that issues tickets and one that has come with one.
struct FirstContacts : testing::Test {
  /// What the guest proposes if it keeps to the rules.
  [[nodiscard]] RelationshipParams params() const {
    RelationshipParams params;
    params.issued_at = kThen;
    params.life = 1h;
    params.proposer = guest.place();
    params.partner = issuer.place();
    params.partner_key = issuer.key.public_key;
    return params;
  }
  RelationshipProposal propose(const RelationshipParams& what) {
    return propose_relationship(what, guest.key, guest.signatures, guest.random).value();
  }

  /// The guest has come by its ticket, which is for this one.
  void let_in(const Fingerprint& partner = {}) {
    issuer.contact.on_guest(kContact, {.node = guest.place().node,
                                       .static_key = guest.static_key,
                                       .endpoints = {},
                                       .certificate = {},
                                       .terms = {.partner = partner}});
  }
  Result<void> relate(ByteView proposal) {
    return issuer.contact.on_message(kContact, MessageKind::relate,
                                     encode(RelateMessage{proposal, {}}), kThen);
  }
  void expect_no() {
    const auto said = issuer.take<ContactSend>();
    ASSERT_TRUE(said);
    EXPECT_EQ(said->message, encode_bare(MessageKind::not_related));
    EXPECT_TRUE(issuer.take<ContactOver>());
    EXPECT_FALSE(issuer.contact.poll_output());
  }

  /// The guest redeems a ticket; what it proposes then.
  RelationshipProposal redeem() {
    TicketTokenParams ticket;
    ticket.issued_at = kThen;
    ticket.dialed = {"10.0.0.1", 3141};
    ticket.static_key = issuer.static_key;
    const auto id = guest.contact.redeem(
        {.ticket = issue_ticket_token(ticket, issuer.key, issuer.signatures, issuer.random).value(),
         .endpoints = {Endpoint::v4({10, 0, 0, 1}, 3141)}},
        kThen);
    EXPECT_TRUE(guest.take<ContactDial>());
    guest.contact.on_opened(id.value(), kContact);
    const Bytes said = guest.take<ContactSend>().value().message;
    return RelationshipProposal::decode(decode_relate(said).value().proposal).value();
  }
  Result<void> answer(ByteView relationship) {
    return guest.contact.on_message(kContact, MessageKind::related, encode_related(relationship),
                                    kThen);
  }
  RelationshipToken sign(const RelationshipProposal& proposal) {
    return countersign(proposal, issuer.key, issuer.signatures, kThen).value();
  }

  Dealer issuer{1};
  Dealer guest{2};
  Dealer stranger{3};
};

Bytes with_flipped_bit(ByteView bytes, std::size_t from_end) {
  Bytes changed(bytes.begin(), bytes.end());
  changed[changed.size() - from_end] ^= 1U;
  return changed;
}

TEST_F(FirstContacts, R60_R64_EndInARelationshipThatBothHaveSignedAndTheIssuerHasKept) {
  let_in();
  ASSERT_TRUE(relate(propose(params()).raw()));
  const auto asked = issuer.take<AskToRelate>();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->identity, identity_fingerprint(guest.key.public_key));
  EXPECT_EQ(asked->own_identity, identity_fingerprint(issuer.key.public_key));
  issuer.contact.on_verdict(kContact, true, kThen);
  const auto keep = issuer.take<KeepRelation>();
  ASSERT_TRUE(keep);
  EXPECT_TRUE(keep->relationship.verify(issuer.signatures, kThen));
  EXPECT_FALSE(issuer.contact.poll_output());
  issuer.contact.on_kept(kContact, true, kThen);
  const auto said = issuer.take<ContactSend>();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->message, encode_related(keep->relationship.raw()));
  EXPECT_TRUE(issuer.take<RelationMade>());
}

TEST_F(FirstContacts, R64_AreRefusedIfTheProposalIsAboutAnybodyElse) {
  const auto refuses = [&](const std::function<void(RelationshipParams&)>& change) {
    RelationshipParams wrong = params();
    change(wrong);
    let_in();
    ASSERT_TRUE(relate(propose(wrong).raw()));
    expect_no();
  };
  refuses([&](RelationshipParams& wrong) { wrong.proposer.node = stranger.place().node; });
  refuses([&](RelationshipParams& wrong) { wrong.proposer.static_key = stranger.static_key; });
  refuses([&](RelationshipParams& wrong) { wrong.partner.node = stranger.place().node; });
  refuses([&](RelationshipParams& wrong) { wrong.partner.static_key = stranger.static_key; });
  refuses([&](RelationshipParams& wrong) { wrong.partner_key = stranger.key.public_key; });
  refuses([&](RelationshipParams& wrong) { wrong.realm = stranger.place().node; });
}

TEST_F(FirstContacts, R58_AreRefusedToAnotherIdentityThanTheTicketsPartner) {
  let_in(identity_fingerprint(stranger.key.public_key));
  ASSERT_TRUE(relate(propose(params()).raw()));
  expect_no();
  let_in(identity_fingerprint(guest.key.public_key));
  ASSERT_TRUE(relate(propose(params()).raw()));
  EXPECT_TRUE(issuer.take<AskToRelate>());
}

TEST_F(FirstContacts, R64_TakeNoProposalThatIsNotSigned) {
  let_in();
  // It ends in an empty binary, where the other signature will be.
  EXPECT_FALSE(relate(with_flipped_bit(propose(params()).raw(), 3)));
  EXPECT_FALSE(relate(sign(propose(params())).raw()));
  EXPECT_FALSE(issuer.contact.poll_output());
}

TEST_F(FirstContacts, R64_AreKeptByWhoeverProposedWhatBothHaveSigned) {
  const RelationshipToken made = sign(redeem());
  ASSERT_TRUE(answer(made.raw()));
  const auto keep = guest.take<KeepRelation>();
  ASSERT_TRUE(keep);
  EXPECT_EQ(keep->relationship, made);
}

TEST_F(FirstContacts, R64_AreNotKeptByWhoeverProposedSomethingElse) {
  const RelationshipProposal proposal = redeem();
  // Of this making, but another one.
  EXPECT_FALSE(answer(sign(propose(params())).raw()));
  EXPECT_FALSE(answer(with_flipped_bit(sign(proposal).raw(), 1)));
  EXPECT_FALSE(answer(proposal.raw()));
  EXPECT_FALSE(guest.contact.poll_output());
}

}  // namespace
}  // namespace kith::overlay
