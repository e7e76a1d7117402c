// Nodes that find each other on loopback and exchange messages.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <kith/asio.hpp>
#include <kith/node.hpp>
#include <kith/subject.hpp>

#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

using namespace std::chrono_literals;
using test::Flag;
using test::Heard;
using test::into;
using test::kPatience;
using test::on_loopback;

/// Two nodes, one of which publishes to the other.
void expect_exchange(const std::string& listen) {
  Node founder(on_loopback({}, listen));
  Node joiner(on_loopback(founder.addresses(), listen));
  Heard heard;
  const auto subscription = joiner.subscribe("news/weather", into(heard));
  auto publisher = founder.publisher("news/weather");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("sunny"));
  ASSERT_TRUE(publisher.publish("cloudy"));
  ASSERT_TRUE(heard.wait_for(2));
  EXPECT_EQ(heard.all(), (std::vector<std::string>{"sunny", "cloudy"}));
}

TEST(Node, ExchangesMessagesOverIpv4) { expect_exchange(test::kAnyPortV4); }

TEST(Node, ExchangesMessagesOverIpv6) { expect_exchange(test::kAnyPortV6); }

TEST(Node, ReceivesWhatItPublishesItself) {
  Node node(on_loopback());
  Heard heard;
  const auto subscription = node.subscribe("echo", into(heard));
  auto publisher = node.publisher("echo");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("here"));
  ASSERT_TRUE(heard.wait_for(1));
}

TEST(Node, ReachesEverySubscriberThroughAThirdNode) {
  Node founder(on_loopback());
  Node sender(on_loopback(founder.addresses()));
  Node first(on_loopback(founder.addresses()));
  Node second(on_loopback(founder.addresses()));
  Heard matched;
  Heard heard_first;
  Heard heard_second;
  auto publisher = sender.publisher(
      "news", {.on_match = [&](const Match& match) { matched.add(match.node.to_string()); }});
  const auto subscription_first = first.subscribe("news", into(heard_first));
  const auto subscription_second = second.subscribe("news", into(heard_second));
  ASSERT_TRUE(matched.wait_for(2));
  ASSERT_TRUE(publisher.publish("to all"));
  EXPECT_TRUE(heard_first.wait_for(1));
  EXPECT_TRUE(heard_second.wait_for(1));
  ASSERT_TRUE(publisher.drain(kPatience));
  EXPECT_EQ(publisher.status().delivered, 2U);
  EXPECT_EQ(publisher.status().receivers, 2U);
}

TEST(Node, LetsClientsPublishAndSubscribe) {
  Node member(on_loopback());
  auto as_client = [&] {
    NodeConfig config = on_loopback(member.addresses());
    config.participation = Participation::client;
    return config;
  };
  Node sender(as_client());
  Node receiver(as_client());
  Heard heard;
  auto subscription = receiver.subscribe("news", into(heard));
  auto publisher = sender.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(subscription.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("from a client"));
  EXPECT_TRUE(heard.wait_for(1));
  EXPECT_EQ(member.status().clients, 2U);
}

TEST(Node, JoinsByName) {
  Node founder(on_loopback());
  const std::string address = founder.addresses().front();
  Node joiner(on_loopback({"tcp://localhost" + address.substr(address.rfind(':'))}));
  ASSERT_TRUE(joiner.wait_until_ready(kPatience));
  ASSERT_EQ(joiner.peers().size(), 1U);
  EXPECT_EQ(joiner.peers().front().node, founder.id());
  EXPECT_EQ(joiner.peers().front().endpoint, address.substr(address.find('@') + 1));
}

TEST(Node, IsNotReadyBeforeSomebodyAnswers) {
  Heard log;
  NodeConfig config = on_loopback({"tcp://127.0.0.1:1"});
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node node(std::move(config));
  EXPECT_TRUE(log.wait_for("cannot join through 127.0.0.1:1: connection refused"));
  EXPECT_EQ(node.status().join_failure, Errc::connection_refused);
  EXPECT_FALSE(node.is_ready());
  EXPECT_EQ(node.wait_until_ready(1ms).error(), Errc::timed_out);
}

TEST(Node, RefusesANodeThatIsNotTheOneNamed) {
  Node founder(on_loopback());
  const std::string address = founder.addresses().front();
  Heard log;
  NodeConfig config = on_loopback(
      {"kith://" + NodeKeys::generate().node().to_string() + address.substr(address.find('@'))});
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node node(std::move(config));
  EXPECT_TRUE(log.wait_for("cannot join"));
  EXPECT_FALSE(node.is_ready());
}

