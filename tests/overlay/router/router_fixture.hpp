#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/router/router.hpp"
#include "tests/overlay/village.hpp"

namespace kith::overlay {

/// A router and six peers of its node.
class RouterTest : public testing::Test {
 protected:
  explicit RouterTest(Participation role = Participation::member) {
    for (std::uint16_t i = 0; i < 6; ++i)
      friends.push_back(village.befriend(static_cast<std::uint16_t>(10 + i)));
    config.role = role;
    restart();
  }

  void restart() {
    router.emplace(config, village.id(village.self), village.table, village.book, village.peers);
  }

  /// The next output of type `What`; all others are passed over.
  template <class What>
  std::optional<What> take() {
    while (auto output = router->poll_output())
      if (auto* what = std::get_if<What>(&*output)) return std::move(*what);
    return std::nullopt;
  }

  [[nodiscard]] ContactIndex closest_friend(const Fingerprint& key) const {
    return *std::ranges::min_element(
        friends, {}, [&](ContactIndex contact) { return distance(key, village.id(contact)); });
  }

  /// What `from` hands us for `key`, with `number` of its own.
  void receive(ContactIndex from, const Fingerprint& key, std::uint32_t number = 7) {
    RouteMessage message;
    message.number = number;
    message.key = key;
    message.hops_left = 5;
    message.payload = payload;
    router->on_route(from, message, TimePoint{});
  }

  /// `peer` misses a ping.
  void suspect(ContactIndex peer) {
    village.peers.find(peer)->health.on_missed_ping();
    static_cast<void>(village.table.on_missed_ping(peer));
    router->on_suspect(peer, TimePoint(std::chrono::milliseconds(300)));
  }

  test::Village village;
  std::vector<ContactIndex> friends;
  RouterConfig config;
  std::optional<Router> router;
  Bytes payload = encode_bare(MessageKind::trace);
};

class ClientRouterTest : public RouterTest {
 protected:
  ClientRouterTest() : RouterTest(Participation::client) {}
};

}  // namespace kith::overlay
