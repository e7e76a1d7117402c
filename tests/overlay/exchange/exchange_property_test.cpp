#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"
#include "tests/support/for_each_seed.hpp"

/// The law of the exchange: what was accepted reaches every receiver that was matched by then once,
/// in order, or is reported expired; whatever happens to sessions.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNodes = 3;
/// More than a queue holds windows of one message.
constexpr std::size_t kAcknowledgeTurns = 110;

/// Nodes that all send to and receive from each other, and themselves, while chance does to them
/// what it likes.
class Chaos {
 public:
  explicit Chaos(Random& random) : random_(random), world_(random, kNodes) {
    const bool hasty = random_.below(2) == 0;
    for (std::size_t i = 0; i < kNodes; ++i) {
      PublishOptions offer;
      offer.queue_messages = 1 + random_.below(100);
      offer.queue_bytes = 2'000 + random_.below(200'000);
      offer.time_to_live = hasty ? Duration(1'000 + random_.below(400'000)) : Duration(1h);
      publishers_.push_back(world_.advertise(i, offer));
      SubscribeOptions wish{.audience = {},
                            .credit = static_cast<std::uint32_t>(random_.below(40))};
      if (random_.below(2) == 0) wish.acknowledgement = Acknowledgement::application;
      acknowledgements_.push_back(wish.acknowledgement);
      subscriptions_.push_back(world_.subscribe(i, wish));
      if (random_.below(3) == 0) world_.node(i).verdict.reset();
    }
    for (std::size_t a = 0; a < kNodes; ++a)
      for (std::size_t b = 0; b < kNodes; ++b)
        world_.match(a, publishers_[a], b, subscriptions_[b]);
    note_events();
  }

  void step() {
    const std::size_t a = random_.below(kNodes);
    const std::size_t b = (a + 1 + random_.below(kNodes - 1)) % kNodes;
    const std::uint64_t what = random_.below(100);
    if (what < 35) {
      for (std::uint64_t left = 1 + random_.below(20); left > 0; --left) publish(a);
    } else if (what < 80) {
      if (world_.connected(a, b)) exchange_some(a, b);
    } else if (what < 88) {
      flip_session(a, b);
    } else if (what < 91) {
      world_.node(a).exchange->acknowledge(subscriptions_[a], random_.below(50));
    } else if (what < 95) {
      world_.advance(Duration(static_cast<std::int64_t>(random_.below(150'000))));
    } else if (!world_.node(a).questions.empty()) {
      world_.answer(a, true);
    }
    note_events();
    world_.sanity_check();
  }

  /// Everything comes right in the end.
  void heal() {
    for (std::size_t i = 0; i < kNodes; ++i) {
      world_.node(i).verdict = true;
      world_.drain(i);
    }
    for (std::size_t a = 0; a < kNodes; ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (!world_.connected(a, b)) world_.connect(a, b);
    // What waits for the application holds up what comes behind it, so that this takes turns.
    for (std::size_t turn = 0; turn < kAcknowledgeTurns; ++turn) {
      world_.run();
      for (std::size_t i = 0; i < kNodes; ++i) {
        world_.node(i).exchange->acknowledge(subscriptions_[i], kSequenceMax);
        world_.drain(i);
      }
    }
    world_.run();
    note_events();
    world_.sanity_check();
  }

  void check() {
    for (std::size_t a = 0; a < kNodes; ++a) {
      const Exchange& exchange = *world_.node(a).exchange;
      const Ledger ledger = exchange.ledger(publishers_[a]);
      EXPECT_EQ(ledger.in_flight(), 0U);
      EXPECT_EQ(ledger.refused, 0U);
      EXPECT_EQ(exchange.publisher(publishers_[a]).receivers, kNodes);
      EXPECT_EQ(exchange.publisher(publishers_[a]).queued_messages, 0U);
      for (std::size_t b = 0; b < kNodes; ++b) check_pair(a, b);
    }
  }

  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t expired() const { return expired_total_; }
  [[nodiscard]] std::uint64_t blocked() const { return blocked_; }

 private:
  /// The sender's place and a number that counts up.
  Bytes payload(std::size_t from) {
    constexpr std::size_t kSizes[] = {8, 8, 200, 20'000};
    Bytes bytes(3 + random_.below(kSizes[random_.below(std::size(kSizes))]));
    const std::uint32_t number = accepted_[from];
    bytes[0] = static_cast<Byte>(from);
    bytes[1] = static_cast<Byte>(number >> 8);
    bytes[2] = static_cast<Byte>(number);
    return bytes;
  }

  void publish(std::size_t from) {
    const Bytes bytes = payload(from);
    // Who is matched when it is accepted, not after its own delivery.
    const auto result = world_.node(from).exchange->publish(publishers_[from], bytes, world_.now());
    if (!result) {
      EXPECT_TRUE(result.error() == Errc::would_block || result.error() == Errc::too_long);
      ++blocked_;
    } else {
      for (std::size_t to : receivers_[from]) owed_[{from, to}].push_back(accepted_[from]);
      ++accepted_[from];
    }
    if (random_.below(2) == 0) world_.drain(from);
  }

  void exchange_some(std::size_t a, std::size_t b) {
    world_.drain(a);
    world_.drain(b);
    if (random_.below(2) == 0) (void)world_.fill(a, b, random_.below(100'000));
    for (std::uint64_t left = random_.below(6); left > 0; --left) (void)world_.deliver(a, b);
  }

  void flip_session(std::size_t a, std::size_t b) {
    world_.drain(a);
    world_.drain(b);
    if (world_.connected(a, b))
      world_.lose(a, b);
    else
      world_.connect(a, b);
  }

  void note_events() {
    for (std::size_t i = 0; i < kNodes; ++i) {
      world_.drain(i);
      const auto& events = world_.node(i).events;
      for (std::size_t& at = seen_[i]; at < events.size(); ++at) note(i, events[at]);
    }
  }

  void note(std::size_t at, const ExchangeOutput& event) {
    EXPECT_FALSE(std::holds_alternative<PublisherUnmatched>(event));
    EXPECT_FALSE(std::holds_alternative<SubscriptionUnmatched>(event));
    if (const auto* matched = std::get_if<PublisherMatched>(&event)) {
      EXPECT_TRUE(receivers_[at].insert(place_of(matched->node)).second);
    }
    if (const auto* expired = std::get_if<MessagesExpired>(&event)) {
      expired_[{at, place_of(expired->peer)}] += expired->count;
      expired_total_ += expired->count;
    }
  }

  std::size_t place_of(const Fingerprint& who) {
    for (std::size_t i = 0; i < kNodes; ++i)
      if (world_.node(i).actor.node == who || world_.node(i).actor.identity == who) return i;
    ADD_FAILURE();
    return 0;
  }

  void check_pair(std::size_t from, std::size_t to) {
    std::vector<std::uint32_t> got;
    for (const auto& message : world_.node(to).received[subscriptions_[to]]) {
      if (message.payload[0] != from) continue;
      EXPECT_EQ(message.sender, world_.node(from).actor.identity);
      got.push_back(message.payload[1] * 256U + message.payload[2]);
    }
    const auto& owed = owed_[{from, to}];
    const auto out_of_order = std::ranges::adjacent_find(got, std::greater_equal{});
    EXPECT_TRUE(out_of_order == got.end());
    EXPECT_TRUE(std::ranges::includes(owed, got));
    const std::uint64_t expired = expired_[{from, to}];
    // What the application has and does not acknowledge in time expires as well.
    if (acknowledgements_[to] == Acknowledgement::node) {
      EXPECT_EQ(got.size() + expired, owed.size()) << from << " to " << to;
    } else {
      EXPECT_GE(got.size() + expired, owed.size()) << from << " to " << to;
    }
    delivered_ += got.size();
  }

  using Pair = std::pair<std::size_t, std::size_t>;

  Random& random_;
  World world_;
  std::vector<PublisherId> publishers_;
  std::vector<SubscriptionId> subscriptions_;
  std::vector<Acknowledgement> acknowledgements_;
  std::map<std::size_t, std::size_t> seen_;
  std::map<std::size_t, std::set<std::size_t>> receivers_;
  std::map<std::size_t, std::uint32_t> accepted_;
  std::map<Pair, std::vector<std::uint32_t>> owed_;
  std::map<Pair, std::uint64_t> expired_;
  std::uint64_t delivered_ = 0;
  std::uint64_t expired_total_ = 0;
  std::uint64_t blocked_ = 0;
};

TEST(ExchangeLaw, DeliversOnceInOrderOrReportsExpired) {
  std::uint64_t delivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t blocked = 0;
  kith::test::for_each_seed(1'500, [&](Random& random) {
    Chaos chaos(random);
    const std::uint64_t steps = 20 + random.below(150);
    for (std::uint64_t i = 0; i < steps && !testing::Test::HasFailure(); ++i) chaos.step();
    chaos.heal();
    chaos.check();
    delivered += chaos.delivered();
    expired += chaos.expired();
    blocked += chaos.blocked();
  });
  // The chaos must be neither too kind nor too cruel to show anything.
  EXPECT_GT(delivered, 10'000U);
  EXPECT_GT(expired, 10'000U);
  EXPECT_GT(blocked, 10'000U);
}

/// Subscriptions and publishers that come and go as well: the ledgers balance throughout.
TEST(ExchangeLaw, KeepsTheLedgerWhoeverComesAndGoes) {
  kith::test::for_each_seed(500, [](Random& random) {
    World world(random, 2);
    std::vector<PublisherId> publishers;
    std::vector<SubscriptionId> subscriptions;
    const auto match_all = [&] {
      for (PublisherId publisher : publishers)
        for (SubscriptionId subscription : subscriptions)
          world.match(0, publisher, 1, subscription);
    };
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t what = random.below(12);
      if (what == 0 && publishers.empty()) {
        world.advance(1s);
        PublishOptions offer{.audience = {}, .time_to_live = 500ms, .queue_messages = 20};
        if (random.below(2) == 0) offer.resume_time = 5s;
        publishers.push_back(world.advertise(0, offer));
        match_all();
      } else if (what == 1 && subscriptions.size() < 3) {
        subscriptions.push_back(world.subscribe(1, {.audience = {}, .credit = 3}));
        match_all();
      } else if (what == 2 && !publishers.empty() && random.below(3) == 0) {
        world.node(0).exchange->remove_publisher(publishers.back());
        publishers.pop_back();
      } else if (what == 3 && !subscriptions.empty()) {
        const std::size_t at = random.below(subscriptions.size());
        world.node(1).exchange->remove_subscription(subscriptions[at]);
        subscriptions.erase(subscriptions.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (what == 4) {
        if (world.connected(0, 1))
          world.lose(0, 1);
        else
          world.connect(0, 1);
      } else if (what == 5) {
        world.advance(Duration(static_cast<std::int64_t>(random.below(20'000'000))));
      } else if (what < 9 && !publishers.empty()) {
        (void)world.publish(0, publishers[0], Bytes(random.below(3'000)));
      } else if (world.connected(0, 1)) {
        const std::size_t from = random.below(2);
        (void)world.fill(from, 1 - from, random.below(10'000));
        (void)world.deliver(from, 1 - from);
      }
      world.drain(0);
      world.drain(1);
      world.sanity_check();
    }
    for (SubscriptionId subscription : subscriptions)
      world.node(1).exchange->remove_subscription(subscription);
    world.drain(1);
    if (!world.connected(0, 1)) world.connect(0, 1);
    world.run();
    world.advance(kResumeTime + 1s);
    for (PublisherId publisher : publishers) {
      EXPECT_EQ(world.node(0).exchange->ledger(publisher).in_flight(), 0U);
      EXPECT_EQ(world.node(0).exchange->publisher(publisher).receivers, 0U);
    }
  });
}

}  // namespace
}  // namespace kith::overlay::test
