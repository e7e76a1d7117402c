#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/exchange/exchange_config.hpp"
#include "overlay/exchange/exchange_output.hpp"
#include "overlay/exchange/ledger.hpp"
#include "overlay/exchange/links.hpp"
#include "overlay/exchange/message_sink.hpp"
#include "overlay/exchange/payloads.hpp"
#include "overlay/exchange/receiving_side.hpp"
#include "overlay/exchange/sending_side.hpp"
#include "overlay/exchange/session_needs.hpp"
#include "tokens/intent_token.hpp"

namespace kith::overlay {

/// Delivery between matched nodes (docs/protocol.md §9): the publishers and subscriptions of one
/// node, and their channels with those of others.  What is accepted by `publish` reaches every
/// receiver matched by then once, in order, or is reported expired.
///
///     receiver                                     sender
///     on_matched, policy: yes, session
///          open ------------------------------------> tokens, policy
///               <----------------------------------- accept | refuse
///     SubscriptionMatched                             PublisherMatched
///               <----------------------------------- data, expired
///        credit ------------------------------------>
///       (close) <-----------------------------------> (close)
///
/// The receiver grants credit, the sender never goes beyond it.  A channel outlives its session:
/// the receiver opens it again and says what it waits for, and the sender goes on from there.
///
/// One command or input, then drain `poll_output`.  Publishers and subscriptions of this very node
/// are matched here, as soon as both are there, without a session.
class Exchange {
 public:
  /// `random` must outlive this.
  Exchange(const ExchangeConfig& config, Random& random);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() = default;

  // Commands.

  /// `intent` is our own token for it.  `Errc::limit_reached` if there is a publisher with its key:
  /// a sender is one to its receivers, so whoever shares a subject shares the publisher.
  [[nodiscard]] Result<void> add_publisher(PublisherId publisher, const IntentToken& intent,
                                           const PublishOptions& options);
  /// Closes its channels; what is not acknowledged counts as refused.  Wait for `PublisherDrained`
  /// first if it matters.
  void remove_publisher(PublisherId publisher);
  void add_subscription(SubscriptionId subscription, const IntentToken& intent,
                        const SubscribeOptions& options);
  /// Closes its channels.  What was polled of it by now is delivered, and its senders hear so;
  /// where the application acknowledges, what it has acknowledged.
  void remove_subscription(SubscriptionId subscription);
  /// The same, and the payload polled last found nobody: it is not delivered.
  /// @pre that was the last output, and of this subscription
  void decline(SubscriptionId subscription);
  /// The application has done with `count` further payloads of a subscription that it acknowledges
  /// itself, in the order in which they were polled.  What is beyond those polled is not counted.
  void acknowledge(SubscriptionId subscription, std::uint64_t count);
  /// Our intent was renewed: the same key, a later token.
  void set_intent(PublisherId publisher, const IntentToken& intent);
  void set_intent(SubscriptionId subscription, const IntentToken& intent);
  /// How others can reach us from now on; decides who dials.
  void set_reachability(Reachability reachability);

  /// Accepts `payload` for every receiver matched by now.  `Errc::would_block` when the queue is
  /// full (`PublisherWritable` follows); `Errc::too_long` over `kPayloadBytesMax` or what the
  /// queue can ever hold; `Errc::not_found`.  Does not allocate but for a block of many payloads.
  [[nodiscard]] Result<void> publish(PublisherId publisher, ByteView payload, Instant now);

  // Inputs.

  /// Coordinators name a peer for our publisher or subscription, or a later token of one named
  /// before.  Our own node is passed over.  @pre `peer` was verified.
  void on_matched(PublisherId publisher, const PeerIntent& peer);
  void on_matched(SubscriptionId subscription, const PeerIntent& peer, Instant now);
  /// The peer's intent is over.  An open channel goes on until its peer closes it or its session
  /// is lost: a coordinator cannot cut it.
  void on_unmatched(PublisherId publisher, const IntentKey& peer);
  void on_unmatched(SubscriptionId subscription, const IntentKey& peer);

  /// The answer to an `Ask`; late and unknown ones are ignored.
  void on_verdict(ExchangeQuestion question, bool yes, Instant now);

  /// A session with `node` is open; the number names it until `on_session_lost`.  A session with
  /// that node from before counts as lost.
  [[nodiscard]] PeerIndex on_session_open(const Fingerprint& node, Instant now);
  void on_session_lost(PeerIndex peer, Instant now);

  /// A message of kind `channel_…`.  `message` must stay valid until the outputs are drained.  An
  /// error is a fault of the peer: close its session.  @pre all outputs are drained
  [[nodiscard]] Result<void> on_message(PeerIndex peer, ByteView message, Instant now);

  /// To be called at or after `next_deadline`.
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<ExchangeOutput> poll_output(Instant now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  /// Hands what waits for `peer` to `sink`: control first, then data of its channels in turn, until
  /// about `budget` bytes are handed over (the last message may exceed it).  Whether more waits.
  bool fill(PeerIndex peer, std::size_t budget, MessageSink sink, Instant now);

  // Getters.

  [[nodiscard]] PublisherInfo publisher(PublisherId publisher) const;
  [[nodiscard]] Ledger ledger(PublisherId publisher) const;
  /// How many senders a subscription receives from.
  [[nodiscard]] std::size_t senders(SubscriptionId subscription) const;
  /// Whether the answer to an `Ask` would be heard.
  [[nodiscard]] bool waits_for(ExchangeQuestion question) const;

  /// Ends the program if an invariant is broken: the ledgers among them.  For tests.
  void sanity_check() const;

 private:
  /// Payloads that `poll_output` yields one at a time.
  struct Delivery {
    PayloadCursor payloads;
    ChannelNumber channel{};
    std::optional<PeerIndex> from;  ///< Nothing: one of our own publishers.
    SubscriptionId subscription{};
    Fingerprint sender;
    std::uint64_t first =
        0;  ///< Of one of our own publishers: the sequence of what is booked next.
    std::uint64_t delivered = 0;  ///< And not booked.
    std::uint64_t bytes = 0;      ///< Of those, with their lengths.
  };

  [[nodiscard]] std::optional<ExchangeOutput> poll_event();
  [[nodiscard]] Delivered next_payload();
  /// Settles a delivery that is over, or cuts it short: what is left of it comes again.
  void finish_delivery();
  /// Books what was polled of the delivery that goes on.
  void book_delivery();
  void match_own(SubscriptionId subscription);
  [[nodiscard]] Result<void> on_data(Link& link, const DataMessage& data, Instant now);
  [[nodiscard]] Result<std::size_t> send_one(Link& link, MessageSink sink, Instant now);

  ExchangeConfig config_;
  Links links_;
  SessionNeeds needs_;
  SendingSide sending_;
  ReceivingSide receiving_;
  std::optional<Delivery> delivery_;
};

}  // namespace kith::overlay
