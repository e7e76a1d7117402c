#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <kith/subject.hpp>

#include "core/crypto/sodium.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/engine.hpp"
#include "overlay/exchange/messages.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/metered_signatures.hpp"
#include "overlay/router/messages.hpp"
#include "overlay/session/frame.hpp"
#include "tests/overlay/coordinator/actors.hpp"
#include "tests/overlay/host.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::default_config;
using test::Host;
using test::Party;
using test::TestNode;

constexpr std::string_view kSubject = "news";
const Endpoint kHome = Endpoint::v4({127, 0, 0, 1}, 3142);
const Endpoint kOtherHome = Endpoint::v4({127, 0, 0, 1}, 3143);

/// Somebody who dials `host` with its token.
struct Caller {
  explicit Caller(Host& host, const TokenEndpoints& endpoints = {kHome}, std::uint64_t seed = 100)
      : node(seed) {
    NodeTokenParams params = node.token_params();
    params.endpoints = endpoints;
    node.issue(params);
    dial(host);
  }
  void dial(Host& host) {
    party.emplace(Session::dial(node.local, host.target(host.now.wall), default_config(),
                                node.random, host.now));
  }

  TestNode node;
  std::optional<Party> party;
};

TEST(EngineSessions, LetAFirstMessageThatIsNotConfirmedKeepNobodyOut) {
  Host host;
  Caller caller(host);
  const Bytes first = caller.party->say(host.now);

  host.hear(host.accept(), first);
  EXPECT_EQ(host.engine.status().sessions, 0U);
  const ConnectionId connection = host.accept();
  host.hear(connection, first);
  host.converse(connection, *caller.party);
  EXPECT_TRUE(caller.party->opened());
  EXPECT_EQ(host.engine.status().sessions, 1U);
}

TEST(EngineSessions, RefuseAFirstMessageOnceItsSessionIsConfirmed) {
  Host host;
  Caller caller(host);
  const Bytes first = caller.party->say(host.now);
  const ConnectionId connection = host.accept();
  host.hear(connection, first);
  host.converse(connection, *caller.party);
  ASSERT_EQ(host.engine.status().sessions, 1U);

  const ConnectionId replay = host.accept();
  host.hear(replay, first);
  EXPECT_EQ(as_text(host.said[replay]), "nope");
}

/// A peer that has joined `host`, and may be lost.
struct Friend : Caller {
  explicit Friend(Host& host, const TokenEndpoints& endpoints = {kHome}, std::uint64_t seed = 100)
      : Caller(host, endpoints, seed), connection(host.accept()) {
    host.converse(connection, *party);
  }

  /// Its session is lost, and the host dials it.
  void lose(Host& host) const {
    host.engine.on_connection_lost(connection, host.now);
    host.drain();
    for (int second = 0; second < 600 && host.dials.empty(); ++second) host.wait(1s);
  }

  ConnectionId connection;
};

TEST(EngineSessions, DialAnExpiredTokenByTheHiddenFlowPinned) {
  for (const bool expired : {false, true}) {
    Host host;
    Friend peer(host);
    ASSERT_EQ(host.engine.status().sessions, 1U);
    if (expired) host.shift_date(24h + kClockSkewMax);
    peer.lose(host);
    ASSERT_FALSE(host.dials.empty());
    const ConnectionId connection = host.dials.front().connection;
    host.engine.on_connected(connection, host.now);
    host.drain();
    const Bytes& first = host.said[connection];
    ASSERT_GT(first.size(), kFrameHeaderBytes);
    EXPECT_EQ(first[kFrameHeaderBytes - 1], expired ? 'H' : 'C');
  }
}

TEST(EngineSessions, DialTheEndpointsOfATokenInTurn) {
  for (const bool refused : {false, true}) {
    Host host;
    Friend peer(host, {kHome, kOtherHome});
    peer.lose(host);
    ASSERT_EQ(host.dials.size(), 1U);
    EXPECT_EQ(host.dials[0].to, kHome);
    if (refused) {
      host.engine.on_connect_failed(host.dials[0].connection, host.now);
      host.drain();
    } else {
      host.wait(10s);
    }
    ASSERT_EQ(host.dials.size(), 2U);
    EXPECT_EQ(host.dials[1].to, kOtherHome);
    host.engine.on_connected(host.dials[1].connection, host.now);
    host.drain();
    EXPECT_FALSE(host.said[host.dials[1].connection].empty());
  }
}

