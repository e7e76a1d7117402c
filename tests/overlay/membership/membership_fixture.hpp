#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "overlay/membership/membership.hpp"
#include "tests/overlay/village.hpp"

namespace kith::overlay::test {

inline constexpr ConnectionId kConnection{77};

/// A member of a village, and what its connections tell it.
class MembershipTest : public testing::Test {
 protected:
  explicit MembershipTest(Participation role = Participation::member) {
    MembershipConfig config;
    config.role = role;
    config.self = village.id(village.self);
    config.signatures = &crypto::ed25519();
    membership.emplace(
        config,
        Membership::Shared{village.book, village.table, village.peers, village.random, judgements},
        TimePoint{});
  }

  template <class What>
  std::optional<What> take() {
    while (auto output = membership->poll_output())
      if (auto* what = std::get_if<What>(&*output)) return std::move(*what);
    return std::nullopt;
  }

  Result<void> receive(ContactIndex from, MessageKind kind, ByteView message, bool joined = false) {
    return membership->on_message({kConnection, from, joined, village.book.endpoint(from), {}},
                                  kind, message, at(Duration{0}));
  }

  Result<void> receive_join(ContactIndex from, JoinMessage join) {
    return receive(from, MessageKind::join, encode(join));
  }

  /// Tells the router's number of our own announcement, if there is one among what is to be routed.
  std::optional<RequestId> take_own_announcement() {
    std::optional<RequestId> found;
    while (const auto order = take<RouteForMembership>()) {
      membership->on_requested(RequestId{++requests});
      if (*peek_kind(order->request.payload) != MessageKind::announce) continue;
      EXPECT_EQ(order->request.key, village.id(village.self));
      EXPECT_TRUE(order->request.first_hop);
      found = RequestId{requests};
    }
    return found;
  }

  [[nodiscard]] static MessageKind kind_of(const std::optional<SendOn>& sent) {
    return sent ? *peek_kind(sent->message) : MessageKind{};
  }

  Village village;
  RealmJudgements judgements{{.signatures = &crypto::ed25519(), .asks_nobody = true},
                             village.random};
  std::optional<Membership> membership;
  std::uint64_t requests = 0;
};

}  // namespace kith::overlay::test
