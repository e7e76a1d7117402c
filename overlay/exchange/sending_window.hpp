#pragma once

#include <cstdint>
#include <deque>

#include <kith/result.hpp>

#include "overlay/exchange/messages.hpp"
#include "overlay/exchange/publisher_log.hpp"

namespace kith::overlay {

/// Where one receiver stands in the log of a publisher, and how far it lets us go.
///
///     acknowledged <= position <= sent <= end of the log
///
/// Nothing is sent at or beyond the credit.  Below `position` lies what was sent, and what expired
/// before it could be: gaps, each counted when it arises and left out when the receiver
/// acknowledges what follows.  One that never does has what it was sent longest ago, which the log
/// has forgotten as well, counted with the gaps around.  After a lost session `position` may stand
/// before what was sent then.
class SendingWindow {
 public:
  /// What is settled of messages that were under way.
  struct Settled {
    std::uint64_t delivered = 0;
    std::uint64_t expired = 0;
  };

  explicit SendingWindow(const PublisherLog::Position& first)
      : position_(first), acknowledged_(first.sequence), sent_(first.sequence) {}

  /// A session begins: the receiver grants so much from where we stand.
  void open(std::uint64_t messages, std::uint64_t bytes);

  /// How many messages are delivered by it.  `Errc::protocol_error` if it goes back or beyond what
  /// was ever sent.
  [[nodiscard]] Result<std::uint64_t> on_credit(const PublisherLog& log,
                                                const CreditMessage& credit);

  /// Whether the receiver may go on from `next` after a lost session.
  [[nodiscard]] bool can_resume(std::uint64_t next) const {
    return acknowledged_ <= next && next <= sent_;
  }
  /// The receiver waits for `next`: goes back there, or to what is left of the log.
  /// @pre can_resume(next)
  Settled resume(const PublisherLog& log, std::uint64_t next);

  /// Moves behind what the log has forgotten unsent; how many messages are expired by that.
  std::uint64_t skip_expired(const PublisherLog& log);
  /// Whether the receiver has to be told of `position` before any data.
  [[nodiscard]] bool has_gap_to_tell() const { return gap_to_tell_; }
  void on_gap_told() { gap_to_tell_ = false; }

  [[nodiscard]] bool may_send(const PublisherLog& log) const {
    return position_.sequence < log.end() && position_.sequence < credit_ && bytes_ < credit_bytes_;
  }
  /// @pre may_send(log) && position() >= log.begin()
  PublisherLog::Batch read(const PublisherLog& log);

  /// What is below `sequence` is delivered.  How many messages that are.
  std::uint64_t acknowledge(const PublisherLog& log, std::uint64_t sequence);
  /// What follows `sequence` was not handed over after all.  @pre log.begin() <= sequence
  void go_back(const PublisherLog& log, std::uint64_t sequence) { position_ = log.seek(sequence); }

  /// Whether anything was sent that is neither acknowledged nor expired.
  [[nodiscard]] bool has_unsettled() const;
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t position() const { return position_.sequence; }
  /// Whether the receiver ever said a word on this channel, so that it must know its publisher.
  [[nodiscard]] bool was_heard() const { return heard_; }
  /// How many messages are neither acknowledged nor expired.
  [[nodiscard]] std::uint64_t in_flight(const PublisherLog& log) const;

 private:
  struct Gap {
    std::uint64_t from;
    std::uint64_t to;
  };

  [[nodiscard]] std::uint64_t count_acknowledged(std::uint64_t sequence);
  [[nodiscard]] std::uint64_t join_oldest_gaps();

  PublisherLog::Position position_;
  std::uint64_t acknowledged_;
  std::uint64_t sent_;
  std::uint64_t credit_ = 0;
  std::uint64_t credit_bytes_ = 0;
  std::uint64_t bytes_ = 0;  ///< Sent since the session began.
  std::deque<Gap> gaps_;     ///< Ascending, between `acknowledged_` and `position_`.
  bool gap_to_tell_ = false;
  bool heard_ = false;
};

}  // namespace kith::overlay