TEST(EngineSessions, TellPeersOfARenewedToken) {
  Host host;
  Friend peer(host);
  peer.party->messages.clear();
  const std::vector<Endpoint> elsewhere{Endpoint::v4({127, 0, 0, 1}, 4000)};
  host.engine.set_endpoints(elsewhere, host.now);
  host.drain();
  host.converse(peer.connection, *peer.party);
  ASSERT_EQ(peer.party->messages.size(), 1U);
  const auto token = decode_token_message(peer.party->messages[0], MessageKind::update);
  ASSERT_TRUE(token);
  EXPECT_TRUE(std::ranges::equal(*token, host.engine.node_token()));
  EXPECT_TRUE(std::ranges::equal(decode_node_token(*token)->endpoints, elsewhere));
}

/// Sends `host` a message of the largest size for `to`, from `from`.
void route(Host& host, Friend& from, const Fingerprint& to, std::uint32_t number) {
  const Bytes payload(kRoutedBytesMax);
  RouteMessage message;
  message.number = number;
  message.key = to;
  message.hops_left = 5;
  message.payload = payload;
  ASSERT_TRUE(from.party->session.send({encode(message)}));
  host.converse(from.connection, *from.party);
}

TEST(EngineSessions, AreNotCutByWhatAThirdNodeSendsThroughUs) {
  Host host;
  Friend sender(host, {kHome}, 100);
  const Friend reader(host, {kOtherHome}, 101);
  ASSERT_EQ(host.engine.status().sessions, 2U);
  host.frozen.insert(reader.connection);
  sender.party->messages.clear();

  constexpr std::uint32_t kMessages = 200;
  for (std::uint32_t i = 0; i < kMessages; ++i) route(host, sender, reader.node.local.id, i);
  EXPECT_TRUE(host.closed.empty());
  EXPECT_EQ(host.engine.status().sessions, 2U);

  // Half the queue takes some; for all others there is no way.
  std::size_t unreachable = 0;
  for (const Bytes& message : sender.party->messages)
    if (const auto answer = decode_answer(message))
      unreachable += answer->status == AnswerStatus::unreachable ? 1U : 0U;
  const std::size_t queue = default_config().queued_bytes_max / 2;
  EXPECT_GE(unreachable, kMessages - queue / kRoutedBytesMax - 1);
  EXPECT_LT(unreachable, kMessages);
}

/// What `node` says to receive what `host` publishes on `kSubject`.
Bytes open_channel(const Host& host, TestNode& node) {
  IntentTokenParams params;
  params.subject = subject_id({}, kSubject).value();
  params.issued_at = host.now.wall;
  params.role = IntentRole::receive;
  params.node = node.local.id;
  const auto intent =
      issue_intent_token(params, node.node_key, *node.local.primitives->signatures, node.random);
  OpenMessage open;
  open.subscription_epoch = 1;
  open.identity = host.engine.status().identity;
  open.role = IntentRole::send;
  open.credit_messages = 16;
  open.credit_bytes = 1 << 20;
  open.intent = intent->token.raw();
  return encode(open);
}

TEST(EngineSessions, TakeWhatIsOpenedOnASecondOneTogetherWithItsFirstSign) {
  Host host;
  // The node with the greater name chooses between the sessions that it dialed.
  std::uint64_t seed = 100;
  while (TestNode(seed).local.id < host.engine.id()) ++seed;
  Friend peer(host, {kHome}, seed);
  ASSERT_TRUE(host.engine.advertise(kSubject, {}, host.now));
  host.drain();

  // By this flow the join comes before the first record.
  DialTarget target;
  target.node = host.engine.id();
  target.first_message = encode(JoinMessage{});
  Party second(Session::dial(peer.node.local, std::move(target), default_config(), peer.node.random,
                             host.now));
  const ConnectionId connection = host.accept();
  host.converse(connection, second);
  ASSERT_TRUE(second.opened());

  second.session.ping(1);
  ASSERT_TRUE(second.session.send({open_channel(host, peer.node)}));
  host.converse(connection, second);
  ASSERT_EQ(second.pongs.size(), 1U);
  EXPECT_EQ(std::ranges::count_if(second.messages,
                                  [](const Bytes& message) {
                                    const auto read = decode_exchange_message(message);
                                    return read && std::holds_alternative<AcceptMessage>(*read);
                                  }),
            1);
}

/// Forged intents that would match `kSubject`, as many as a message holds.
Bytes forged_matches() {
  constexpr std::size_t kIntents = 16;
  SeededRandom random(7);
  std::vector<PeerIntent> intents;
  for (std::size_t i = 0; i < kIntents; ++i)
    intents.push_back(test::Actor(random).peer_intent({.subject = subject_id({}, kSubject).value(),
                                                       .role = IntentRole::send,
                                                       .at = test::start_time().wall}));
  std::vector<IntentView> views;
  for (const PeerIntent& intent : intents) views.push_back(view_of(intent));
  return encode_matches(views);
}

