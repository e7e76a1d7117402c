#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include <kith/fingerprint.hpp>
#include <kith/policy.hpp>

#include "overlay/engine_output.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay {

/// A node with a session, as long as that session lasts; a small number, used again later.
enum class PeerIndex : std::uint32_t {};

/// The two sides of an exchange number their questions apart: the odd ones are the receiver's.
enum class ExchangeQuestion : std::uint64_t {};

[[nodiscard]] constexpr bool is_of_receiver(ExchangeQuestion question) {
  return static_cast<std::uint64_t>(question) % 2 == 1;
}

/// Keep a session with `node` until `SessionNotNeeded`, whatever happens to it.  With `dial` we are
/// the one to open it; without, the other side does.  May come again: with `dial`, or a newer one.
struct NeedSession {
  Fingerprint node;
  std::optional<NodeToken> dial;
};

struct SessionNotNeeded {
  Fingerprint node;
};

/// May we deal with this peer's intent?  `Exchange::on_verdict` answers.
struct Ask {
  ExchangeQuestion question;
  PolicyQuestion what;
};

/// The question is of no matter any more: nobody waits for its answer.
struct AskNoMore {
  ExchangeQuestion question;
};

/// Tell the policy.
struct Account {
  Exchanged what;
};

/// Something waits for `peer`: call `fill` when its session takes more, until that says that
/// nothing is left.  Said once until then.
struct WantsWrite {
  PeerIndex peer;
};

using ExchangeOutput =
    std::variant<NeedSession, SessionNotNeeded, Ask, AskNoMore, Account, WantsWrite, Delivered,
                 SubscriptionMatched, SubscriptionUnmatched, PublisherMatched, PublisherUnmatched,
                 PublisherWritable, PublisherDrained, MessagesExpired>;

}  // namespace kith::overlay
