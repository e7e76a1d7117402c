#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "tests/tokens/forge.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// One way to forge a token of `kind`, and the reason for which it is refused.
struct Forgery {
  const char* name;
  TokenKind kind;
  Errc reason;
  Forge forge;
};

void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

const Cast kCast;

constexpr auto kNode = TokenKind::node;
constexpr auto kIdentity = TokenKind::identity;
constexpr auto kIntent = TokenKind::intent;

const std::vector<Forgery> kShapeForgeries = {
    {"IsEmpty", kNode, Errc::truncated, [](TokenPieces& pieces) { pieces = TokenPieces::none(); }},
    {"IsAMap", kNode, Errc::wrong_type, head("86")},
    {"HasElevenFields", kNode, Errc::out_of_range, head("9b")},
    {"HasThirteenFields", kNode, Errc::too_long, head("9d")},
    {"HasALongHead", kNode, Errc::not_canonical, head("dc000c")},
    {"GoesOn", kNode, Errc::trailing_bytes, tail(1)},
    {"EndsEarly", kNode, Errc::truncated, signature("c440", Bytes(63))},
    {"IsOverTheLimitOfItsKind", kNode, Errc::too_long, tail(kTokenBytesMax)},
    {"GoesOnWithinALargerLimit", kIntent, Errc::trailing_bytes, tail(kTokenBytesMax)},
    {"IsOverTheLargerLimit", kIntent, Errc::too_long, tail(kIntentTokenBytesMax)},
    {"HasKindZero", kNode, Errc::unknown_kind, field(at_kind, hex("00"))},
    {"HasAKindOfTheFuture", kNode, Errc::unknown_kind, field(at_kind, hex("7f"))},
    {"HasAKindThatWrapsAround", kNode, Errc::unknown_kind, field(at_kind, hex("cd0101"))},
    {"HasAKindInWords", kNode, Errc::wrong_type, field(at_kind, hex("a46e6f6465"))},
    {"HasALongKind", kNode, Errc::not_canonical, field(at_kind, hex("cc01"))},
};

const Bytes kRealmWithALongHead = hex("c50020" + std::string(64, '0'));
const Fingerprint kNodeKeyAsIdentity = identity_fingerprint(kCast.node_key.public_key);
/// The leader's word for a token that nobody may vouch for.
const Forge kVouch = all({fingerprint(at_issuer, kCast.realm), signer(kCast.leader_key)});

const std::vector<Forgery> kFieldForgeries = {
    {"HasAShortUuid", kNode, Errc::out_of_range, field(at_uuid, encoded_binary(Bytes(15)))},
    {"HasALongUuid", kNode, Errc::too_long, field(at_uuid, encoded_binary(Bytes(17)))},
    {"HasATextUuid", kNode, Errc::wrong_type, field(at_uuid, hex("b0" + std::string(32, '3')))},
    {"HasAShortRealm", kIdentity, Errc::out_of_range, field(at_realm, encoded_binary(Bytes(31)))},
    {"HasARealmWithALongHead", kIdentity, Errc::not_canonical,
     field(at_realm, kRealmWithALongHead)},
    {"IsANodeThatAnotherVouchesFor", kNode, Errc::wrong_key, kVouch},
    {"IsAnIntentThatAnotherVouchesFor", kIntent, Errc::wrong_key, kVouch},
    {"NamesItsKeyAsAnIdentity", kNode, Errc::wrong_key, fingerprint(at_issuer, kNodeKeyAsIdentity)},
    {"IsANodeWithASubject", kNode, Errc::out_of_range, fingerprint(at_subject, kCast.subject)},
    {"IsAnIdentityWithASubject", kIdentity, Errc::out_of_range,
     fingerprint(at_subject, kCast.subject)},
    {"IsAnIntentWithoutASubject", kIntent, Errc::out_of_range, fingerprint(at_subject, {})},
    {"HasNoAudience", kIntent, Errc::wrong_type, field(at_audience, hex("c0"))},
    {"HasALongPublicKey", kNode, Errc::too_long, field(at_public_key, encoded_binary(Bytes(33)))},
    {"HasAnothersPublicKey", kNode, Errc::wrong_key,
     field(at_public_key, encoded_binary(kCast.person_key.public_key))},
};