TEST(Node, RefusesAnotherNodeThanAtFirst) {
  auto founder = std::make_unique<Node>(on_loopback());
  const std::string address = founder->addresses().front();
  const std::string where = address.substr(address.find('@') + 1);
  Heard log;
  NodeConfig config = on_loopback({where});
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node node(std::move(config));
  ASSERT_TRUE(node.wait_until_ready(kPatience));
  founder.reset();
  const Node other(on_loopback({}, "tcp://" + where));
  EXPECT_TRUE(
      log.wait_for("cannot join through " + where + ": another node answers there than at first"));
}

TEST(Node, TracesTheWayToACoordinator) {
  Node founder(on_loopback());
  Node joiner(on_loopback(founder.addresses()));
  ASSERT_TRUE(joiner.wait_until_ready(kPatience));
  const auto trace = joiner.trace("news", kPatience);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->hops.front(), joiner.id());
  EXPECT_LE(trace->hops.size(), 2U);
}

TEST(Node, DeclaresToCoordinatorsThatItNames) {
  Node node(on_loopback());
  Heard holders;
  const auto subscription = node.subscribe(
      "news", [](const Message&) {}, {.on_declared = [&](const std::vector<Fingerprint>& nodes) {
        for (const Fingerprint& holder : nodes) holders.add(holder.to_string());
      }});
  ASSERT_TRUE(holders.wait_for(1));
  EXPECT_EQ(holders.all().front(), node.id().to_string());
}

TEST(Node, CountsAndLogsCallbacksThatThrow) {
  Heard log;
  NodeConfig config = on_loopback();
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node node(std::move(config));
  Heard heard;
  const auto subscription = node.subscribe("news", [&](const Message& message) {
    heard.add(std::string(message.text()));
    throw std::runtime_error("no more news");
  });
  auto publisher = node.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("one"));
  ASSERT_TRUE(publisher.publish("two"));
  EXPECT_TRUE(heard.wait_for(2));
  EXPECT_TRUE(log.wait_for("no more news"));
  ASSERT_TRUE(publisher.drain(kPatience));
  EXPECT_EQ(node.status().callback_failures, 2U);
}

TEST(Node, PublishesFromACallback) {
  Node node(on_loopback());
  Heard answers;
  auto answering = node.publisher("answers");
  const auto questions = node.subscribe("questions", [&](const Message& message) {
    EXPECT_TRUE(answering.publish("answer to " + std::string(message.text())));
    EXPECT_EQ(answering.drain(1s).error(), Errc::would_block);
  });
  const auto subscription = node.subscribe("answers", into(answers));
  auto asking = node.publisher("questions");
  ASSERT_TRUE(asking.wait_for_match(kPatience));
  ASSERT_TRUE(answering.wait_for_match(kPatience));
  ASSERT_TRUE(asking.publish("why"));
  ASSERT_TRUE(answers.wait_for(1));
  EXPECT_EQ(answers.all().front(), "answer to why");
}

TEST(Node, AcknowledgesWhatASubscriptionTookThatEndsInItsCallback) {
  Node sender(on_loopback());
  Node receiver(on_loopback(sender.addresses()));
  Flag is_kept;
  std::optional<Subscription> subscription;
  int taken = 0;
  subscription = receiver.subscribe("news", [&](const Message&) {
    if (++taken == 2 && is_kept.wait()) subscription.reset();
  });
  is_kept.raise();
  auto publisher = sender.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(publisher.publish("x"));
  ASSERT_TRUE(publisher.drain(kPatience));
  EXPECT_EQ(publisher.status().delivered, 2U);
  receiver.stop();
  EXPECT_EQ(taken, 2);
}

/// A subject that `near` coordinates rather than `far`.
std::string subject_coordinated_by(const Fingerprint& near, const Fingerprint& far) {
  for (int i = 0;; ++i) {
    std::string name = "news" + std::to_string(i);
    const Fingerprint subject = *subject_id({}, name);
    if (distance(subject, near) < distance(subject, far)) return name;
  }
}

/// A publisher that looks at nothing while its receiver takes a message and leaves the overlay, and
/// then writes to a connection that is closed.
class ReceiverGone : public testing::TestWithParam<bool> {
 protected:
  template <class Condition>
  bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < deadline) context_.run_one_for(10ms);
    return condition();
  }

  boost::asio::io_context context_;
  Node sender_ = make_node(context_.get_executor(), on_loopback());
};

