#include <kith/contacts.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <kith/asio.hpp>

#include "overlay/asio/keys.hpp"
#include "overlay/store/store.hpp"
#include "tests/overlay/asio/support.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// Two nodes that know nothing of each other, each with a store.
struct ContactsTest : testing::Test {
  std::string folder = testing::TempDir() + "kith-contacts-" + std::to_string(::getpid()) + "-" +
                       testing::UnitTest::GetInstance()->current_test_info()->name();
  NodeKeys here_keys = NodeKeys::generate();
  NodeKeys there_keys = NodeKeys::generate();

  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Node node(const NodeKeys& keys, const std::string& name, const std::string& port = "0") {
    NodeConfig config;
    config.listen = {"tcp://127.0.0.1:" + port};
    config.keys = keys;
    config.store = folder + "/" + name;
    return Node(std::move(config));
  }

  /// The first of them, in an overlay that it enters through `entrance`; `heard` is what it logs.
  Node here_joining(std::vector<std::string> entrance, Heard& heard) {
    NodeConfig config = on_loopback(std::move(entrance));
    config.keys = here_keys;
    config.store = folder + "/here";
    config.log = [&heard](LogLevel, std::string_view line) { heard.add(std::string(line)); };
    return Node(std::move(config));
  }
};

TEST_F(ContactsTest, BecomeSoByATicketOnce) {
  Node here = node(here_keys, "here");
  Node there = node(there_keys, "there");
  const auto ticket = here.contacts().issue_ticket({}, 5s);
  ASSERT_TRUE(ticket.has_value()) << describe(ticket.error());
  EXPECT_TRUE(ticket->starts_with("kith-ticket:"));
  const auto id = there.contacts().redeem(*ticket, {}, 10s);
  ASSERT_TRUE(id.has_value()) << describe(id.error());

  const auto ours = here.contacts().list(5s).value();
  ASSERT_EQ(ours.size(), 1U);
  EXPECT_EQ(ours[0].id, *id);
  EXPECT_EQ(ours[0].node, there.id());
  const auto theirs = there.contacts().list(5s).value();
  ASSERT_EQ(theirs.size(), 1U);
  EXPECT_EQ(theirs[0].node, here.id());

  const auto tickets = here.contacts().tickets(5s).value();
  ASSERT_EQ(tickets.size(), 1U);
  EXPECT_EQ(tickets[0].used_by, there.id());
  EXPECT_FALSE(there.contacts().redeem(*ticket, {}, 5s).has_value());
}

TEST_F(ContactsTest, AreTakenWhatTheySay) {
  Node here = node(here_keys, "here");
  Node there = node(there_keys, "there");
  std::atomic<int> taken = 0;
  std::string text;
  here.contacts().on_message([&](const ContactMessage& message) {
    text = as_text(message.payload);
    ++taken;
  });
  const auto id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s);
  ASSERT_TRUE(id.has_value());
  const auto sent = there.contacts().send(*id, as_bytes("hello"), 10s);
  ASSERT_TRUE(sent.has_value()) << describe(sent.error());
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(text, "hello");
}

TEST_F(ContactsTest, AreNotToldThatSomebodyTookWhatACallbackFailedOn) {
  Node here = node(here_keys, "here");
  Node there = node(there_keys, "there");
  Flag called;
  here.contacts().on_message([&](const ContactMessage&) {
    called.raise();
    throw std::runtime_error("out of order");
  });
  const auto id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s);
  ASSERT_TRUE(id.has_value());
  Result<void> sent;
  std::jthread sending([&] { sent = there.contacts().send(*id, as_bytes("hello"), kPatience); });
  ASSERT_TRUE(called.wait());
  // The sender waits until there is nobody left who could take it.
  here.stop();
  sending.join();
  EXPECT_FALSE(sent.has_value());
}