const Forge kLivesBeyondTheLastYear =
    all({time(at_issued, kTokenTimeMax), time(at_not_before, kTokenTimeMax),
         time(at_expires, kTokenTimeMax + 1us)});
const Forge kBeginsLateAndLivesLong = all({time(at_not_before, kIssuedAt + kNodeTokenLifeMax),
                                           time(at_expires, kIssuedAt + kNodeTokenLifeMax + 1us)});

const std::vector<Forgery> kTimeForgeries = {
    {"HasAFloatingTime", kNode, Errc::wrong_type, field(at_issued, hex("cb4319000000000000"))},
    {"HasANegativeTime", kNode, Errc::wrong_type, field(at_issued, hex("ff"))},
    {"HasALongTime", kNode, Errc::not_canonical, field(at_issued, hex("cf0000000000000001"))},
    {"HasATimeThatOverflows", kNode, Errc::out_of_range,
     field(at_expires, hex("cfffffffffffffffff"))},
    {"LivesBeyondTheLastYear", kNode, Errc::out_of_range, kLivesBeyondTheLastYear},
    {"BeginsBeforeItWasIssued", kNode, Errc::out_of_range, time(at_not_before, kIssuedAt - 1us)},
    {"EndsAsItBegins", kNode, Errc::out_of_range, time(at_expires, kIssuedAt)},
    {"EndsBeforeItBegins", kIntent, Errc::out_of_range, time(at_expires, WallTime{})},
    {"IsANodeThatLivesTooLong", kNode, Errc::life_too_long,
     time(at_expires, kIssuedAt + kNodeTokenLifeMax + 1us)},
    {"IsAnIdentityThatLivesTooLong", kIdentity, Errc::life_too_long,
     time(at_expires, kIssuedAt + kIdentityTokenLifeMax + 1us)},
    {"IsAnIntentThatLivesTooLong", kIntent, Errc::life_too_long,
     time(at_expires, kIssuedAt + kIntentTokenLifeMax + 1us)},
    {"HidesALongLifeBehindALateBeginning", kNode, Errc::life_too_long, kBeginsLateAndLivesLong},
};

const std::string kEndpoint = "c41200000000000000000000ffffc00002010c45";
const std::string kNoPort = "c41200000000000000000000ffffc00002010000";
const std::string kNoAddress = "c41200000000000000000000ffff000000000c45";
const std::string kShortEndpoint = "c411" + std::string(34, '1');
const std::string kFive = kEndpoint + kEndpoint + kEndpoint + kEndpoint + kEndpoint;

// The extensions, each with its number.
const std::string kEndpoints = "0191" + kEndpoint;
const std::string kStaticKey = "02c420" + std::string(64, '7');
const std::string kDirect = "0300";
const std::string kNodeFingerprint = "04c420" + std::string(64, '5');
const std::string kRole = "0501";
const std::string kThreshold = "0601";

