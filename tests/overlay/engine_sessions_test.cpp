#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/engine.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/session/frame.hpp"
#include "tests/overlay/host.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::default_config;
using test::Host;
using test::Party;
using test::TestNode;

const Endpoint kHome = Endpoint::v4({127, 0, 0, 1}, 3142);
const Endpoint kOtherHome = Endpoint::v4({127, 0, 0, 1}, 3143);

/// Somebody who dials `host` with its token.
struct Caller {
  explicit Caller(Host& host, const TokenEndpoints& endpoints = {kHome}) : node(100) {
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
  explicit Friend(Host& host, const TokenEndpoints& endpoints = {kHome})
      : Caller(host, endpoints), connection(host.accept()) {
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