/// Not even the name is looked up that the ticket leads to.
TEST_F(ContactsTest, CannotBeWaitedForInACallback) {
  Node here = node(here_keys, "here");
  Node there = node(there_keys, "there");
  const auto nowhere =
      there.contacts().issue_ticket({.address = "nowhere.invalid:3141"}, 5s).value();
  std::optional<Errc> inside;
  here.contacts().on_message(
      [&](const ContactMessage&) { inside = here.contacts().redeem(nowhere, {}, 10s).error(); });
  const auto id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s);
  ASSERT_TRUE(id.has_value());
  EXPECT_TRUE(there.contacts().send(*id, as_bytes("hello"), 10s).has_value());
  EXPECT_EQ(inside, Errc::would_block);
}

TEST_F(ContactsTest, AreStillThereAfterARestart) {
  Uuid id{};
  std::string port;
  {
    Node here = node(here_keys, "here");
    port = here.addresses().front().substr(here.addresses().front().rfind(':') + 1);
    Node there = node(there_keys, "there");
    id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s).value();
  }
  Node here = node(here_keys, "here", port);
  std::atomic<int> taken = 0;
  here.contacts().on_message([&](const ContactMessage&) { ++taken; });
  Node there = node(there_keys, "there");
  const auto sent = there.contacts().send(id, as_bytes("again"), 10s);
  ASSERT_TRUE(sent.has_value()) << describe(sent.error());
  EXPECT_EQ(taken, 1);
}

TEST_F(ContactsTest, AreOrphanedWhereTheirNodeHasOtherKeys) {
  Uuid id{};
  {
    Node here = node(here_keys, "here");
    Node there = node(there_keys, "there");
    id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s).value();
  }
  const auto expect_orphan = [&](NodeConfig config, const Fingerprint& other) {
    config.listen = {"tcp://127.0.0.1:0"};
    config.store = folder + "/here";
    Node here(std::move(config));
    const Contact contact = here.contacts().list(5s).value().at(0);
    EXPECT_TRUE(contact.is_orphaned);
    EXPECT_EQ(contact.node, other);
    EXPECT_EQ(contact.identity.is_zero(), other.is_zero());
    EXPECT_EQ(here.contacts().connect(id, 5s).error(), Errc::not_found);
    EXPECT_EQ(here.contacts().end(id, 5s).error(), Errc::not_found);
  };
  NodeConfig as_somebody_else;
  as_somebody_else.keys = here_keys;
  as_somebody_else.identity_seed = NodeKeys::generate().node_seed;
  expect_orphan(std::move(as_somebody_else), there_keys.node());
  expect_orphan({}, {});
  EXPECT_FALSE(node(here_keys, "here").contacts().list(5s).value().at(0).is_orphaned);
}

/// The way in may be gone by the next start: those that were peers are known by where they listen.
TEST_F(ContactsTest, AreNotNeededToFindTheOverlayAgain) {
  auto founder = std::make_unique<Node>(on_loopback());
  const std::vector<std::string> entrance = founder->addresses();
  Node other(on_loopback(entrance));
  ASSERT_TRUE(other.wait_until_ready(kPatience));
  {
    Heard heard;
    Node here = here_joining(entrance, heard);
    ASSERT_TRUE(here.wait_until_ready(kPatience));
    ASSERT_TRUE(heard.wait_for("joined " + other.id().abbreviated()));
  }
  founder.reset();
  Heard heard;
  Node here = here_joining(entrance, heard);
  EXPECT_TRUE(heard.wait_for("joined " + other.id().abbreviated()));
}

/// The founder may come back where nobody looks for it.
TEST_F(ContactsTest, AreNotNeededByAFounderToFindItsOverlayAgain) {
  std::unique_ptr<Node> member;
  {
    Heard heard;
    Node founder = here_joining({}, heard);
    member = std::make_unique<Node>(on_loopback(founder.addresses()));
    ASSERT_TRUE(heard.wait_for("joined " + member->id().abbreviated()));
  }
  {
    Heard heard;
    Node founder = here_joining({}, heard);
    EXPECT_TRUE(heard.wait_for("joined " + member->id().abbreviated()));
  }
  member.reset();
  Heard heard;
  Node founder = here_joining({}, heard);
  EXPECT_TRUE(founder.wait_until_ready(kPatience));
  EXPECT_TRUE(heard.wait_for("cannot join through "));
  EXPECT_FALSE(founder.status().join_failure);
}

