#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <vector>

#include "tests/tokens/token_pieces.hpp"

namespace kith::test {
namespace {

/// One way to forge a token of `kind`, and the reason for which it is refused.
struct Forgery {
  const char* name;
  TokenKind kind;
  Errc reason;
  std::function<void(TokenPieces&, const Cast&)> forge;
};

void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

using P = TokenPieces;
constexpr auto kNode = TokenKind::node;
constexpr auto kIdentity = TokenKind::identity;
constexpr auto kIntent = TokenKind::intent;

/// The three extensions of a sample node, each to be left as it is or replaced.
Bytes node_extensions(std::string_view endpoints, std::string_view static_key,
                      std::string_view reachability) {
  return hex("83" + std::string(endpoints) + std::string(static_key) + std::string(reachability));
}
const std::string kEndpoint = "c41200000000000000000000ffffc00002010c45";
const std::string kEndpoints = "0191" + kEndpoint;
const std::string kStaticKey = "02c420" + std::string(64, '7');
const std::string kDirect = "0300";
const std::string kFingerprint = "c420" + std::string(64, '5');

const std::vector<Forgery> kShapeForgeries = {
    {"IsEmpty", kNode, Errc::truncated,
     [](P& p, const Cast&) {
       p = {};
       p.head.clear();
       p.signature_head.clear();
       p.signature = Bytes{};
     }},
    {"IsAMap", kNode, Errc::wrong_type, [](P& p, const Cast&) { p.head = hex("86"); }},
    {"HasElevenFields", kNode, Errc::out_of_range, [](P& p, const Cast&) { p.head = hex("9b"); }},
    {"HasThirteenFields", kNode, Errc::too_long, [](P& p, const Cast&) { p.head = hex("9d"); }},
    {"HasALongHead", kNode, Errc::not_canonical, [](P& p, const Cast&) { p.head = hex("dc000c"); }},
    {"GoesOn", kNode, Errc::trailing_bytes, [](P& p, const Cast&) { p.tail = hex("00"); }},
    {"EndsEarly", kNode, Errc::truncated, [](P& p, const Cast&) { p.signature = Bytes(63); }},
    {"IsOverTheLimitOfItsKind", kNode, Errc::too_long,
     [](P& p, const Cast&) { p.tail.resize(kTokenBytesMax); }},
    {"IsAnIntentThatGoesOnWithinItsLimit", kIntent, Errc::trailing_bytes,
     [](P& p, const Cast&) { p.tail.resize(kTokenBytesMax); }},
    {"IsAnIntentOverItsLimit", kIntent, Errc::too_long,
     [](P& p, const Cast&) { p.tail.resize(kIntentTokenBytesMax); }},
    {"HasKindZero", kNode, Errc::unknown_kind,
     [](P& p, const Cast&) { p.fields[kKind] = hex("00"); }},
    {"HasAKindOfTheFuture", kNode, Errc::unknown_kind,
     [](P& p, const Cast&) { p.fields[kKind] = hex("04"); }},
    {"HasAKindThatWrapsAround", kNode, Errc::unknown_kind,
     [](P& p, const Cast&) { p.fields[kKind] = hex("cd0101"); }},
    {"HasAKindInWords", kNode, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kKind] = hex("a46e6f6465"); }},
    {"HasALongKind", kNode, Errc::not_canonical,
     [](P& p, const Cast&) { p.fields[kKind] = hex("cc01"); }},
};

const std::vector<Forgery> kFieldForgeries = {
    {"HasAShortUuid", kNode, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kUuid] = encoded_binary(Bytes(15)); }},
    {"HasALongUuid", kNode, Errc::too_long,
     [](P& p, const Cast&) { p.fields[kUuid] = encoded_binary(Bytes(17)); }},
    {"HasATextUuid", kNode, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kUuid] = hex("b0" + std::string(32, '3')); }},
    {"HasAShortRealm", kIdentity, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kRealm] = encoded_binary(Bytes(31)); }},
    {"HasALongHeadOfARealm", kIdentity, Errc::not_canonical,
     [](P& p, const Cast&) { p.fields[kRealm] = hex("c50020" + std::string(64, '0')); }},
    {"NamesAnotherIssuer", kNode, Errc::wrong_key,
     [](P& p, const Cast& c) { p.fields[kIssuer] = encoded_binary(c.realm.view()); }},
    {"IsAnIntentThatNamesAnotherIssuer", kIntent, Errc::wrong_key,
     [](P& p, const Cast& c) { p.fields[kIssuer] = encoded_binary(c.realm.view()); }},
    {"NamesItsKeyAsAnIdentity", kNode, Errc::wrong_key,
     [](P& p, const Cast& c) {
       p.fields[kIssuer] = encoded_binary(identity_fingerprint(c.node_key.public_key).view());
     }},
    {"IsANodeWithASubject", kNode, Errc::out_of_range,
     [](P& p, const Cast& c) { p.fields[kSubject] = encoded_binary(c.subject.view()); }},
    {"IsAnIdentityWithASubject", kIdentity, Errc::out_of_range,
     [](P& p, const Cast& c) { p.fields[kSubject] = encoded_binary(c.subject.view()); }},
    {"IsAnIntentWithoutASubject", kIntent, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kSubject] = encoded_binary(Bytes(32)); }},
    {"HasNoAudience", kIntent, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kAudience] = hex("c0"); }},
    {"HasALongPublicKey", kNode, Errc::too_long,
     [](P& p, const Cast&) { p.fields[kPublicKey] = encoded_binary(Bytes(33)); }},
    {"HasAnothersPublicKey", kNode, Errc::wrong_key,
     [](P& p, const Cast& c) { p.fields[kPublicKey] = encoded_binary(c.person_key.public_key); }},
};

