#include "overlay/coordinator/peer_intent.hpp"

#include <gtest/gtest.h>

#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

struct Stage {
  SeededRandom random{2};
  Actor ada{random};
  Actor bob{random, true};
  Fingerprint subject = random_fingerprint(random);
  Fingerprint realm{};
};

Errc error_of(const PeerIntent& peer, const Fingerprint& realm = {}) {
  return verify(peer, realm, signatures(), kStart.wall).error();
}

TEST(PeerIntent, IsAcceptedFromANodeThatSpeaksForItself) {
  const Stage stage;
  EXPECT_TRUE(
      verify(stage.ada.peer_intent({.subject = stage.subject}), {}, signatures(), kStart.wall));
}

TEST(PeerIntent, NeedsTheWordOfANodeThatAnotherIdentityUses) {
  const Stage stage;
  PeerIntent peer = stage.bob.peer_intent({.subject = stage.subject});
  EXPECT_TRUE(verify(peer, {}, signatures(), kStart.wall));
  peer.attachment.reset();
  EXPECT_EQ(error_of(peer), Errc::missing_key);
}

TEST(PeerIntent, IsRefusedWithTheNodeTokenOfAnother) {
  const Stage stage;
  PeerIntent peer = stage.ada.peer_intent({.subject = stage.subject});
  peer.node = stage.bob.node_token();
  EXPECT_EQ(error_of(peer), Errc::wrong_key);
}

TEST(PeerIntent, IsRefusedInAnotherRealm) {
  const Stage stage;
  const PeerIntent peer = stage.ada.peer_intent({.subject = stage.subject});
  EXPECT_EQ(error_of(peer, stage.ada.identity), Errc::wrong_realm);
}

TEST(PeerIntent, IsRefusedBeforeAndAfterItsTime) {
  const Stage stage;
  EXPECT_EQ(error_of(stage.ada.peer_intent({.subject = stage.subject, .at = after(6min).wall})),
            Errc::not_yet_valid);
  EXPECT_EQ(error_of(stage.ada.peer_intent({.subject = stage.subject, .at = after(-20min).wall})),
            Errc::expired);
}

TEST(PeerIntent, IsRefusedWithRelaysThatTheNodeDidNotSign) {
  Stage stage;
  PeerIntent peer = stage.bob.peer_intent({.subject = stage.subject}, {stage.ada.id()});
  EXPECT_TRUE(verify(peer, {}, signatures(), kStart.wall));
  peer.attachment->relays.front() = random_fingerprint(stage.random);
  EXPECT_EQ(error_of(peer), Errc::bad_signature);
}

TEST(PeerIntent, IsRefusedWithTheAttachmentOfAnotherIdentity) {
  const Stage stage;
  PeerIntent peer = stage.bob.peer_intent({.subject = stage.subject});
  peer.attachment =
      sign_attachment(stage.ada.identity, kStart.wall, {}, stage.bob.node_key, signatures());
  EXPECT_EQ(error_of(peer), Errc::bad_signature);
}

TEST(PeerIntent, IsRefusedWithAnAttachmentFromTheFuture) {
  const Stage stage;
  PeerIntent peer = stage.bob.peer_intent({.subject = stage.subject});
  peer.attachment =
      sign_attachment(stage.bob.identity, after(1h).wall, {}, stage.bob.node_key, signatures());
  EXPECT_EQ(error_of(peer), Errc::not_yet_valid);
}

TEST(Withdrawal, IsAcceptedFromTheIdentityAlone) {
  const Stage stage;
  const IntentToken intent = stage.ada.intent({.subject = stage.subject});
  EXPECT_TRUE(verify(stage.ada.withdrawal(intent), signatures(), kStart.wall));

  Withdrawal forged = sign_withdrawal(intent, stage.bob.identity_key, signatures());
  EXPECT_EQ(verify(forged, signatures(), kStart.wall).error(), Errc::wrong_key);
  forged.public_key = stage.ada.identity_key.public_key;
  EXPECT_EQ(verify(forged, signatures(), kStart.wall).error(), Errc::bad_signature);
}

TEST(Withdrawal, IsRefusedIfAnyPartOfItWasChanged) {
  Stage stage;
  const Withdrawal good = stage.ada.withdrawal(stage.ada.intent({.subject = stage.subject}));
  const auto refused = [](const Withdrawal& it) {
    return !verify(it, signatures(), kStart.wall).has_value();
  };
  std::vector<Withdrawal> forged(6, good);
  forged[0].key.subject = random_fingerprint(stage.random);
  forged[1].key.node = stage.bob.id();
  forged[2].key.role = IntentRole::send;
  forged[3].audience = stage.bob.identity;
  forged[4].issued_at += Duration(1);
  forged[5].until += Duration(1);
  for (const Withdrawal& it : forged) EXPECT_TRUE(refused(it));
}

