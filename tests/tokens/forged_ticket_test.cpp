#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "tests/tokens/forge.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// One way to forge a ticket, and the reason for which it is refused.
struct Forgery {
  const char* name;
  Errc reason;
  Forge forge;
};

void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

const Cast kCast;

// The extensions, each with its number.
const std::string kStaticKey = "02c420" + std::string(64, '7');
const std::string kDialed = "0792a3612e62cd0c45";
const std::string kSecret = "08c420" + std::string(64, '5');
const std::string kPurpose = "0901";
const std::string kEndpoints = "0191c41200000000000000000000ffffc00002010c45";

Forge dialed(const std::string& bytes) {
  return extensions("84" + kStaticKey + "07" + bytes + kSecret + kPurpose);
}

/// An encoding of `length` characters, and port 1.
std::string long_host(std::size_t length) {
  std::string text = "92d9" + to_hex(Bytes{static_cast<Byte>(length)});
  for (std::size_t i = 0; i < length; ++i) text += "61";
  return text + "01";
}

const std::vector<Forgery> kForgeries = {
    {"IsEmpty", Errc::truncated, [](TokenPieces& pieces) { pieces = TokenPieces::none(); }},
    {"HasThirteenFields", Errc::too_long, head("9d")},
    {"GoesOn", Errc::trailing_bytes, tail(1)},
    {"IsOverItsLimit", Errc::too_long, tail(kTokenBytesMax)},
    {"IsOfAnotherKind", Errc::wrong_kind, field(at_kind, hex("01"))},
    {"HasASubject", Errc::out_of_range, fingerprint(at_subject, kCast.subject)},
    {"IsVouchedForByAnother", Errc::wrong_key,
     all({fingerprint(at_issuer, kCast.realm), signer(kCast.leader_key)})},
    {"NamesItsKeyAsAnIdentity", Errc::wrong_key,
     fingerprint(at_issuer, identity_fingerprint(kCast.node_key.public_key))},
    {"LivesTooLong", Errc::life_too_long, time(at_expires, kIssuedAt + kTicketTokenLifeMax + 1us)},
    {"EndsAsItBegins", Errc::out_of_range, time(at_expires, kIssuedAt)},
    {"IsOver", Errc::expired, time(at_expires, kIssuedAt + 1us)},
    {"HasNotBegun", Errc::not_yet_valid, time(at_not_before, kIssuedAt + 2h)},
    {"LacksItsStaticKey", Errc::missing_key, extensions("83" + kDialed + kSecret + kPurpose)},
    {"LacksItsAddress", Errc::missing_key, extensions("83" + kStaticKey + kSecret + kPurpose)},
    {"LacksItsSecret", Errc::missing_key, extensions("83" + kStaticKey + kDialed + kPurpose)},
    {"LacksItsPurpose", Errc::missing_key, extensions("83" + kStaticKey + kDialed + kSecret)},
    {"HasEndpoints", Errc::unexpected_key,
     extensions("85" + kEndpoints + kStaticKey + kDialed + kSecret + kPurpose)},
    {"HasAShortSecret", Errc::out_of_range,
     extensions("84" + kStaticKey + kDialed + "08c41f" + std::string(62, '5') + kPurpose)},
    {"HasALongSecret", Errc::too_long,
     extensions("84" + kStaticKey + kDialed + "08c421" + std::string(66, '5') + kPurpose)},
    {"HasASecretTwice", Errc::duplicate_key,
     extensions("85" + kStaticKey + kDialed + kSecret + kSecret + kPurpose)},
    {"HasPurposeZero", Errc::out_of_range,
     extensions("84" + kStaticKey + kDialed + kSecret + "0900")},
    {"HasAnUnknownPurpose", Errc::out_of_range,
     extensions("84" + kStaticKey + kDialed + kSecret + "0902")},
    {"HasAnAddressInOnePiece", Errc::wrong_type, dialed("a3612e62")},
    {"HasNoPort", Errc::out_of_range, dialed("91a3612e62")},
    {"HasTwoPorts", Errc::too_long, dialed("93a3612e620101")},
    {"HasPortZero", Errc::out_of_range, dialed("92a3612e6200")},
    {"HasAPortBeyondAll", Errc::out_of_range, dialed("92a3612e62ce00010000")},
    {"HasNoHost", Errc::bad_text, dialed("92a001")},
    {"HasAHostWithASpace", Errc::bad_text, dialed("92a361206201")},
    {"HasAHostThatIsAnOption", Errc::bad_text, dialed("92a22d6101")},
    {"HasAHostInBrackets", Errc::bad_text, dialed("92a55b3a3a315d01")},
    {"HasAHostThatIsTooLong", Errc::too_long, dialed(long_host(254))},
    {"IsSignedByAnother", Errc::bad_signature, signer(kCast.person_key)},
    {"IsSignedAsANodeToken", Errc::bad_signature, domain(signature_domain(TokenKind::node))},
    {"IsSignedWithoutADomain", Errc::bad_signature, domain({})},
    {"HasAnEmptySignature", Errc::bad_signature, signature("c440", Bytes(64))},
};

Result<void> judge(const Bytes& bytes) {
  const auto ticket = TicketToken::decode(bytes);
  if (!ticket) return std::unexpected(ticket.error());
  return ticket->verify(crypto::ed25519(), kIssuedAt + 1h);
}

class ForgedTicket : public testing::TestWithParam<Forgery> {};

TEST_P(ForgedTicket, IsRefusedForItsReason) {
  Cast cast;
  TokenPieces pieces =
      TokenPieces::of(cast.ticket_token().raw(), TokenKind::ticket, kCast.node_key);
  ASSERT_TRUE(judge(pieces.put_together())) << "the honest ticket must be accepted";
  GetParam().forge(pieces);
  const auto verdict = judge(pieces.put_together());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(name(verdict.error()), name(GetParam().reason));
}

const auto kName = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(All, ForgedTicket, testing::ValuesIn(kForgeries), kName);

}  // namespace
}  // namespace kith::test
