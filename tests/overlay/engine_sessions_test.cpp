#include <string_view>

#include <gtest/gtest.h>

#include "overlay/engine.hpp"
#include "tests/overlay/host.hpp"

namespace kith::overlay {
namespace {

using test::default_config;
using test::Host;
using test::Party;
using test::TestNode;

/// Somebody who dials `host` with its token.
struct Caller {
  explicit Caller(Host& host, std::uint64_t seed = 100) : node(seed) { dial(host); }
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

}  // namespace
}  // namespace kith::overlay
