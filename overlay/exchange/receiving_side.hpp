#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/exchange/channel_table.hpp"
#include "overlay/exchange/exchange_config.hpp"
#include "overlay/exchange/links.hpp"
#include "overlay/exchange/message_sink.hpp"
#include "overlay/exchange/receiving_window.hpp"
#include "overlay/exchange/session_needs.hpp"

namespace kith::overlay {

/// The receiver's end of a channel: one of our subscriptions and one sender elsewhere.
///
///     asking -> waiting <-> opening -> open
///       ^  |       ^-----------|---------'     session lost
///       |  | no                | no
///       |  v                   |
///      refused <---------------'               for a pause, longer each time
///
/// It ends when the sender closes it, or when it is without a session and nobody names the sender
/// any more.
struct ReceivingChannel {
  enum class State : std::uint8_t {
    asking,   ///< The policy is asked.
    waiting,  ///< For a session.
    opening,  ///< The sender is asked.
    open,
    refused,  ///< By the policy or the sender; both are asked again.
  };

  ChannelNumber number{};
  SubscriptionId subscription{};
  IntentToken intent;  ///< The sender's, as we know it.
  NodeToken node;
  ReceivingWindow window;
  State state = State::asking;
  std::optional<PeerIndex> link{};    ///< While opening or open.
  ChannelNumber sender_channel{};     ///< While open.
  std::uint64_t publisher_epoch = 0;  ///< 0 until it was open once.
  /// How often its window began anew.  Ours alone: a sender may come back to an epoch that it left.
  std::uint64_t beginnings = 0;
  WallTime accepted_at{};   ///< When the token shown on acceptance was issued.
  bool matched = true;      ///< Coordinators name the sender.
  bool told = false;        ///< The application, of the sender.
  bool dialed = false;      ///< We are to open the session.
  bool credit_due = false;  ///< Stands among the credits of its link.
  Duration pause{};         ///< After it was refused last; zero since it was open.
  Exchanged account;        ///< Not told yet.

  [[nodiscard]] bool was_open() const { return publisher_epoch != 0; }
  /// Whether it counts on a session: the node's is needed as long.
  [[nodiscard]] bool needs_session() const {
    return state != State::asking && state != State::refused;
  }
  [[nodiscard]] bool waits_to_be_dialed() const { return needs_session() && !dialed; }
};

/// Payloads one after the other that the application has, and has not acknowledged.
struct Unacknowledged {
  ChannelNumber channel{};
  bool is_local = false;         ///< Of one of our own publishers.
  std::uint64_t beginnings = 0;  ///< Of the channel when they came.
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] std::uint64_t end() const { return first + count; }
  [[nodiscard]] bool is_followed_by(const Unacknowledged& other) const {
    return channel == other.channel && is_local == other.is_local &&
           beginnings == other.beginnings && end() == other.first;
  }
  /// At most `most` of them; bytes are shared out evenly, and come out right in the end.
  [[nodiscard]] Unacknowledged first_of(std::uint64_t most) const {
    Unacknowledged part = *this;
    part.count = std::min(count, most);
    part.bytes = part.count == count ? bytes : bytes / count * part.count;
    return part;
  }
  /// @pre `part` is `first_of` this
  [[nodiscard]] Unacknowledged without(const Unacknowledged& part) const {
    Unacknowledged rest = *this;
    rest.first += part.count;
    rest.count -= part.count;
    rest.bytes -= part.bytes;
    return rest;
  }
};

struct Subscription {
  SubscriptionId id{};
  IntentToken intent;
  std::uint64_t epoch = 0;
  SubscribeOptions options;
  std::deque<Unacknowledged> unacknowledged{};  ///< The oldest first.
  std::map<IntentKey, ChannelNumber> channels{};
};

/// The subscriptions of a node and the receivers' ends of their channels.  A part of `Exchange`,
/// which says what its methods mean.
class ReceivingSide {
 public:
  /// Data that may be handed to the application.
  struct Arrival {
    ReceivingChannel* channel = nullptr;
    std::uint64_t known = 0;  ///< How many of the first payloads were delivered before.
  };

  /// All references outlive this.
  ReceivingSide(const ExchangeConfig& config, Random& random, Links& links, SessionNeeds& needs)
      : config_(config), random_(random), links_(links), needs_(needs) {}

  void add(SubscriptionId id, const IntentToken& intent, const SubscribeOptions& options);
  void remove(SubscriptionId id);
  void set_intent(SubscriptionId id, const IntentToken& intent);