TEST(Withdrawal, IsRefusedOutsideOfItsTime) {
  const Stage stage;
  const Withdrawal good = stage.ada.withdrawal(stage.ada.intent({.subject = stage.subject}));
  EXPECT_EQ(verify(good, signatures(), after(1h).wall).error(), Errc::expired);
  EXPECT_EQ(verify(good, signatures(), after(-1h).wall).error(), Errc::not_yet_valid);
  Withdrawal eternal = good;
  eternal.until += kIntentTokenLifeMax;
  EXPECT_EQ(verify(eternal, signatures(), kStart.wall).error(), Errc::life_too_long);
}

struct AudienceCase {
  const char* what;
  Fingerprint sender_audience;
  Fingerprint receiver_audience;
  bool match;
};

TEST(IntentsMatch, AsTheAudiencesOfBothAllow) {
  Stage stage;
  const Fingerprint anyone{};
  const Fingerprint stranger = random_fingerprint(stage.random);
  const Fingerprint ada = stage.ada.identity;
  const Fingerprint bob = stage.bob.identity;
  const std::vector<AudienceCase> cases{
      {"anyone, anyone", anyone, anyone, true},      {"only bob, anyone", bob, anyone, true},
      {"anyone, only ada", anyone, ada, true},       {"only bob, only ada", bob, ada, true},
      {"only ada, anyone", ada, anyone, false},      {"anyone, only bob", anyone, bob, false},
      {"stranger, anyone", stranger, anyone, false}, {"anyone, stranger", anyone, stranger, false},
      {"only bob, stranger", bob, stranger, false},
  };
  for (const AudienceCase& it : cases) {
    const IntentToken sender = stage.ada.intent(
        {.subject = stage.subject, .role = IntentRole::send, .audience = it.sender_audience});
    const IntentToken receiver =
        stage.bob.intent({.subject = stage.subject, .audience = it.receiver_audience});
    EXPECT_EQ(intents_match(sender, receiver), it.match) << it.what;
    EXPECT_EQ(intents_match(receiver, sender), it.match) << it.what;
  }
}

TEST(IntentsMatch, AnAudienceMayBeARealm) {
  Stage stage;
  const Fingerprint realm = random_fingerprint(stage.random);
  const Fingerprint other = random_fingerprint(stage.random);
  const IntentToken sender = stage.ada.intent(
      {.subject = stage.subject, .role = IntentRole::send, .audience = realm, .realm = realm});
  const IntentToken inside = stage.bob.intent({.subject = stage.subject, .realm = realm});
  const IntentToken outside = stage.bob.intent({.subject = stage.subject, .realm = other});
  EXPECT_TRUE(intents_match(sender, inside));
  EXPECT_FALSE(intents_match(sender, outside));
}

TEST(IntentsMatch, AsTheRolesAllow) {
  const Stage stage;
  const std::vector<IntentRole> roles{IntentRole::send, IntentRole::receive, IntentRole::both};
  for (const IntentRole a : roles)
    for (const IntentRole b : roles)
      EXPECT_EQ(intents_match(stage.ada.intent({.subject = stage.subject, .role = a}),
                              stage.bob.intent({.subject = stage.subject, .role = b})),
                a == IntentRole::both || b == IntentRole::both || a != b);
}

TEST(IntentsMatch, NeverAcrossSubjectsAndNeverItself) {
  Stage stage;
  const IntentToken one = stage.ada.intent({.subject = stage.subject, .role = IntentRole::both});
  const IntentToken elsewhere =
      stage.bob.intent({.subject = random_fingerprint(stage.random), .role = IntentRole::both});
  EXPECT_FALSE(intents_match(one, elsewhere));
  EXPECT_FALSE(intents_match(one, one));
  const IntentToken renewed = stage.ada.intent(
      {.subject = stage.subject, .role = IntentRole::both, .at = after(1min).wall});
  EXPECT_FALSE(intents_match(one, renewed));
}

TEST(IntentsMatch, TwoOfOneNode) {
  const Stage stage;
  EXPECT_TRUE(
      intents_match(stage.ada.intent({.subject = stage.subject, .role = IntentRole::send}),
                    stage.ada.intent({.subject = stage.subject, .role = IntentRole::receive})));
}

}  // namespace
}  // namespace kith::overlay::test