TEST_P(ReceiverGone, HasSaidWhatItReceived) {
  std::optional<Node> receiver(on_loopback(sender_.addresses()));
  // Where the receiver coordinates, it has nobody to wait for before it leaves.
  const std::string subject = GetParam() ? subject_coordinated_by(receiver->id(), sender_.id())
                                         : subject_coordinated_by(sender_.id(), receiver->id());
  auto publisher = sender_.publisher(subject);
  Heard heard;
  Flag is_unwatched;
  const auto subscription = receiver->subscribe(subject, [&](const Message&) {
    heard.add("x");
    EXPECT_TRUE(is_unwatched.wait());
  });
  ASSERT_TRUE(run_until([&] { return publisher.status().receivers == 1; }));
  ASSERT_TRUE(publisher.try_publish("x"));
  ASSERT_TRUE(run_until([&] { return heard.wait_for(1, 0s); }));
  is_unwatched.raise();
  receiver.reset();
  const std::string long_text(500'000, 'y');
  for (int i = 0; i < 4; ++i) (void)publisher.try_publish(long_text);
  EXPECT_TRUE(run_until([&] { return publisher.status().receivers == 0; }));
  EXPECT_EQ(publisher.status().delivered, 1U);
}

INSTANTIATE_TEST_SUITE_P(Coordinator, ReceiverGone, testing::Bool());

/// Lets other threads deal with every answer.
class ThreadedPolicy final : public Policy {
 public:
  using Deal = std::function<void(Answer)>;
  ThreadedPolicy(std::vector<std::jthread>& threads, Deal deal)
      : threads_(threads), deal_(std::move(deal)) {}

  void authenticate(const Token&, Answer answer) override { later(std::move(answer)); }
  void authorize(const Token&, const Request&, Answer answer) override { later(std::move(answer)); }
  void account(const Exchanged&) override {}

 private:
  void later(Answer answer) {
    threads_.emplace_back(
        [this, answer = std::move(answer)]() mutable { deal_(std::move(answer)); });
  }

  std::vector<std::jthread>& threads_;
  Deal deal_;
};

TEST(Node, TakesTheAnswersOfItsPolicyFromAnyThread) {
  std::vector<std::jthread> threads;
  NodeConfig config = on_loopback();
  config.policy =
      std::make_unique<ThreadedPolicy>(threads, [](Answer answer) { answer(Verdict::yes); });
  Node founder(std::move(config));
  Node joiner(on_loopback(founder.addresses()));
  Heard heard;
  const auto subscription = joiner.subscribe("news", into(heard));
  auto publisher = founder.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("judged"));
  EXPECT_TRUE(heard.wait_for(1));
  founder.stop();
  EXPECT_FALSE(threads.empty());
  threads.clear();
}

/// Lets everybody join, and nobody use a subject.
class NoSubjectPolicy final : public Policy {
 public:
  void authenticate(const Token&, Answer answer) override { answer(Verdict::yes); }
  void authorize(const Token&, const Request& request, Answer answer) override {
    answer(std::holds_alternative<SubjectRequest>(request) ? Verdict::no : Verdict::yes);
  }
  void account(const Exchanged&) override {}
};

TEST(Node, TellsThatACoordinatorDoesNotAllowASubject) {
  NodeConfig config = on_loopback();
  config.policy = std::make_unique<NoSubjectPolicy>();
  Node coordinator(std::move(config));
  NodeConfig client = on_loopback(coordinator.addresses());
  client.participation = Participation::client;
  Node joiner(std::move(client));
  Heard refused;
  const auto tell = [&](Errc why) { refused.add(std::string(name(why))); };
  const auto subscription = joiner.subscribe("news", [](const Message&) {}, {.on_refused = tell});
  const auto publisher = joiner.publisher("weather", {.on_refused = tell});
  ASSERT_TRUE(refused.wait_for(2));
  EXPECT_EQ(refused.all()[0], "not_authorized");
  EXPECT_EQ(refused.all()[1], "not_authorized");
}

TEST(Node, TakesAnAnswerThatIsDroppedForNo) {
  std::vector<std::jthread> threads;
  NodeConfig config = on_loopback();
  config.policy = std::make_unique<ThreadedPolicy>(threads, [](Answer) {});
  Node founder(std::move(config));
  Heard log;
  NodeConfig stranger = on_loopback(founder.addresses());
  stranger.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node joiner(std::move(stranger));
  EXPECT_TRUE(log.wait_for("refused"));
  EXPECT_FALSE(joiner.is_ready());
  founder.stop();
  threads.clear();
}

}  // namespace
}  // namespace kith