/// Who answers where nobody was named is believed at the first time alone, restarts or not.
TEST_F(ContactsTest, HaveANodeRefuseAnotherOneWhereItMetOneBeforeItsRestart) {
  auto founder = std::make_unique<Node>(on_loopback());
  const std::string address = founder->addresses().front();
  const std::string where = address.substr(address.find('@') + 1);
  {
    Heard heard;
    Node here = here_joining({where}, heard);
    ASSERT_TRUE(here.wait_until_ready(kPatience));
  }
  const std::string met_first = founder->id().to_string();
  founder.reset();
  const Node other(on_loopback({}, "tcp://" + where));
  Heard heard;
  Node here = here_joining({where}, heard);
  EXPECT_TRUE(heard.wait_for("cannot join through " + where +
                             ": another node answers there than at first, " + met_first));
  EXPECT_FALSE(here.is_ready());
}

/// After a crash no dial is taken for a repetition, though the clock may be behind then.
TEST_F(ContactsTest, AreDialedAtATimeThatIsKeptWhileTheNodeRuns) {
  Node here = node(here_keys, "here");
  Uuid id{};
  {
    Node there = node(there_keys, "there");
    id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s).value();
  }
  overlay::Store store(folder + "/there");
  const WallTime before = store.own_time().value();
  boost::asio::io_context context;
  NodeConfig config = on_loopback();
  config.keys = there_keys;
  config.store = folder + "/there";
  Node there = make_node(context.get_executor(), std::move(config));
  std::optional<Result<void>> reached;
  async_connect(there.contacts(), id, kPatience, [&](Result<void> result) { reached = result; });
  const auto is_kept = [&] { return store.own_time().value_or(before) > before; };
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!is_kept() && std::chrono::steady_clock::now() < until) context.run_one_for(10ms);
  EXPECT_TRUE(is_kept());
  EXPECT_TRUE(reached && *reached);
  async_stop(there, boost::asio::detached);
  context.run();
}

TEST_F(ContactsTest, R62_AreThoseOfOneIdentityOfTheNode) {
  const NodeKeys ann = NodeKeys::generate();
  const Fingerprint strange = NodeKeys::generate().identity();
  const auto home = [&](bool with_ann, Heard& logged) {
    NodeConfig config = on_loopback();
    config.keys = here_keys;
    config.store = folder + "/here";
    if (with_ann) config.further_identity_seeds = {ann.node_seed};
    config.log = [&logged](LogLevel, std::string_view line) { logged.add(std::string(line)); };
    return Node(std::move(config));
  };
  {
    Heard heard;
    Heard logged;
    Node here = home(true, logged);
    Node there = node(there_keys, "there");
    here.contacts().on_message([&](const ContactMessage& message) {
      heard.add(message.own_identity.to_string() + " " + std::string(as_text(message.payload)));
    });
    EXPECT_EQ(here.contacts().issue_ticket({.identity = strange}, 5s).error(), Errc::not_found);
    const auto ticket = here.contacts().issue_ticket({.identity = ann.identity()}, 5s).value();
    EXPECT_EQ(here.contacts().tickets(5s)->front().own_identity, ann.identity());
    EXPECT_EQ(there.contacts().redeem(ticket, {.identity = strange}, 5s).error(), Errc::not_found);
    const auto key = overlay::signing_key(ann.node_seed).public_key;
    const auto id = there.contacts().redeem(ticket, {.partner = key}, 10s);
    ASSERT_TRUE(id.has_value()) << describe(id.error());
    EXPECT_EQ(there.contacts().list(5s)->front().identity, ann.identity());
    EXPECT_EQ(here.contacts().list(5s)->front().own_identity, ann.identity());
    ASSERT_TRUE(there.contacts().send(*id, as_bytes("hello"), 10s).has_value());
    EXPECT_TRUE(heard.wait_for(ann.identity().to_string() + " hello"));
  }
  Heard logged;
  const Node here = home(false, logged);
  EXPECT_TRUE(logged.wait_for("a relationship in the store is none of this node's: it is of " +
                              ann.identity().to_string() +
                              ", which is not one of its identities any more"));
}

