#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "tests/tokens/forge.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

const Cast kCast;

/// A relationship taken to pieces: what the proposer signs, then how the partner signs that.
struct Pieces {
  TokenPieces proposal;
  const crypto::SigningKeyPair* partner = &kCast.friend_key;
  std::string_view domain = countersignature_domain();
  /// Instead of the thirteenth field.
  std::optional<Bytes> countersignature{};

  [[nodiscard]] Bytes put_together() const {
    Bytes bytes = proposal.put_together();
    if (countersignature) {
      append(bytes, *countersignature);
      return bytes;
    }
    append(bytes, hex("c440"));
    append(bytes, crypto::ed25519().sign(*partner, {as_bytes(domain), bytes}));
    return bytes;
  }
};

struct Forgery {
  const char* name;
  Errc reason;
  std::function<void(Pieces&)> forge;
};

void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

std::function<void(Pieces&)> both_sign(const Forge& forge) {
  return [forge](Pieces& pieces) { forge(pieces.proposal); };
}

std::function<void(Pieces&)> ends_in(std::string_view bytes) {
  return [bytes](Pieces& pieces) { pieces.countersignature = hex(bytes); };
}

// The extensions, each with its number.
const std::string kStaticKey = "02c420" + std::string(64, '7');
const std::string kNode = "04c420" + std::string(64, '5');
const std::string kPartnerKey = "0ac420" + to_hex(kCast.friend_key.public_key);
const std::string kPartnerNode = "0bc420" + std::string(64, '4');
const std::string kPartnerStaticKey = "0cc420" + std::string(64, '3');
const std::string kSecret = "08c420" + std::string(64, '5');

std::function<void(Pieces&)> has(const std::string& bytes) { return both_sign(extensions(bytes)); }

const std::vector<Forgery> kForgeries = {
    {"HasTwelveFields", Errc::out_of_range, both_sign(head("9c"))},
    {"HasFourteenFields", Errc::too_long, both_sign(head("9e"))},
    {"IsOfAnotherKind", Errc::too_long, both_sign(field(at_kind, hex("01")))},
    {"IsOverItsLimit", Errc::too_long,
     [](Pieces& pieces) { pieces.countersignature = Bytes(kRelationshipTokenBytesMax); }},
    {"HasASubject", Errc::out_of_range, both_sign(fingerprint(at_subject, kCast.subject))},
    {"IsVouchedForByAnother", Errc::wrong_key,
     both_sign(all({fingerprint(at_issuer, kCast.realm), signer(kCast.leader_key)}))},
    {"AddressesAnother", Errc::wrong_key, both_sign(fingerprint(at_audience, kCast.realm))},
    {"AddressesNobody", Errc::wrong_key, both_sign(fingerprint(at_audience, {}))},
    {"IsWithOneself", Errc::out_of_range,
     both_sign(
         all({extensions("85" + kStaticKey + kNode + "0ac420" +
                         to_hex(kCast.person_key.public_key) + kPartnerNode + kPartnerStaticKey),
              fingerprint(at_audience, kCast.person)}))},
    {"LivesTooLong", Errc::life_too_long,
     both_sign(time(at_expires, kIssuedAt + kRelationshipTokenLifeMax + 1us))},
    {"EndsAsItBegins", Errc::out_of_range, both_sign(time(at_expires, kIssuedAt))},
    {"IsOver", Errc::expired, both_sign(time(at_expires, kIssuedAt + 1us))},
    {"HasNotBegun", Errc::not_yet_valid, both_sign(time(at_not_before, kIssuedAt + 2h))},
    {"LacksAStaticKey", Errc::missing_key,
     has("84" + kNode + kPartnerKey + kPartnerNode + kPartnerStaticKey)},
    {"LacksANode", Errc::missing_key,
     has("84" + kStaticKey + kPartnerKey + kPartnerNode + kPartnerStaticKey)},
    {"LacksThePartner", Errc::missing_key,
     has("84" + kStaticKey + kNode + kPartnerNode + kPartnerStaticKey)},
    {"LacksThePartnersNode", Errc::missing_key,
     has("84" + kStaticKey + kNode + kPartnerKey + kPartnerStaticKey)},
    {"LacksThePartnersStaticKey", Errc::missing_key,
     has("84" + kStaticKey + kNode + kPartnerKey + kPartnerNode)},
    {"HoldsASecret", Errc::unexpected_key,
     has("86" + kStaticKey + kNode + kSecret + kPartnerKey + kPartnerNode + kPartnerStaticKey)},
    {"IsSignedByThePartnerAlone", Errc::bad_signature, both_sign(signer(kCast.friend_key))},
    {"IsProposedInTheDomainOfTheSecond", Errc::bad_signature,
     both_sign(domain(countersignature_domain()))},
    {"IsProposedAsAnIdentity", Errc::bad_signature,
     both_sign(domain(signature_domain(TokenKind::identity)))},
    {"IsSignedByTheProposerTwice", Errc::bad_signature,
     [](Pieces& pieces) { pieces.partner = &kCast.person_key; }},
    {"IsCountersignedByAnother", Errc::bad_signature,
     [](Pieces& pieces) { pieces.partner = &kCast.leader_key; }},
    {"IsCountersignedInTheDomainOfTheFirst", Errc::bad_signature,
     [](Pieces& pieces) { pieces.domain = signature_domain(TokenKind::relationship); }},
    {"IsCountersignedWithoutADomain", Errc::bad_signature,
     [](Pieces& pieces) { pieces.domain = {}; }},
    {"HasAnEmptyCountersignature", Errc::bad_signature,
     [](Pieces& pieces) {
       pieces.countersignature = hex("c440");
       pieces.countersignature->resize(66);
     }},
    {"IsAProposal", Errc::wrong_kind, ends_in("c400")},
    {"EndsBeforeTheCountersignature", Errc::truncated, ends_in("")},
    {"HasACountersignatureOfOneByte", Errc::out_of_range, ends_in("c40101")},
    {"HasNoCountersignature", Errc::wrong_type, ends_in("c0")},
    {"GoesOn", Errc::trailing_bytes, ends_in("c40000")},
    {"HasAFirstSignatureThatIsNone", Errc::out_of_range, both_sign(signature("c400", {}))},
};

Result<void> judge(const Bytes& bytes) {
  const auto token = RelationshipToken::decode(bytes);
  if (!token) return std::unexpected(token.error());
  return token->verify(crypto::ed25519(), kIssuedAt + 1h);
}

class ForgedRelationship : public testing::TestWithParam<Forgery> {};

TEST_P(ForgedRelationship, IsRefusedForItsReason) {
  Cast cast;
  Pieces pieces{TokenPieces::of(cast.proposal().raw(), TokenKind::relationship, kCast.person_key)};
  ASSERT_TRUE(judge(pieces.put_together())) << "the honest token must be accepted";
  GetParam().forge(pieces);
  const auto verdict = judge(pieces.put_together());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(name(verdict.error()), name(GetParam().reason));
}

const auto kName = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(All, ForgedRelationship, testing::ValuesIn(kForgeries), kName);

}  // namespace
}  // namespace kith::test