const std::vector<Forgery> kExtensionForgeries = {
    {"HasNoExtensions", kNode, Errc::missing_key, extensions("80")},
    {"HasAnArrayOfExtensions", kNode, Errc::wrong_type, extensions("90")},
    {"HasAnUnknownExtension", kIdentity, Errc::unexpected_key, extensions("8107c0")},
    {"HasAnExtensionBeyondAllSets", kIdentity, Errc::unexpected_key,
     extensions("81cf000001000000000400")},
    {"HasExtensionZero", kIdentity, Errc::unexpected_key, extensions("8100c2")},
    {"HasAnExtensionTwice", kNode, Errc::duplicate_key,
     extensions("84" + kEndpoints + kStaticKey + kStaticKey + kDirect)},
    {"HasExtensionsOutOfOrder", kNode, Errc::unexpected_key,
     extensions("83" + kStaticKey + kEndpoints + kDirect)},
    {"LacksItsEndpoints", kNode, Errc::missing_key, extensions("82" + kStaticKey + kDirect)},
    {"LacksItsStaticKey", kNode, Errc::missing_key, extensions("82" + kEndpoints + kDirect)},
    {"LacksItsReachability", kNode, Errc::missing_key, extensions("82" + kEndpoints + kStaticKey)},
    {"LacksItsNode", kIntent, Errc::missing_key, extensions("82" + kRole + kThreshold)},
    {"LacksItsRole", kIntent, Errc::missing_key, extensions("82" + kNodeFingerprint + kThreshold)},
    {"LacksItsThreshold", kIntent, Errc::missing_key, extensions("82" + kNodeFingerprint + kRole)},
    {"NamesExtensionsInWords", kIdentity, Errc::wrong_type, extensions("81a46e6f646500")},
    {"PromisesMoreExtensionsThanItHas", kNode, Errc::truncated,
     all({extensions("8f" + kEndpoints), signature("", {})})},
    {"PromisesManyExtensions", kNode, Errc::too_long, extensions("dfffffffff")},
    {"HasFiveEndpoints", kNode, Errc::too_long,
     extensions("830195" + kFive + kStaticKey + kDirect)},
    {"IsDirectWithoutEndpoints", kNode, Errc::out_of_range,
     extensions("830190" + kStaticKey + kDirect)},
    {"HasAShortEndpoint", kNode, Errc::out_of_range,
     extensions("830191" + kShortEndpoint + kStaticKey + kDirect)},
    {"HasAnEndpointWithoutPort", kNode, Errc::out_of_range,
     extensions("830191" + kNoPort + kStaticKey + kDirect)},
    {"HasAnEndpointWithoutAddress", kNode, Errc::out_of_range,
     extensions("830191" + kNoAddress + kStaticKey + kDirect)},
    {"HasAnUnknownReachability", kNode, Errc::out_of_range,
     extensions("83" + kEndpoints + kStaticKey + "0302")},
    {"HasRoleZero", kIntent, Errc::out_of_range,
     extensions("83" + kNodeFingerprint + "0500" + kThreshold)},
    {"HasAnUnknownRole", kIntent, Errc::out_of_range,
     extensions("83" + kNodeFingerprint + "0504" + kThreshold)},
    {"GrantsTooMuch", kIntent, Errc::out_of_range,
     extensions("83" + kNodeFingerprint + kRole + "06ce00010000")},
    {"IsANodeWithANode", kNode, Errc::unexpected_key,
     extensions("84" + kEndpoints + kStaticKey + kDirect + kNodeFingerprint)},
    {"IsANodeWithARole", kNode, Errc::unexpected_key,
     extensions("84" + kEndpoints + kStaticKey + kDirect + kRole)},
    {"IsANodeWithAThreshold", kNode, Errc::unexpected_key,
     extensions("84" + kEndpoints + kStaticKey + kDirect + kThreshold)},
    {"IsAnIdentityWithEndpoints", kIdentity, Errc::unexpected_key, extensions("81" + kEndpoints)},
    {"IsAnIdentityWithAStaticKey", kIdentity, Errc::unexpected_key, extensions("81" + kStaticKey)},
    {"IsAnIdentityWithAReachability", kIdentity, Errc::unexpected_key, extensions("81" + kDirect)},
    {"IsAnIdentityWithARole", kIdentity, Errc::unexpected_key, extensions("81" + kRole)},
    {"IsAnIdentityWithAThreshold", kIdentity, Errc::unexpected_key, extensions("81" + kThreshold)},
    {"IsAnIntentWithEndpoints", kIntent, Errc::unexpected_key,
     extensions("84" + kEndpoints + kNodeFingerprint + kRole + kThreshold)},
    {"IsAnIntentWithAStaticKey", kIntent, Errc::unexpected_key,
     extensions("84" + kStaticKey + kNodeFingerprint + kRole + kThreshold)},
    {"IsAnIntentWithAReachability", kIntent, Errc::unexpected_key,
     extensions("84" + kDirect + kNodeFingerprint + kRole + kThreshold)},
};

/// The order of the group of Ed25519, little-endian.
constexpr std::array<Byte, 32> kGroupOrder = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// Adds the order to S of the signature: the same equation holds, were it not forbidden.
void spell_signature_otherwise(TokenPieces& pieces) {
  const Bytes token = pieces.put_together();
  Bytes spelling(token.end() - 64, token.end());
  unsigned carry = 0;
  for (std::size_t i = 0; i < kGroupOrder.size(); ++i) {
    carry += static_cast<unsigned>(spelling[32 + i]) + kGroupOrder[i];
    spelling[32 + i] = static_cast<Byte>(carry);
    carry >>= 8;
  }
  pieces.signature = spelling;
}

