#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/exchange/channel_table.hpp"
#include "overlay/exchange/exchange_config.hpp"
#include "overlay/exchange/links.hpp"
#include "overlay/exchange/message_sink.hpp"
#include "overlay/exchange/publisher.hpp"
#include "overlay/exchange/session_needs.hpp"

namespace kith::overlay {

struct Subscription;

/// The publishers of a node and the senders' ends of their channels.  A part of `Exchange`, which
/// says what its methods mean.
class SendingSide {
 public:
  /// A run of payloads for one of our own subscriptions.
  struct LocalBatch {
    ChannelNumber channel{};
    SubscriptionId subscription{};
    Fingerprint sender;  ///< The publisher's identity.
    std::uint64_t first = 0;
    ByteView payloads;
  };

  /// All references outlive this.
  SendingSide(const ExchangeConfig& config, Random& random, Links& links, SessionNeeds& needs)
      : config_(config), random_(random), links_(links), needs_(needs) {}

  [[nodiscard]] Result<void> add(PublisherId id, const IntentToken& intent,
                                 const PublishOptions& options);
  void remove(PublisherId id);
  void set_intent(PublisherId id, const IntentToken& intent);
  [[nodiscard]] Result<void> publish(PublisherId id, ByteView payload, Instant now);

  void on_matched(PublisherId id, const PeerIntent& peer);
  void on_unmatched(PublisherId id, const IntentKey& peer);
  void on_verdict(ExchangeQuestion question, bool yes);
  void on_session_lost(const Link& link, Instant now);
  [[nodiscard]] Result<void> on_open(Link& link, const OpenMessage& open, Instant now);
  [[nodiscard]] Result<void> on_credit(Link& link, const CreditMessage& credit);
  [[nodiscard]] Result<void> on_close(Link& link, ChannelNumber number);
  void on_deadline(Instant now);

  [[nodiscard]] std::optional<ExchangeOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return timers_.next(); }

  /// Sends one message of the first ready channel of `link`; how long it is.
  /// @pre !link.ready.empty()
  [[nodiscard]] Result<std::size_t> send_next(Link& link, MessageSink sink, Instant now);

  // Channels within the node.

  /// Publishers whose receivers the holder of `intent` may be one of.
  [[nodiscard]] std::vector<PublisherId> publishers_for(const IntentToken& intent) const;
  void open_local(PublisherId publisher, const Subscription& subscription);
  void close_local(SubscriptionId subscription, std::uint64_t epoch, const Fingerprint& subject);
  [[nodiscard]] std::optional<LocalBatch> next_local(Instant now);
  /// What lies below `next` was handed over, and nothing else of the batch.
  void finish_local(ChannelNumber channel, std::uint64_t next);
  /// What lies below `end` is delivered.  @pre it was handed over
  void acknowledge_local(ChannelNumber channel, std::uint64_t end);

  [[nodiscard]] std::size_t local_senders(SubscriptionId subscription) const;

  [[nodiscard]] const Publisher& publisher(PublisherId id) const;
  [[nodiscard]] bool waits_for(ExchangeQuestion question) const {
    return openings_.contains(question);
  }
  void sanity_check() const;

 private:
  /// A channel that the policy is asked about.
  struct Opening {
    PeerIndex link{};
    IntentKey publisher;
    ReceiverKey receiver;
    Fingerprint identity;
    OpenMessage wish;  ///< Without its token.
  };

  enum class Task : std::uint8_t { expiry, resume, account, hold_up };
  struct Timer {
    Task task{};
    std::uint64_t of = 0;

    friend auto operator<=>(const Timer&, const Timer&) = default;
  };

  [[nodiscard]] Publisher* find(PublisherId id) const;
  [[nodiscard]] Publisher* find(const IntentKey& key) const;

  // sending_opening.cpp
  [[nodiscard]] std::optional<RefuseReason> objection(const Link& link, const Opening& opening,
                                                      const IntentToken& intent) const;
  [[nodiscard]] bool has_room(const Publisher& publisher, const ReceiverKey& receiver) const;
  [[nodiscard]] Result<void> check_existing(const Opening& opening) const;
  void ask(Link& link, const Opening& opening, const IntentToken& intent);
  void accept(Link& link, const Opening& opening);
  SendingChannel& resume_or_create(Publisher& publisher, const Opening& opening);
  SendingChannel& create(Publisher& publisher, const ReceiverKey& receiver,
                         const Fingerprint& identity);

  // sending_settlement.cpp
  enum class Fate : std::uint8_t { expired, refused };
  void end(SendingChannel& channel, Fate fate);
  void settle(SendingChannel& channel, const SendingWindow::Settled& settled, std::uint64_t before);
  void tell_expired(const SendingChannel& channel, std::uint64_t count);
  void trim_log(Publisher& publisher);
  void skip_expired(SendingChannel& channel);
  void after_settling(Publisher& publisher);
  void expire(Publisher& publisher, Instant now);
  void arm_expiry(Publisher& publisher);
  void tell_account(SendingChannel& channel);

  // sending_laggards.cpp
  [[nodiscard]] Result<void> append(Publisher& publisher, ByteView payload, Instant now);
  void on_hold_up(Publisher& publisher, Instant now);
  void leave_behind(Publisher& publisher, Instant now);
  void look_back(Publisher& publisher);
  void welcome_back(SendingChannel& channel);

  void schedule(SendingChannel& channel);
  void count_sent(SendingChannel& channel, const PublisherLog::Batch& batch, Instant now);
  [[nodiscard]] Result<SendingChannel*> channel_of(const Link& link, ChannelNumber number) const;

  const ExchangeConfig& config_;
  Random& random_;
  Links& links_;
  SessionNeeds& needs_;
  std::map<PublisherId, std::unique_ptr<Publisher>> publishers_;
  std::map<IntentKey, Publisher*> by_key_;
  ChannelTable<SendingChannel> channels_;
  std::map<Fingerprint, std::set<ChannelNumber>> by_node_;  ///< Those to other nodes.
  std::map<ExchangeQuestion, Opening> openings_;
  std::uint64_t questions_ = 0;
  std::deque<ChannelNumber> local_ready_;
  DeadlineQueue<Timer> timers_;
  Bytes header_;
  std::deque<ExchangeOutput> outputs_;
};

}  // namespace kith::overlay
