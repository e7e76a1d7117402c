#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

#include <kith/subject.hpp>

#include "overlay/coordinator/messages.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/router/messages.hpp"
#include "tests/overlay/host.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::Host;
using test::Party;
using test::TestNode;

constexpr std::string_view kNews = "news";

void as_client(EngineConfig& config) { config.role = Participation::client; }

/// A member that listens somewhere.
struct Member {
  explicit Member(std::uint64_t seed) : node(seed) {
    NodeTokenParams params = node.token_params();
    params.endpoints = {Endpoint::v4({127, 0, 0, 1}, static_cast<std::uint16_t>(seed))};
    node.issue(params);
  }

  /// What it has to say of `kNews`.
  PeerIntent offer(WallTime at) {
    IntentTokenParams params;
    params.subject = subject_id({}, kNews).value();
    params.issued_at = at;
    params.role = IntentRole::send;
    params.node = node.local.id;
    const auto& signatures = *node.local.primitives->signatures;
    return {issue_intent_token(params, node.node_key, signatures, node.random).value(),
            decode_node_token(node.local.token).value(), std::nullopt};
  }

  TestNode node;
};

/// One that has a session with the client.
struct Relay : Member {
  Relay(Host& host, std::uint64_t seed)
      : Member(seed),
        connection(host.accept()),
        party(Session::dial(node.local, host.target(host.now.wall), test::default_config(),
                            node.random, host.now)) {
    host.converse(connection, party);
  }

  void say(Host& host, const Bytes& message) {
    EXPECT_TRUE(party.session.send({message}));
    host.converse(connection, party);
  }
  /// As a coordinator does.
  void name(Host& host, const PeerIntent& peer) {
    const Bytes matches = encode_matches(std::array{view_of(peer)});
    RouteMessage message;
    message.number = 1;
    message.key = host.engine.id();
    message.target = host.engine.id();
    message.hops_left = 5;
    message.payload = matches;
    say(host, encode(message));
  }

  [[nodiscard]] std::ptrdiff_t withdrawals() const {
    return std::ranges::count_if(party.messages, [](const Bytes& message) {
      const auto route = decode_route(message);
      return route && decode_withdraw(route->payload);
    });
  }

  ConnectionId connection;
  Party party;
};

TEST(EngineClients, DialANodeOnceThatMayBeARelayAndMatches) {
  Host host(1, {}, as_client);
  Relay relay(host, 100);
  ASSERT_TRUE(host.engine.subscribe(kNews, {}, host.now));
  host.drain();
  Member sender(101);
  const PeerIntent offered = sender.offer(host.now.wall);
  relay.say(host, encode(PiggyMessage{.complete = false, .tokens = {offered.node.token.raw()}}));
  host.wait(1ms);
  ASSERT_EQ(host.dials.size(), 1U);
  relay.name(host, offered);
  EXPECT_EQ(host.dials.size(), 1U);
  // Both are told what becomes of it.
  host.engine.on_connect_failed(host.dials[0].connection, host.now);
  host.drain();
  host.wait(5s);
  EXPECT_GE(host.dials.size(), 2U);
}

TEST(EngineClients, DialNobodyAtOnceWhoHasLeft) {
  Host host(1, {}, as_client);
  Relay relay(host, 100);
  ASSERT_TRUE(host.engine.subscribe(kNews, {}, host.now));
  host.drain();
  relay.name(host, relay.offer(host.now.wall));
  relay.say(host, encode_bare(MessageKind::leave));
  ASSERT_EQ(host.engine.status().sessions, 0U);
  host.wait(500ms);
  EXPECT_TRUE(host.dials.empty());
  // As long as coordinators name it, it may be there again.
  host.wait(5s);
  EXPECT_FALSE(host.dials.empty());
}

TEST(EngineClients, WithdrawThroughAnotherRelayWhatTheFirstDoesNotAnswer) {
  Host host(1, {}, as_client);
  Relay one(host, 100);
  Relay other(host, 101);
  ASSERT_TRUE(host.engine.advertise(kNews, {}, host.now));
  host.drain();
  host.engine.leave(host.now);
  // The node comes to it a little later.
  host.now = test::later(host.now, 1ms);
  host.drain();
  for (int tenths = 0; tenths < 20; ++tenths) {
    host.converse(one.connection, one.party);
    host.converse(other.connection, other.party);
    if (tenths == 0) {
      EXPECT_EQ(one.withdrawals() + other.withdrawals(), 1);
    }
    host.wait(100ms);
  }
  EXPECT_EQ(one.withdrawals(), 1);
  EXPECT_EQ(other.withdrawals(), 1);
}

}  // namespace
}  // namespace kith::overlay