TEST_F(ContactsTest, AreAWayIntoTheOverlayOfANodeThatAnswersNobodyElse) {
  for (const Profile profile : {Profile::acquainted, Profile::stealth}) {
    NodeConfig config = on_loopback();
    config.store = folder + "/shy" + std::to_string(static_cast<int>(profile));
    config.profile = profile;
    Node shy(std::move(config));
    {
      Node here = node(here_keys, "here");
      const auto ticket = shy.contacts().issue_ticket({}, kPatience).value();
      ASSERT_TRUE(here.contacts().redeem(ticket, {}, kPatience).has_value());
    }
    Heard heard;
    Node here = here_joining(shy.addresses(), heard);
    EXPECT_TRUE(here.wait_until_ready(kPatience));
    EXPECT_TRUE(heard.wait_for("joined " + shy.id().abbreviated()));
  }
}

TEST_F(ContactsTest, SayNothingOnceItIsOver) {
  Uuid id{};
  {
    Node here = node(here_keys, "here");
    Node there = node(there_keys, "there");
    id = there.contacts().redeem(here.contacts().issue_ticket({}, 5s).value(), {}, 10s).value();
    ASSERT_TRUE(here.contacts().end(id, 5s).has_value());
    EXPECT_TRUE(here.contacts().list(5s)->front().ended_at.has_value());
    EXPECT_EQ(here.contacts().send(id, as_bytes("no"), 5s).error(), Errc::closed);
  }
  Node here = node(here_keys, "here");
  EXPECT_EQ(here.contacts().send(id, as_bytes("no"), 5s).error(), Errc::closed);
}

TEST_F(ContactsTest, DoNotComeByARevokedTicket) {
  Node here = node(here_keys, "here");
  Node there = node(there_keys, "there");
  const std::string ticket = here.contacts().issue_ticket({}, 5s).value();
  const Fingerprint hash = here.contacts().tickets(5s).value().front().hash;
  ASSERT_TRUE(here.contacts().revoke_ticket(hash, 5s).has_value());
  EXPECT_EQ(here.contacts().revoke_ticket(hash, 5s).error(), Errc::not_found);
  EXPECT_FALSE(there.contacts().redeem(ticket, {}, 5s).has_value());
  EXPECT_TRUE(here.contacts().list(5s)->empty());
}

TEST_F(ContactsTest, NeedAStore) {
  NodeConfig config;
  config.listen = {"tcp://127.0.0.1:0"};
  Node node(std::move(config));
  EXPECT_EQ(node.contacts().issue_ticket({}, 5s).error(), Errc::not_found);
  EXPECT_EQ(node.contacts().list(5s).error(), Errc::not_found);
}

int races() {
  const char* wanted = std::getenv("KITH_TICKET_RACES");
  return wanted != nullptr ? std::atoi(wanted) : 20;
}

TEST_F(ContactsTest, OfTwoThatRedeemAtOnceOneWins) {
  Node here = node(here_keys, "here");
  Node there = node(there_keys, "there");
  Node third = node(NodeKeys::generate(), "third");
  for (int round = 0; round < races(); ++round) {
    const std::string ticket = here.contacts().issue_ticket({}, 5s).value();
    std::atomic<int> winners = 0;
    {
      std::jthread other([&] { winners += third.contacts().redeem(ticket, {}, 10s).has_value(); });
      winners += there.contacts().redeem(ticket, {}, 10s).has_value();
    }
    ASSERT_EQ(winners, 1) << "race " << round;
  }
  EXPECT_EQ(here.contacts().list(5s)->size(), static_cast<std::size_t>(races()));
}

TEST_F(ContactsTest, RefuseADamagedStore) {
  {
    Node here = node(here_keys, "here");
  }
  std::filesystem::resize_file(folder + "/here", 5'000);
  EXPECT_THROW((void)node(here_keys, "here"), StoreDamaged);
}

}  // namespace
}  // namespace kith::test
