#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/coordinator/coordinator.hpp"
#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {

/// What was pushed to a node, read.
struct Pushed {
  Fingerprint to;
  Relays relays;
  std::vector<PeerIntent> intents;
  std::vector<IntentEnd> ends;
  std::size_t bytes = 0;
};

/// What was sent to a peer, read.
struct Sent {
  Fingerprint peer;
  Bytes message;
  std::optional<ReplicateMessage> replicate;
  std::optional<ReplicatedMessage> replicated;
};

/// One coordinator, and everything it says.  Time stands still unless `wait` is called.
class Desk {
 public:
  explicit Desk(Random& random, CoordinatorConfig config = {});

  DeclaredMessage declare(const PeerIntent& peer, std::uint64_t known = 0);
  DeclaredMessage declare_bytes(ByteView payload);
  /// The same, where the answer may come later; `by` brings it.
  void submit(const PeerIntent& peer, const std::optional<Fingerprint>& by = {});
  DeclaredMessage withdraw(const Withdrawal& withdrawal);
  void receive(const Fingerprint& from, ByteView message);
  /// A region peer hands over what it holds.
  void replicate(const Fingerprint& from, const PeerIntent& peer, Duration age = {});
  void replicate(const Fingerprint& from, const Withdrawal& withdrawal, Duration age = {});
  void summarise(const Fingerprint& from, const Fingerprint& subject, std::uint64_t digest);
  void acknowledge(const Sent& sent, std::vector<Fingerprint> wanted = {});
  void region_changed();

  /// Lets time pass, and everything happen that is due meanwhile.
  void wait(Duration span);
  /// One call of `on_deadline`, now.
  void step();

  /// What was said since the last call.
  std::vector<Pushed> take_pushed();
  std::vector<Sent> take_sent();

  Instant now = kStart;
  /// What every question is answered with at once; nothing: the test answers.
  std::optional<Verdict> policy = Verdict::yes;
  std::vector<Coordinator::Ask> asked;
  /// What came in answer to declares and withdrawals, in order.
  std::vector<DeclaredMessage> take_answers();
  Actor self;
  Neighbours neighbours;
  Coordinator coordinator;

 private:
  DeclaredMessage answered();
  void drain();

  std::vector<Bytes> answers_;
  std::vector<Pushed> pushed_;
  std::vector<Sent> sent_;
  std::uint64_t next_number_ = 1;
};

/// A coordinator of `subject`, and three nodes that use it.
struct AtADesk : testing::Test {
  PeerIntent sends(const Actor& who, Actor::Wish wish = {}) const {
    wish.role = IntentRole::send;
    return receives(who, wish);
  }
  PeerIntent receives(const Actor& who, Actor::Wish wish = {}) const {
    wish.subject = subject;
    return who.peer_intent(wish);
  }

  SeededRandom random{3};
  Desk desk{random};
  Actor ada{random};
  Actor bob{random};
  Actor cyd{random, true};
  Fingerprint subject = random_fingerprint(random);
};

/// The intents that `node` was told of, as their keys.
[[nodiscard]] std::vector<IntentKey> told_to(const std::vector<Pushed>& pushed,
                                             const Fingerprint& node);
/// The intents that `node` was told the end of.
[[nodiscard]] std::vector<IntentKey> ended_to(const std::vector<Pushed>& pushed,
                                              const Fingerprint& node);
/// The nodes to which records of `key` were sent.
[[nodiscard]] std::vector<Fingerprint> replicas_of(const std::vector<Sent>& sent,
                                                   const IntentKey& key);

}  // namespace kith::overlay::test