const std::vector<Forgery> kTimeForgeries = {
    {"HasAFloatingTime", kNode, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kIssued] = hex("cb4319000000000000"); }},
    {"HasANegativeTime", kNode, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kIssued] = hex("ff"); }},
    {"HasALongTime", kNode, Errc::not_canonical,
     [](P& p, const Cast&) { p.fields[kIssued] = hex("cf0000000000000001"); }},
    {"HasATimeThatOverflows", kNode, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kExpires] = hex("cfffffffffffffffff"); }},
    {"LivesBeyondTheLastYear", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kIssued] = p.fields[kNotBefore] = encoded_time(kTokenTimeMax);
       p.fields[kExpires] = encoded_time(kTokenTimeMax + 1us);
     }},
    {"BeginsBeforeItWasIssued", kNode, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kNotBefore] = encoded_time(kIssuedAt - 1us); }},
    {"EndsAsItBegins", kNode, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kExpires] = p.fields[kNotBefore]; }},
    {"EndsBeforeItBegins", kIntent, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kExpires] = hex("00"); }},
    {"IsANodeThatLivesTooLong", kNode, Errc::life_too_long,
     [](P& p, const Cast&) {
       p.fields[kExpires] = encoded_time(kIssuedAt + kNodeTokenLifeMax + 1us);
     }},
    {"IsAnIdentityThatLivesTooLong", kIdentity, Errc::life_too_long,
     [](P& p, const Cast&) {
       p.fields[kExpires] = encoded_time(kIssuedAt + kIdentityTokenLifeMax + 1us);
     }},
    {"IsAnIntentThatLivesTooLong", kIntent, Errc::life_too_long,
     [](P& p, const Cast&) {
       p.fields[kExpires] = encoded_time(kIssuedAt + kIntentTokenLifeMax + 1us);
     }},
    {"HidesALongLifeBehindALateBeginning", kNode, Errc::life_too_long,
     [](P& p, const Cast&) {
       p.fields[kNotBefore] = encoded_time(kIssuedAt + kNodeTokenLifeMax);
       p.fields[kExpires] = encoded_time(kIssuedAt + kNodeTokenLifeMax + 1us);
     }},
};

const std::vector<Forgery> kExtensionForgeries = {
    {"HasNoExtensions", kNode, Errc::missing_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("80"); }},
    {"HasAnArrayOfExtensions", kNode, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("90"); }},
    {"HasAnUnknownExtension", kIdentity, Errc::unexpected_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("8107c0"); }},
    {"HasAnExtensionBeyondAllSets", kIdentity, Errc::unexpected_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("81cf000001000000000400"); }},
    {"HasExtensionZero", kIdentity, Errc::unexpected_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("8100c2"); }},
    {"IsANodeWithARole", kNode, Errc::unexpected_key,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = hex("84" + kEndpoints + kStaticKey + kDirect + "0501");
     }},
    {"IsAnIdentityWithAStaticKey", kIdentity, Errc::unexpected_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("81" + kStaticKey); }},
    {"HasAnExtensionTwice", kNode, Errc::duplicate_key,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = hex("84" + kEndpoints + kStaticKey + kStaticKey + kDirect);
     }},
    {"HasExtensionsOutOfOrder", kNode, Errc::unexpected_key,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = hex("83" + kStaticKey + kEndpoints + kDirect);
     }},
    {"LacksItsStaticKey", kNode, Errc::missing_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("82" + kEndpoints + kDirect); }},
    {"LacksItsEndpoints", kNode, Errc::missing_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("82" + kStaticKey + kDirect); }},
    {"LacksItsNode", kIntent, Errc::missing_key,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("8205010601"); }},
    {"NamesExtensionsInWords", kIdentity, Errc::wrong_type,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("81a46e6f6465" + kFingerprint); }},
    {"PromisesMoreExtensionsThanThereAreBytes", kNode, Errc::truncated,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = hex("8f" + kEndpoints);
       p.signature = Bytes{};
       p.signature_head.clear();
     }},
    {"PromisesManyExtensions", kNode, Errc::too_long,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("dfffffffff"); }},
    {"HasFiveEndpoints", kNode, Errc::too_long,
     [](P& p, const Cast&) {
       const std::string five = kEndpoint + kEndpoint + kEndpoint + kEndpoint + kEndpoint;
       p.fields[kExtensions] = node_extensions("0195" + five, kStaticKey, kDirect);
     }},
    {"IsDirectWithoutEndpoints", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = node_extensions("0190", kStaticKey, kDirect);
     }},
    {"HasAShortEndpoint", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kExtensions] =
           node_extensions("0191c411" + std::string(34, '1'), kStaticKey, kDirect);
     }},
    {"HasAnEndpointWithoutPort", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kExtensions] =
           node_extensions("0191c41200000000000000000000ffffc00002010000", kStaticKey, kDirect);
     }},
    {"HasAnEndpointWithoutAddress", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kExtensions] =
           node_extensions("0191c41200000000000000000000ffff000000000c45", kStaticKey, kDirect);
     }},
    {"HasAnUnknownReachability", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = node_extensions(kEndpoints, kStaticKey, "0302");
     }},
    {"HasNoRole", kIntent, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("8304" + kFingerprint + "05000601"); }},
    {"HasAnUnknownRole", kIntent, Errc::out_of_range,
     [](P& p, const Cast&) { p.fields[kExtensions] = hex("8304" + kFingerprint + "05040601"); }},
    {"GrantsTooMuch", kIntent, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.fields[kExtensions] = hex("8304" + kFingerprint + "050106ce00010000");
     }},
};

