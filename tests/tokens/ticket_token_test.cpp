#include "tokens/ticket_token.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <type_traits>

#include <gtest/gtest.h>

#include "core/base64url.hpp"
#include "tests/support/for_each_seed.hpp"
#include "tests/tokens/token_samples.hpp"

namespace kith {
namespace {

using namespace std::chrono_literals;
using test::Cast;
using test::failure;
using test::for_each_seed;
using test::kIssuedAt;

// Two owners of one secret are one too many.
static_assert(!std::is_copy_constructible_v<TicketToken>);
static_assert(std::is_nothrow_move_constructible_v<TicketToken>);

TicketTokenParams random_ticket(Random& random) {
  const auto fingerprint = [&random] {
    std::array<Byte, Fingerprint::kBytes> bytes{};
    random.fill(bytes);
    return Fingerprint(bytes);
  };
  TicketTokenParams params{
      .realm = fingerprint(),
      .partner = random.below(2) == 0 ? Fingerprint{} : fingerprint(),
      .issued_at = kIssuedAt,
      .life = Duration(1 + static_cast<std::int64_t>(random.below(
                               static_cast<std::uint64_t>(kTicketTokenLifeMax.count())))),
  };
  params.not_before = kIssuedAt + Duration(static_cast<std::int64_t>(random.below(
                                      static_cast<std::uint64_t>(params.life.count()))));
  constexpr std::string_view kLetters = "abcXYZ019.:_";
  for (auto left = 1 + random.below(253); left > 0; --left)
    params.dialed.host += kLetters[random.below(kLetters.size())];
  params.dialed.port = static_cast<std::uint16_t>(1 + random.below(65'535));
  random.fill(params.static_key);
  return params;
}

TEST(TicketToken, SaysAllThatAStrangerNeeds) {
  for_each_seed(300, [](Random& random) {
    const auto key = crypto::ed25519().generate(random);
    const TicketTokenParams params = random_ticket(random);
    const auto issued = issue_ticket_token(params, key, crypto::ed25519(), random).value();
    const auto ticket = TicketToken::decode(issued.raw()).value();
    EXPECT_EQ(ticket.realm(), params.realm);
    EXPECT_EQ(ticket.partner(), params.partner);
    EXPECT_EQ(ticket.issued_at(), params.issued_at);
    EXPECT_EQ(ticket.not_before(), params.not_before);
    EXPECT_EQ(ticket.expires_at(), params.issued_at + params.life);
    EXPECT_EQ(ticket.dialed(), params.dialed);
    EXPECT_EQ(ticket.static_key(), params.static_key);
    EXPECT_EQ(ticket.purpose(), params.purpose);
    EXPECT_EQ(ticket.node(), node_fingerprint(key.public_key));
    EXPECT_TRUE(ticket.verify(crypto::ed25519(), ticket.not_before()));
    EXPECT_TRUE(crypto::equal_constant_time(ticket.secret().view(), issued.secret().view()));
    EXPECT_EQ(parse_ticket_uri(to_uri(ticket)).value().uuid(), ticket.uuid());
  });
}

TEST(TicketToken, HasASecretOfItsOwn) {
  Cast cast;
  EXPECT_NE(ticket_hash(cast.ticket_token().secret()), ticket_hash(cast.ticket_token().secret()));
}

TEST(TicketToken, HoldsFromTheSkewOfClocksBeforeItsWindowToItsEnd) {
  Cast cast;
  TicketTokenParams params = cast.ticket_params();
  params.not_before = kIssuedAt + 1h;
  params.life = 2h;
  const auto ticket = cast.issue(params).value();
  const auto at = [&](WallTime now) { return ticket.verify(crypto::ed25519(), now); };
  EXPECT_EQ(at(kIssuedAt + 1h - kClockSkewMax - 1us), failure(Errc::not_yet_valid));
  EXPECT_TRUE(at(kIssuedAt + 1h - kClockSkewMax));
  EXPECT_TRUE(at(kIssuedAt + 2h - 1us));
  EXPECT_EQ(at(kIssuedAt + 2h), failure(Errc::expired));
}

TEST(TicketToken, IsNotIssuedWhereNobodyWouldTakeIt) {
  Cast cast;
  const auto error = [&](auto change) {
    TicketTokenParams params = cast.ticket_params();
    change(params);
    return cast.issue(params).error();
  };
  EXPECT_EQ(error([](auto& params) { params.life = kTicketTokenLifeMax + 1us; }),
            Errc::life_too_long);
  EXPECT_EQ(error([](auto& params) { params.life = 0s; }), Errc::out_of_range);
  EXPECT_EQ(error([](auto& params) { params.dialed.host = "a b"; }), Errc::bad_text);
  EXPECT_EQ(error([](auto& params) { params.dialed.host = ""; }), Errc::bad_text);
  EXPECT_EQ(error([](auto& params) { params.dialed.port = 0; }), Errc::out_of_range);
}

TEST(TicketToken, IsNoPlainToken) {
  Cast cast;
  // A plain token is copied and never wiped.
  EXPECT_EQ(Token::decode(cast.ticket_token().raw()), std::unexpected(Errc::wrong_kind));
  EXPECT_EQ(decode_node_token(cast.ticket_token().raw()).error(), Errc::wrong_kind);
  EXPECT_EQ(TicketToken::decode(cast.node_token().token.raw()).error(), Errc::wrong_kind);
}

TEST(TicketToken, NoBitCanBeFlippedAndEveryTruncationFails) {
  Cast cast;
  const auto ticket = cast.ticket_token();
  Bytes bytes(ticket.raw().begin(), ticket.raw().end());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto mask = static_cast<Byte>(1U << bit % 8);
    bytes[bit / 8] ^= mask;
    const auto flipped = TicketToken::decode(bytes);
    EXPECT_FALSE(flipped && flipped->verify(crypto::ed25519(), kIssuedAt)) << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(TicketToken::decode(ByteView(bytes).first(size)).error(), Errc::truncated) << size;
}

/// How often the secret stands in the memory that `bytes` point to.
bool holds(ByteView bytes, ByteView secret) {
  return std::search(bytes.begin(), bytes.end(), secret.begin(), secret.end()) != bytes.end();
}

TEST(TicketToken, LeavesNoSecretBehindWhereItWas) {
  Cast cast;
  // A place that outlives the ticket, so that it can be looked at afterwards.
  alignas(TicketToken) std::array<Byte, sizeof(TicketToken)> place{};
  auto* ticket = new (place.data()) TicketToken(cast.ticket_token());
  const TicketSecret secret = ticket->secret().clone();
  ASSERT_TRUE(holds(place, secret.view()));
  ASSERT_TRUE(holds(ticket->raw(), secret.view()));
  {
    const TicketToken moved = std::move(*ticket);
    EXPECT_FALSE(holds(place, secret.view()));
    EXPECT_TRUE(ticket->raw().empty());
    EXPECT_TRUE(holds(moved.raw(), secret.view()));
  }
  *ticket = cast.ticket_token();
  const TicketSecret second = ticket->secret().clone();
  std::destroy_at(ticket);
  EXPECT_FALSE(holds(place, second.view()));
}

TEST(TicketUri, IsReadStrictly) {
  Cast cast;
  const std::string uri = to_uri(cast.ticket_token());
  EXPECT_TRUE(uri.starts_with("kith-ticket:"));
  EXPECT_LE(uri.size(), kTicketUriBytesMax);
  EXPECT_TRUE(parse_ticket_uri(uri));
  const std::string digits = uri.substr(uri.find(':') + 1);
  for (const std::string& bad : {std::string(), digits, "kith-ticket" + digits, "kith:" + digits,
                                 "KITH-TICKET:" + digits, "kith-ticket://" + digits, " " + uri,
                                 uri + "\n", uri + "=", uri + "#", std::string("kith-ticket:+/")})
    EXPECT_EQ(parse_ticket_uri(bad).error(), Errc::bad_text) << bad;
  EXPECT_EQ(parse_ticket_uri("kith-ticket:").error(), Errc::truncated);
  EXPECT_EQ(parse_ticket_uri(uri + "AAAA").error(), Errc::trailing_bytes);
  const auto node = cast.node_token();
  EXPECT_EQ(parse_ticket_uri("kith-ticket:" + to_base64url(node.token.raw())).error(),
            Errc::wrong_kind);
  EXPECT_EQ(parse_ticket_uri("kith-ticket:" + std::string(2037, 'A')).error(), Errc::too_long);
}

TEST(TicketUri, HasRoomForTheLongestTicket) {
  EXPECT_LE(std::strlen("kith-ticket:") + (kTokenBytesMax * 4 + 2) / 3, kTicketUriBytesMax);
}

}  // namespace
}  // namespace kith
