#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/policy.hpp>

#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/exchange/exchange_output.hpp"
#include "overlay/exchange/ledger.hpp"
#include "overlay/exchange/messages.hpp"
#include "overlay/exchange/publisher_log.hpp"
#include "overlay/exchange/sending_window.hpp"
#include "tokens/intent_token.hpp"

namespace kith::overlay {

/// One subscription somewhere, for as long as it lasts.
struct ReceiverKey {
  Fingerprint node;
  std::uint64_t subscription_epoch = 0;

  friend auto operator<=>(const ReceiverKey&, const ReceiverKey&) = default;
};

struct Publisher;

/// The sender's end of a channel.  It is *attached* while it has a session, or leads to a
/// subscription of our own node; else it waits to be opened again.
struct SendingChannel {
  ChannelNumber number{};
  Publisher* publisher = nullptr;  ///< Owns the channel's number, and ends the channel with itself.
  ReceiverKey receiver;
  Fingerprint identity;  ///< The receiver's.
  ChannelNumber receiver_channel{};
  SendingWindow window;
  std::optional<PeerIndex> link{};
  std::optional<SubscriptionId> local{};
  Acknowledgement acknowledgement = Acknowledgement::node;  ///< Of what is handed over here.
  bool is_ready = false;  ///< Stands among the ready ones of its link, or the local ones.
  bool is_idle = false;   ///< Stands among the idle ones of its publisher.
  /// Nothing is kept for it alone until it has caught up with the others: what they have all
  /// acknowledged has expired for it.
  bool is_left_behind = false;
  Exchanged account{};  ///< Not told yet.

  [[nodiscard]] bool is_attached() const { return link || local; }
  /// Whether it has acknowledged more than the slowest of the others, or everything.
  [[nodiscard]] bool has_caught_up() const;
};

/// One sender of one subject and what it keeps for its receivers.  Today's properties
/// (docs/protocol.md §9): reliable, acknowledged by the receiving node, reject when full, to
/// everyone, no history. Others are fields of `PublishOptions` to come, and have their place here:
/// what is appended and to whom it is owed is decided in `SendingSide::publish`, what is dropped in
/// `PublisherLog`.
struct Publisher {
  PublisherId id{};
  IntentToken intent;
  std::uint64_t epoch = 0;
  Duration resume_time{};  ///< For a channel without a session.
  Duration patience{};     ///< With a receiver that holds up others.
  PublisherLog log;
  Ledger ledger{};
  std::map<ReceiverKey, ChannelNumber> channels{};
  /// Channels that wait for the next message, and perhaps some that are over.
  std::vector<ChannelNumber> idle{};
  /// What each channel has acknowledged, those left behind aside.  The log begins no earlier than
  /// with the least; there is one as long as there are channels.
  std::multiset<std::uint64_t> acknowledged{};
  std::set<ChannelNumber> left_behind{};
  /// Matched receivers that cannot dial us, so that we dial them.
  std::set<IntentKey> dialed{};
  bool blocked = false;       ///< `Errc::would_block` was said and not taken back.
  bool expiry_armed = false;  ///< A deadline for the log is set.
  bool drained = true;        ///< Nothing is in flight, and that was said.
};

inline bool SendingChannel::has_caught_up() const {
  const std::uint64_t acknowledged = window.acknowledged();
  return acknowledged > publisher->log.begin() || acknowledged == publisher->log.end();
}

}  // namespace kith::overlay