/// The order of the group of Ed25519, little-endian.
constexpr std::array<Byte, 32> kGroupOrder = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// Adds the order to S: the same equation holds, were it not forbidden.
Bytes second_spelling(const Bytes& token) {
  Bytes signature(token.end() - 64, token.end());
  unsigned carry = 0;
  for (std::size_t i = 0; i < kGroupOrder.size(); ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + kGroupOrder[i];
    signature[32 + i] = static_cast<Byte>(carry);
    carry >>= 8;
  }
  return signature;
}

const std::vector<Forgery> kSignatureForgeries = {
    {"HasAShortSignature", kNode, Errc::out_of_range,
     [](P& p, const Cast&) {
       p.signature_head = hex("c43f");
       p.signature = Bytes(63);
     }},
    {"HasALongSignature", kNode, Errc::too_long,
     [](P& p, const Cast&) {
       p.signature_head = hex("c441");
       p.signature = Bytes(65);
     }},
    {"HasASignatureWithALongHead", kNode, Errc::not_canonical,
     [](P& p, const Cast&) { p.signature_head = hex("c50040"); }},
    {"HasAnEmptySignature", kNode, Errc::bad_signature,
     [](P& p, const Cast&) { p.signature = Bytes(64); }},
    {"HasASecondSpellingOfItsSignature", kNode, Errc::bad_signature,
     [](P& p, const Cast&) { p.signature = second_spelling(p.put_together()); }},
    {"IsSignedByAnother", kNode, Errc::bad_signature,
     [](P& p, const Cast& c) { p.signer = &c.person_key; }},
    {"IsAnIdentitySignedByAnother", kIdentity, Errc::bad_signature,
     [](P& p, const Cast& c) { p.signer = &c.leader_key; }},
    {"IsSignedForAnotherKind", kIdentity, Errc::bad_signature,
     [](P& p, const Cast&) { p.domain = signature_domain(kIntent); }},
    {"IsSignedWithoutADomain", kIntent, Errc::bad_signature,
     [](P& p, const Cast&) { p.domain = {}; }},
    {"HasAKeyOfSmallOrder", kNode, Errc::bad_signature,
     [](P& p, const Cast&) {
       // With this key, S = 0 and R = the neutral element verify wherever nobody looks.
       const crypto::SigningPublicKey neutral = {1};
       p.fields[kPublicKey] = encoded_binary(neutral);
       p.fields[kIssuer] = encoded_binary(node_fingerprint(neutral).view());
       p.signature = Bytes(64);
       p.signature->front() = 1;
     }},
    {"NamesAnIssuerWhoseKeyIsNotThere", kIdentity, Errc::wrong_key,
     [](P& p, const Cast& c) {
       p.fields[kIssuer] = encoded_binary(c.realm.view());
       p.signer = &c.leader_key;
     }},
};

class ForgedToken : public testing::TestWithParam<Forgery> {};

TEST_P(ForgedToken, IsRefusedForItsReason) {
  Cast cast;
  const auto pieces = [&]() -> TokenPieces {
    switch (GetParam().kind) {
      case TokenKind::node:
        return TokenPieces::of(cast.node_token().token, cast.node_key);
      case TokenKind::identity:
        return TokenPieces::of(cast.identity_token().token, cast.person_key);
      case TokenKind::intent:
        return TokenPieces::of(cast.intent_token().token, cast.person_key);
    }
    return {};
  };
  const auto judged = [](const Bytes& bytes) -> Result<void> {
    const auto token = Token::decode(bytes);
    if (!token) return std::unexpected(token.error());
    return verify(*token, crypto::ed25519(), kIssuedAt + 1min);
  };
  TokenPieces forged = pieces();
  ASSERT_TRUE(judged(forged.put_together())) << "the honest token must be accepted";
  GetParam().forge(forged, cast);
  const auto verdict = judged(forged.put_together());
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
