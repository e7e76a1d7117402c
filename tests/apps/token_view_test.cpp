#include "apps/token_view.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include "core/base64url.hpp"
#include "tests/tokens/token_samples.hpp"

namespace kith::apps {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string text(const boost::json::object& view, const char* key) {
  return std::string(view.at(key).as_string());
}

class TokenView : public testing::Test {
 protected:
  [[nodiscard]] TokenJudge judge(WallTime now) const {
    return {.signatures = &crypto::ed25519(), .now = now};
  }
  [[nodiscard]] boost::json::object view(ByteView token) const {
    return view_token(token, judge(test::kIssuedAt)).value();
  }

  test::Cast cast_;
};

TEST_F(TokenView, KnowsEveryKind) {
  EXPECT_EQ(text(view(cast_.node_token().token.raw()), "kind"), "node");
  EXPECT_EQ(text(view(cast_.identity_token().token.raw()), "kind"), "identity");
  EXPECT_EQ(text(view(cast_.intent_token().token.raw()), "kind"), "intent");
  EXPECT_EQ(text(view(cast_.ticket_token().raw()), "kind"), "ticket");
  EXPECT_EQ(text(view(cast_.proposal().raw()), "signed_by"), "the proposer alone");
  EXPECT_EQ(text(view(cast_.relationship_token().raw()), "signed_by"), "both");
}

TEST_F(TokenView, SaysWhatIsInIt) {
  const auto node = view(cast_.node_token().token.raw());
  EXPECT_EQ(text(node, "fingerprint"), cast_.node.to_string());
  EXPECT_EQ(text(node, "public_key"), Fingerprint(cast_.node_key.public_key).to_string());
  EXPECT_EQ(text(node, "realm"), cast_.realm.to_string());
  EXPECT_EQ(text(node, "issued_at"), "2026-01-01T00:00:00Z");
  EXPECT_THAT(boost::json::serialize(node), HasSubstr("192.0.2.1:3141"));
  const auto intent = view(cast_.intent_token().token.raw());
  EXPECT_EQ(text(intent, "subject"), cast_.subject.to_string());
  EXPECT_EQ(text(intent, "role"), "receive");
  EXPECT_EQ(intent.at("threshold"), 300);
  const auto ticket = view(cast_.ticket_token().raw());
  EXPECT_EQ(text(ticket, "address"), "example.org:3141");
  EXPECT_EQ(text(ticket, "audience"), cast_.person.to_string());
}

TEST_F(TokenView, NamesNobodyByNullAndForPeopleInWords) {
  const auto node = view(cast_.node_token().token.raw());
  EXPECT_TRUE(node.at("audience").is_null());
  EXPECT_THAT(to_words(node), ContainsRegex("audience +anybody\n"));
  TicketTokenParams params = cast_.ticket_params();
  params.realm = {};
  params.partner = {};
  const auto ticket = view(
      issue_ticket_token(params, cast_.node_key, crypto::ed25519(), cast_.random).value().raw());
  EXPECT_TRUE(ticket.at("realm").is_null());
  EXPECT_TRUE(ticket.at("audience").is_null());
  const std::string words = to_words(ticket);
  EXPECT_THAT(words, ContainsRegex("realm +public\n"));
  EXPECT_THAT(words, ContainsRegex("audience +whoever shows it\n"));
  IdentityTokenParams anywhere = cast_.identity_params();
  anywhere.node.reset();
  const auto identity =
      view(issue_identity_token(anywhere, cast_.person_key, crypto::ed25519(), cast_.random)
               .value()
               .token.raw());
  EXPECT_TRUE(identity.at("node").is_null());
  EXPECT_THAT(to_words(identity), ContainsRegex("node +any\n"));
}

TEST_F(TokenView, JudgesDatesAndSignatureApart) {
  const IdentityToken identity = cast_.identity_token();
  const auto at = [&](WallTime now) {
    return view_token(identity.token.raw(), judge(now)).value();
  };
  const auto now = at(test::kIssuedAt);
  EXPECT_EQ(text(now, "signature"), "good");
  EXPECT_EQ(text(now, "dates"), "good");
  EXPECT_EQ(now.at("holds"), true);
  const auto later = at(test::kIssuedAt + std::chrono::hours(24 * 400));
  EXPECT_EQ(text(later, "signature"), "good");
  EXPECT_EQ(text(later, "dates"), "expired");
  EXPECT_EQ(later.at("holds"), false);
  const auto before = at(test::kIssuedAt - std::chrono::hours(1));
  EXPECT_EQ(text(before, "dates"), describe(Errc::not_yet_valid));
}

TEST_F(TokenView, SeesAForgedSignature) {
  const NodeToken node = cast_.node_token();
  Bytes forged(node.token.raw().begin(), node.token.raw().end());
  forged.back() ^= 1;
  const auto seen = view(forged);
  EXPECT_EQ(text(seen, "signature"), describe(Errc::bad_signature));
  EXPECT_EQ(seen.at("holds"), false);
}

TEST_F(TokenView, SaysThatItCannotJudgeWhomAnotherVouchesFor) {
  const IdentityToken vouched = cast_.vouched_identity_token();
  TokenJudge judge = this->judge(test::kIssuedAt);
  const auto unknown = view_token(vouched.token.raw(), judge).value();
  EXPECT_EQ(text(unknown, "signature"), "not checked");
  EXPECT_EQ(unknown.at("holds"), false);
  judge.issuer = cast_.leader_key.public_key;
  EXPECT_EQ(view_token(vouched.token.raw(), judge).value().at("holds"), true);
  judge.issuer = cast_.friend_key.public_key;
  EXPECT_EQ(text(view_token(vouched.token.raw(), judge).value(), "signature"),
            describe(Errc::wrong_key));
}

TEST_F(TokenView, NeverShowsTheSecretOfATicket) {
  const TicketToken ticket = cast_.ticket_token();
  const std::string seen = boost::json::serialize(view(ticket.raw()));
  const ByteView secret = ticket.secret().view();
  for (const std::string& text : {to_hex(secret), to_base32(secret), to_base64url(secret)})
    EXPECT_THAT(seen, Not(HasSubstr(text)));
  EXPECT_THAT(seen, HasSubstr(ticket_hash(ticket.secret()).to_string()));
}

TEST_F(TokenView, ReadsATokenHoweverItIsWritten) {
  const TicketToken ticket = cast_.ticket_token();
  const ByteView raw = ticket.raw();
  for (const std::string& written : {std::string(as_text(raw)), to_hex(raw), to_base32(raw) + "\n",
                                     to_base64url(raw), " " + to_uri(ticket) + "\r\n"}) {
    const auto seen = view_written_token(written, judge(test::kIssuedAt));
    ASSERT_TRUE(seen) << written;
    EXPECT_EQ(text(*seen, "kind"), "ticket");
  }
}

TEST_F(TokenView, RefusesWhatIsNoToken) {
  for (const std::string& content :
       {std::string(), std::string("x"), std::string("kith-ticket:"), std::string("kith-ticket:AA"),
        std::string(64, 'a'), std::string(5000, '\0'), std::string("\xFF\xFE")})
    EXPECT_FALSE(view_written_token(content, judge(test::kIssuedAt))) << content;
}

}  // namespace
}  // namespace kith::apps
