#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "overlay/contact_book.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/exchange/exchange_output.hpp"
#include "routing/health.hpp"

namespace kith::overlay {

/// A node with a joined session: what membership, routing of messages and exchange share of it.
struct Peer {
  ContactIndex contact = 0;
  /// The session that we send on.
  ConnectionId connection{};
  Participation role = Participation::member;
  /// Who uses the node.
  Fingerprint identity;
  bool dialed_by_us = false;
  /// Let in for the exchange alone: it is in no table and takes no room of others.
  bool only_exchange = false;
  /// What it counts as for address diversity: where it came from, or where we dialed it.
  Endpoint address{};
  /// How many joined sessions there are with it.
  int sessions = 1;
  /// The exchange's number of this session.
  std::optional<PeerIndex> exchange;
  /// The exchange needs the session: it must be kept alive.
  bool in_exchange = false;
  TimePoint joined_at;
  /// When all signatures that it had us check will be paid for: by what it says itself, and by what
  /// it passes on, perhaps for others, who are not to spend what it needs for itself.
  TimePoint checks_until{};
  TimePoint passed_on_until{};

  // Liveness: at most one ping is under way.
  routing::Health health;
  TimePoint last_heard;
  std::uint64_t last_ping = 0;
  std::optional<TimePoint> ping_sent;
  /// A message went out after the last ping; its arrival is to be confirmed by another.
  bool ping_wanted = false;
  /// When it is looked at next.
  TimePoint look_at = TimePoint::max();
};

/// One of the two budgets of signatures that a peer has: `checks_until` or `passed_on_until`.
using ChecksBudget = TimePoint Peer::*;

/// The peers of one node, in the order of their numbers, so that every walk over them is the same
/// in every run.  The numbers stand apart too: whoever looks one up touches no other peer.
class Peers {
 public:
  [[nodiscard]] Peer* find(ContactIndex contact);
  [[nodiscard]] const Peer* find(ContactIndex contact) const;
  Peer& add(const Peer& peer);
  void remove(ContactIndex contact);
  /// It is there for more than the exchange from now on.
  void make_ordinary(Peer& peer);

  [[nodiscard]] std::span<Peer> all() { return peers_; }
  [[nodiscard]] std::span<const Peer> all() const { return peers_; }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  /// How many of them are members.
  [[nodiscard]] std::size_t members() const { return members_; }
  /// How many are there for the exchange alone.
  [[nodiscard]] std::size_t only_exchange() const { return only_exchange_; }

 private:
  /// Where `contact` is, or would be.
  [[nodiscard]] std::size_t place(ContactIndex contact) const;

  std::vector<Peer> peers_;
  std::vector<ContactIndex> contacts_;  // Parallel to peers_.
  std::size_t members_ = 0;
  std::size_t only_exchange_ = 0;
};

}  // namespace kith::overlay
