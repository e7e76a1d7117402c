#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "overlay/contact_book.hpp"
#include "overlay/peers.hpp"
#include "overlay/router/messages.hpp"
#include "routing/table.hpp"

namespace kith::overlay {

/// A message that came to us and may be answered; good until it is answered or forgotten.
enum class RouteId : std::uint32_t {};
/// A message that we sent and want an answer to.
enum class RequestId : std::uint64_t {};

struct RouteRequest {
  Fingerprint key;
  std::optional<Fingerprint> target{};
  std::optional<Fingerprint> avoid{};
  bool recorded = false;
  Bytes payload{};
  /// Where to go first, whatever the table says: a question to a neighbour.
  std::optional<ContactIndex> first_hop{};
};

// What a router asks of its node.

struct RouterSend {
  ContactIndex peer;
  Bytes message;
  /// Its number among the messages under way, if it is one; nothing: an answer.  The peer is to be
  /// pinged behind it, so that its arrival is known.
  std::optional<std::uint32_t> under_way;
};

/// A message is for us: we are the closest, or its target.
struct Arrived {
  RouteId route;
  std::optional<ContactIndex> from;  ///< Who handed it to us; nothing: it is our own.
  Fingerprint key;
  Bytes payload{};
};

/// A message passes that whoever is on the way may answer in part.
struct Passing {
  RouteId route;
  std::optional<ContactIndex> from;
  Bytes payload{};
};

struct Answered {
  RequestId request;
  std::optional<ContactIndex> from;  ///< Who handed it to us; nothing: it is our own answer.
  AnswerStatus status;
  std::uint8_t hops;
  std::vector<Fingerprint> record{};
  Bytes payload{};
  Duration after;
};

/// No answer came, over any first hop.
struct Unanswered {
  RequestId request;
};

using RouterOutput = std::variant<RouterSend, Arrived, Passing, Answered, Unanswered>;

struct RouterConfig {
  Participation role = Participation::member;
  Duration attempt_timeout{1'000'000};
  std::uint8_t attempts = 4;
  std::uint8_t hop_limit = 32;
  /// How long the way back is remembered.
  Duration way_back_life{10'000'000};
  std::size_t ways_back_max = 65'536;
  std::size_t ways_back_per_peer = 8'192;
  /// What is kept of messages of others until the next hop has them; more is handed on without.
  std::size_t kept_bytes_max = 32U << 20;
  std::size_t kept_bytes_per_peer = 4U << 20;
};

/// Carries messages towards keys, hop by hop over live sessions, and answers back the same way
/// (docs/protocol.md §7).
///
///  * Each hop is strictly closer to the key than the one before, so that nothing goes in circles;
///    the hop limit only guards against nodes that do not keep to it.
///  * Each hop keeps the message until its next hop is known to have it: a ping follows the
///    message on the same ordered session, and the pong confirms all that went before.  If the
///    next hop turns suspect first, the message takes another way at once.
///  * Nobody's messages take room from another's: whoever asks too much loses its own ways back,
///    and our own requests are never forgotten.
///  * The origin tries another first hop if no answer comes.  A message may therefore arrive
///    twice, and whoever it is for must not mind.
class Router {
 public:
  Router(const RouterConfig& config, const Fingerprint& self, const routing::Table& table,
         const ContactBook& book, const Peers& peers);

  // Commands.
  RequestId route(RouteRequest request, TimePoint now);
  /// Answers what arrived or passed; a second final answer is ignored.
  void answer(RouteId route, AnswerStatus status, ByteView payload, TimePoint now);

  // Inputs.
  void on_route(ContactIndex from, const RouteMessage& message, TimePoint now);
  void on_answer(ContactIndex from, const AnswerMessage& message, TimePoint now);
  /// The peer it was to be handed to takes no more for now: another one's message is answered that
  /// there is no way from here, our own goes another way when its next attempt is due.
  void on_congested(std::uint32_t under_way, TimePoint now);
  /// The ping numbered `ping` was sent behind what went to `peer` so far.
  void on_ping_sent(ContactIndex peer, std::uint64_t ping);
  /// `peer` has everything that went before the ping numbered `ping`.
  void on_pong(ContactIndex peer, std::uint64_t ping);
  /// `peer` missed a ping or its session ended: what it may not have got goes elsewhere.
  void on_suspect(ContactIndex peer, TimePoint now);
  void on_deadline(TimePoint now);

  // Outputs.
  [[nodiscard]] std::optional<RouterOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.
  [[nodiscard]] std::uint64_t routed() const { return routed_; }
  /// Adds the contacts that it remembers: their numbers must keep their meaning.
  void append_used(std::vector<ContactIndex>& used) const;
  /// Of messages of others.
  [[nodiscard]] std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  /// A message under way through us, or from us.
  struct Way {
    // Where it came from; nothing: from ourselves.
    std::optional<ContactIndex> from;
    std::uint32_t number_there = 0;
    RequestId request{};
    // Where it went; nothing: it arrived here.
    std::optional<ContactIndex> to;
    bool arrived = false;
    std::uint8_t attempts = 0;
    std::uint8_t hops_left = 0;
    bool recorded = false;
    Fingerprint key;
    std::optional<Fingerprint> target{};
    std::optional<Fingerprint> avoid{};
    /// Next hops that it need not be given again.
    std::vector<ContactIndex> tried;
    TimePoint started;
    /// Kept by the origin until the answer, by others until the next hop has it.
    Bytes payload;
    bool is_kept = false;  ///< Counted among what is kept.
  };
  /// What is under way through us from one peer.
  struct Origin {
    std::set<std::uint32_t> ways;
    std::size_t kept_bytes = 0;
  };
  /// A message that a peer may not have got yet.
  struct Unconfirmed {
    std::uint32_t number;
    std::optional<std::uint64_t> ping;  ///< The first one sent behind it.
  };

  [[nodiscard]] std::optional<ContactIndex> choose_hop(const Way& way) const;
  void ask_again_if_nobody_is_left(Way& way) const;
  [[nodiscard]] std::optional<ContactIndex> target_peer(const Way& way) const;
  [[nodiscard]] std::optional<ContactIndex> closest_relay(const Way& way) const;
  /// Whether a message that finds no closer peer has come to its end rather than to a dead one.
  [[nodiscard]] bool ends_here(const Way& way) const;
  std::uint32_t remember(Way way, TimePoint deadline);
  void make_room(ContactIndex from);
  /// Counts the payload of a way of others, or lets go of it.
  void keep_payload(Way& way);
  void drop_payload(Way& way);
  void advance(std::uint32_t number, TimePoint now);
  void hand_over(std::uint32_t number, Way& way, ContactIndex hop);
  void arrive(std::uint32_t number, Way& way);
  void give_back(std::uint32_t number, AnswerMessage answer, TimePoint now);
  void retry(std::uint32_t number, TimePoint now);
  void forget(std::uint32_t number);

  RouterConfig config_;
  Fingerprint self_;
  const routing::Table* table_;
  const ContactBook* book_;
  const Peers* peers_;
  std::map<std::uint32_t, Way> ways_;
  std::map<ContactIndex, Origin> origins_;
  std::size_t ways_of_others_ = 0;
  std::size_t kept_bytes_ = 0;
  std::map<ContactIndex, std::deque<Unconfirmed>> unconfirmed_;
  DeadlineQueue<std::uint32_t> deadlines_;
  std::deque<RouterOutput> outputs_;
  std::uint32_t next_number_ = 1;
  std::uint64_t next_request_ = 1;
  std::uint64_t routed_ = 0;
};

}  // namespace kith::overlay