/// A host with a small budget for each peer, and a peer that hands it forged matches.
struct EngineBudgets : testing::Test {
  /// How many signatures were checked for so many forgeries.
  std::uint64_t push(int times) {
    const std::uint64_t before = meter.checked();
    for (int i = 0; i < times; ++i) {
      RouteMessage message;
      message.number = ++number;
      message.key = host.engine.id();
      message.target = host.engine.id();
      message.hops_left = 5;
      message.payload = forged;
      say(encode(message));
    }
    return meter.checked() - before;
  }

  /// The number of a look-up that the host has sent the peer.
  std::uint32_t look_up_number() {
    for (int tenths = 0; tenths < 6'000; ++tenths) {
      for (const Bytes& message : peer.party->messages) {
        const auto route = decode_route(message);
        if (route && decode_bare(route->payload, MessageKind::lookup)) return route->number;
      }
      peer.party->messages.clear();
      host.wait(100ms);
      host.converse(peer.connection, *peer.party);
    }
    ADD_FAILURE() << "nothing was looked up";
    return 0;
  }

  void say(const Bytes& message) {
    EXPECT_TRUE(peer.party->session.send({message}));
    host.converse(peer.connection, *peer.party);
  }

  MeteredSignatures meter{crypto::ed25519()};
  crypto::Primitives primitives = crypto::sodium_primitives();
  Host host{1, {}, [this](EngineConfig& config) {
              primitives.signatures = &meter;
              config.primitives = &primitives;
              config.checks_at_once = 100;
              config.checks_per_second = 10;
            }};
  Friend peer{host};
  Bytes forged = forged_matches();
  std::uint32_t number = 0;
};

TEST_F(EngineBudgets, BoundTheSignaturesThatAPeerMakesUsCheck) {
  ASSERT_TRUE(host.engine.subscribe(kSubject, {}, host.now));
  const std::uint64_t at_first = push(100);
  EXPECT_GE(at_first, 90U);
  EXPECT_LE(at_first, 100U + 16U);
  EXPECT_EQ(push(100), 0U);
  host.now = test::later(host.now, 5s);
  const std::uint64_t later = push(100);
  EXPECT_GE(later, 30U);
  EXPECT_LE(later, 50U + 16U);
  EXPECT_EQ(host.engine.status().sessions, 1U);
}

TEST_F(EngineBudgets, OfWhatAPeerSaysAreNotSpentByWhatOthersSendThroughIt) {
  ASSERT_TRUE(host.engine.subscribe(kSubject, {}, host.now));
  push(100);
  ASSERT_EQ(push(100), 0U);
  const std::uint64_t before = meter.checked();
  say(encode_update(TestNode(101).local.token));
  EXPECT_EQ(meter.checked(), before + 1);
}

TEST_F(EngineBudgets, BoundTheSignaturesOfAnswersThatAreNotTheLast) {
  AnswerMessage message;
  message.number = look_up_number();
  std::vector<Bytes> tokens(16, TestNode(101).local.token);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i].back() = static_cast<Byte>(tokens[i].back() ^ (i + 1));
  const Bytes piggy = encode(PiggyMessage{.tokens = {tokens.begin(), tokens.end()}});
  message.payload = piggy;
  const auto answer = [&](AnswerStatus status, int times) {
    message.status = status;
    const std::uint64_t before = meter.checked();
    for (int i = 0; i < times; ++i) say(encode(message));
    return meter.checked() - before;
  };
  const std::uint64_t at_first = answer(AnswerStatus::partial, 100);
  EXPECT_GE(at_first, 90U);
  EXPECT_LE(at_first, 100U + 16U);
  EXPECT_EQ(answer(AnswerStatus::partial, 100), 0U);
  EXPECT_EQ(answer(AnswerStatus::final, 100), 16U) << "it comes once";
  EXPECT_EQ(host.engine.status().sessions, 1U);
}

TEST(EngineSessions, RenewTheTokenWhenTheDateJumps) {
  for (const Duration jump : {-48h, -1h, 13h, 48h}) {
    Host host;
    host.now.wall += jump;
    const WallTime date = host.now.wall;
    static_cast<void>(host.accept());
    EXPECT_EQ(host.token().token.issued_at(), date) << jump.count();
    host.now.wall -= jump;
    host.engine.on_deadline(host.now);
    const Token token = host.token().token;
    EXPECT_TRUE(verify_dates(token, host.now.wall));
    EXPECT_GE(token.expires_at(), host.now.wall + 12h);
    EXPECT_LE(token.issued_at(), host.now.wall);
  }
}

TEST(EngineSessions, KeepTheTokenWhenTheDateIsSetALittle) {
  for (const Duration jump : {-4min, 4min}) {
    Host host;
    const Token token = host.token().token;
    host.shift_date(jump);
    EXPECT_EQ(host.token().token, token);
  }
}

}  // namespace
}  // namespace kith::overlay