  void on_matched(SubscriptionId id, const PeerIntent& peer, Instant now);
  void on_unmatched(SubscriptionId id, const IntentKey& peer);
  void on_verdict(ExchangeQuestion question, bool yes, Instant now);
  void on_session_open(Link& link);
  void on_session_lost(const Link& link, Instant now);
  [[nodiscard]] Result<void> on_accept(Link& link, const AcceptMessage& accept, Instant now);
  [[nodiscard]] Result<void> on_refuse(Link& link, const RefuseMessage& refuse, Instant now);
  /// A channel in the answer, if there is anything to hand over.
  [[nodiscard]] Result<Arrival> on_data(Link& link, const DataMessage& data, Instant now);
  /// So many payloads of the channel were handed over; more were not, or all.
  void on_delivered(ChannelNumber channel, std::uint64_t count, std::uint64_t bytes);
  /// The same of one of our own publishers, which hears of it by `acknowledge`.
  void on_delivered_local(SubscriptionId id, const Unacknowledged& payloads);
  /// Takes from what is not acknowledged up to `count` payloads that stand together; less than that
  /// means that there are no more there.  Nothing if there are none.
  [[nodiscard]] std::optional<Unacknowledged> take(SubscriptionId id, std::uint64_t count);
  /// They are settled.
  void settle(const Unacknowledged& payloads);
  [[nodiscard]] Result<void> on_expired(Link& link, const ExpiredMessage& expired);
  [[nodiscard]] Result<void> on_close(Link& link, ChannelNumber number, Instant now);
  void on_deadline(Instant now);

  [[nodiscard]] std::optional<ExchangeOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return timers_.next(); }

  /// Sends what opens or credits a channel; how long it was.
  /// @pre !link.opens.empty() || !link.credits.empty()
  [[nodiscard]] Result<std::size_t> send_next(Link& link, MessageSink sink);

  [[nodiscard]] const Subscription* find(SubscriptionId id) const;
  /// Those of our subscriptions that are about `subject`.
  [[nodiscard]] std::vector<SubscriptionId> subscriptions_to(const Fingerprint& subject) const;
  [[nodiscard]] std::size_t senders(SubscriptionId id) const;
  [[nodiscard]] bool waits_for(ExchangeQuestion question) const;
  void sanity_check() const;

 private:
  enum class Task : std::uint8_t { patience, again, account };
  struct Timer {
    Task task{};
    ChannelNumber channel{};

    friend auto operator<=>(const Timer&, const Timer&) = default;
  };

  /// Nothing if the subscription, or the sender's node, has too many.
  ReceivingChannel* create(Subscription& subscription, const PeerIntent& peer, Instant now);
  void ask(ReceivingChannel& channel);
  void open(ReceivingChannel& channel, Link& link);
  void suspend(ReceivingChannel& channel, Instant now);
  void take_leave(ReceivingChannel& channel);
  void pause(ReceivingChannel& channel, Duration least, Instant now);
  [[nodiscard]] Result<void> take_back(ReceivingChannel& channel, Link& link,
                                       const AcceptMessage& accept, Instant now);
  void end(ReceivingChannel& channel);
  void tell_unmatched(ReceivingChannel& channel);
  void end_if_hopeless(ReceivingChannel& channel, Instant now);
  [[nodiscard]] Result<void> check_acceptance(ReceivingChannel& channel, const Link& link,
                                              const AcceptMessage& accept, Instant now) const;
  void credit_is_due(ReceivingChannel& channel);
  [[nodiscard]] Bytes open_message(const ReceivingChannel& channel,
                                   const ReceivingWindow::Request& request) const;
  void wait_for_acknowledgement(Subscription& subscription, const Unacknowledged& payloads);
  void tell_account(ReceivingChannel& channel);
  [[nodiscard]] Result<ReceivingChannel*> channel_of(const Link& link, ChannelNumber number,
                                                     ReceivingChannel::State state) const;

  const ExchangeConfig& config_;
  Random& random_;
  Links& links_;
  SessionNeeds& needs_;
  std::map<SubscriptionId, Subscription> subscriptions_;
  std::set<std::pair<Fingerprint, SubscriptionId>> by_subject_;
  ChannelTable<ReceivingChannel> channels_;
  std::map<Fingerprint, std::set<ChannelNumber>> by_node_;
  DeadlineQueue<Timer> timers_;
  Bytes buffer_;
  std::deque<ExchangeOutput> outputs_;
};

}  // namespace kith::overlay
