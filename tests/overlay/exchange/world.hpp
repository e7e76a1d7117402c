#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/subject.hpp>

#include "overlay/exchange/exchange.hpp"
#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {

/// Checks from the outside, by what goes over the wire, that no sender goes beyond its credit.
class CreditWatch {
 public:
  void on_message(std::size_t from, std::size_t to, ByteView message);
  void on_session_lost(std::size_t a, std::size_t b);

 private:
  struct Window {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sent_bytes = 0;
    ChannelNumber sender_channel{};
  };
  struct Key {
    std::size_t sender;
    std::size_t receiver;
    ChannelNumber number;  ///< The receiver's.

    friend auto operator<=>(const Key&, const Key&) = default;
  };

  std::map<Key, OpenMessage> opens_;
  std::map<Key, Window> windows_;
};

/// One node: its exchange, and what came out of it.
struct TestNode {
  struct Received {
    Fingerprint sender;
    Bytes payload;
  };

  TestNode(Random& random, std::size_t index);

  std::size_t index;
  Actor actor;
  std::unique_ptr<Exchange> exchange;
  std::map<PublisherId, IntentToken> publishers;
  std::map<SubscriptionId, IntentToken> subscriptions;
  std::uint32_t ids = 0;

  std::map<SubscriptionId, std::vector<Received>> received;
  std::vector<ExchangeOutput> events;  ///< All but payloads, questions and wishes to write.
  std::deque<ExchangeQuestion> questions;
  std::set<PeerIndex> wants_write;
  std::optional<bool> verdict = true;  ///< Nothing: the test answers itself.

  /// How many events there are of one type.
  template <class Event>
  [[nodiscard]] std::size_t count() const {
    std::size_t found = 0;
    for (const ExchangeOutput& event : events) found += std::holds_alternative<Event>(event);
    return found;
  }
  [[nodiscard]] std::uint64_t expired() const;
  [[nodiscard]] std::vector<Bytes> payloads(SubscriptionId subscription) const;
};

/// Nodes whose sessions are queues of messages: nothing moves by itself.
class World {
 public:
  World(Random& random, std::size_t nodes);

  [[nodiscard]] TestNode& node(std::size_t index) { return nodes_[index]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] Instant now() const { return now_; }

  PublisherId advertise(std::size_t at, const PublishOptions& options = {},
                        std::string_view subject = "news");
  SubscriptionId subscribe(std::size_t at, const SubscribeOptions& options = {},
                           std::string_view subject = "news");
  /// As coordinators do: names the two to each other.
  void match(std::size_t at, PublisherId publisher, std::size_t to, SubscriptionId subscription);
  void unmatch(std::size_t at, PublisherId publisher, std::size_t to, SubscriptionId subscription);
  /// What a coordinator would say of it.
  [[nodiscard]] PeerIntent peer_intent(std::size_t at, const IntentToken& intent);

  [[nodiscard]] Result<void> publish(std::size_t at, PublisherId publisher, ByteView payload);
  [[nodiscard]] Result<void> publish(std::size_t at, PublisherId publisher, std::string_view text) {
    return publish(at, publisher, as_bytes(text));
  }

  void connect(std::size_t a, std::size_t b);
  /// What is under way is lost.
  void lose(std::size_t a, std::size_t b);
  [[nodiscard]] bool connected(std::size_t a, std::size_t b) const;
  [[nodiscard]] PeerIndex peer(std::size_t at, std::size_t of) const;

  /// Lets `from` write up to about `budget` bytes to `to`; whether more waits.
  bool fill(std::size_t from, std::size_t to, std::size_t budget = SIZE_MAX);
  /// Lets the first message that is under way arrive; whether there was one.
  bool deliver(std::size_t from, std::size_t to);
  /// Gives `to` a message as if `from` had sent it.
  Result<void> inject(std::size_t from, std::size_t to, ByteView message);
  /// Writes and delivers until nothing moves.
  void run();
  void advance(Duration span);
  void answer(std::size_t at, bool yes);
  void drain(std::size_t at);
  void sanity_check();

  /// Messages under way, those of `to` to be read.
  [[nodiscard]] std::deque<Bytes>& pipe(std::size_t from, std::size_t to) {
    return pipes_[{from, to}];
  }

 private:
  std::deque<TestNode> nodes_;
  std::map<std::pair<std::size_t, std::size_t>, PeerIndex> peers_;  ///< (at, of)
  std::map<std::pair<std::size_t, std::size_t>, std::deque<Bytes>> pipes_;
  CreditWatch watch_;
  Instant now_ = kStart;
};

}  // namespace kith::overlay::test