/// With the neutral element for key and R, S = 0 verifies wherever nobody looks.
void use_key_of_small_order(TokenPieces& pieces) {
  const crypto::SigningPublicKey neutral = {1};
  field(at_public_key, encoded_binary(neutral))(pieces);
  fingerprint(at_issuer, node_fingerprint(neutral))(pieces);
  pieces.signature = Bytes(64);
  pieces.signature->front() = 1;
}

const std::vector<Forgery> kSignatureForgeries = {
    {"HasAShortSignature", kNode, Errc::out_of_range, signature("c43f", Bytes(63))},
    {"HasALongSignature", kNode, Errc::too_long, signature("c441", Bytes(65))},
    {"HasASignatureWithALongHead", kNode, Errc::not_canonical, signature("c50040", Bytes(64))},
    {"HasAnEmptySignature", kNode, Errc::bad_signature, signature("c440", Bytes(64))},
    {"HasASecondSpellingOfItsSignature", kNode, Errc::bad_signature, spell_signature_otherwise},
    {"HasAKeyOfSmallOrder", kNode, Errc::bad_signature, use_key_of_small_order},
    {"IsSignedByAnother", kNode, Errc::bad_signature, signer(kCast.person_key)},
    {"IsAnIdentitySignedByAnother", kIdentity, Errc::bad_signature, signer(kCast.leader_key)},
    {"IsSignedForAnotherKind", kIdentity, Errc::bad_signature, domain(signature_domain(kIntent))},
    {"IsSignedWithoutADomain", kIntent, Errc::bad_signature, domain({})},
    {"NamesAnIssuerWhoDidNotSign", kIdentity, Errc::bad_signature,
     fingerprint(at_issuer, kCast.realm)},
    {"NamesAnIssuerWhoseKeyIsNotThere", kIdentity, Errc::wrong_key,
     all({fingerprint(at_issuer, kNodeKeyAsIdentity), signer(kCast.node_key)})},
};

TokenPieces sample(TokenKind kind) {
  Cast cast;
  switch (kind) {
    case TokenKind::node:
      return TokenPieces::of(cast.node_token().token, kCast.node_key);
    case TokenKind::identity:
      return TokenPieces::of(cast.identity_token().token, kCast.person_key);
    case TokenKind::intent:
      return TokenPieces::of(cast.intent_token().token, kCast.person_key);
    case TokenKind::ticket:
    case TokenKind::relationship:
      break;
  }
  return {};
}

/// As a node of the leader's realm judges.
Result<void> judge(const Bytes& bytes) {
  const auto token = Token::decode(bytes);
  if (!token) return std::unexpected(token.error());
  return verify(*token, crypto::ed25519(), kIssuedAt + 1min, &kCast.leader_key.public_key);
}

class ForgedToken : public testing::TestWithParam<Forgery> {};

TEST_P(ForgedToken, IsRefusedForItsReason) {
  TokenPieces pieces = sample(GetParam().kind);
  ASSERT_TRUE(judge(pieces.put_together())) << "the honest token must be accepted";
  GetParam().forge(pieces);
  const auto verdict = judge(pieces.put_together());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(name(verdict.error()), name(GetParam().reason));
}

const auto kName = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Shape, ForgedToken, testing::ValuesIn(kShapeForgeries), kName);
INSTANTIATE_TEST_SUITE_P(Field, ForgedToken, testing::ValuesIn(kFieldForgeries), kName);
INSTANTIATE_TEST_SUITE_P(Time, ForgedToken, testing::ValuesIn(kTimeForgeries), kName);
INSTANTIATE_TEST_SUITE_P(Extension, ForgedToken, testing::ValuesIn(kExtensionForgeries), kName);
INSTANTIATE_TEST_SUITE_P(Signature, ForgedToken, testing::ValuesIn(kSignatureForgeries), kName);

}  // namespace
}  // namespace kith::test
