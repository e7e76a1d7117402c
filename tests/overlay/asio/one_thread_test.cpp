// What an application asks its nodes for on the only thread that there is, which runs them too.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <kith/asio.hpp>

#include "tests/overlay/asio/support.hpp"
#include "tests/support/bytes_of.hpp"

namespace kith::test {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using namespace std::chrono_literals;

std::string port_of(const Node& node) {
  const std::string address = node.addresses().front();
  return address.substr(address.rfind(':') + 1);
}

struct OnOneThread : testing::Test {
  Node start(NodeConfig config = on_loopback()) {
    return make_node(context.get_executor(), std::move(config));
  }

  /// Until nothing is left of it and of the nodes.  Throws what `session` throws.
  template <class Session>
  void run(Session session) {
    auto ended = asio::co_spawn(context, std::move(session), asio::use_future);
    context.run();
    ended.get();
  }

  asio::io_context context{1};
};

struct ContactsOnOneThread : OnOneThread {
  std::string folder = testing::TempDir() + "kith-one-thread-" + std::to_string(::getpid()) + "-" +
                       testing::UnitTest::GetInstance()->current_test_info()->name();
  const TicketOptions for_anybody;
  const RedeemOptions plainly;
  const Uuid nobody{};

  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Node keeping(const std::string& name) {
    NodeConfig config = on_loopback();
    config.store = folder + "/" + name;
    return start(std::move(config));
  }

  asio::awaitable<Uuid> relate(Contacts issuer, Contacts redeemer) const {
    const auto ticket = co_await async_issue_ticket(issuer, for_anybody, kPatience, use_awaitable);
    const auto id =
        co_await async_redeem(redeemer, ticket.value(), plainly, kPatience, use_awaitable);
    co_return id.value();
  }
};

TEST_F(ContactsOnOneThread, BecomeSoByATicket) {
  run([&]() -> asio::awaitable<void> {
    Node here = keeping("here");
    Node there = keeping("there");
    Contacts ours = here.contacts();
    Contacts theirs = there.contacts();
    const Uuid id = co_await relate(ours, theirs);
    const auto list = co_await async_list(theirs, kPatience, use_awaitable);
    EXPECT_EQ(list.value().at(0).id, id);
    EXPECT_EQ(list.value().at(0).node, here.id());
    const auto tickets = co_await async_tickets(ours, kPatience, use_awaitable);
    EXPECT_EQ(tickets.value().at(0).used_by, there.id());
    const auto nonsense =
        co_await async_redeem(theirs, "no ticket", plainly, kPatience, use_awaitable);
    EXPECT_EQ(nonsense.error(), Errc::bad_text);
  });
}

TEST_F(ContactsOnOneThread, AreFoundByName) {
  run([&]() -> asio::awaitable<void> {
    Node here = keeping("here");
    Node there = keeping("there");
    Contacts ours = here.contacts();
    Contacts theirs = there.contacts();
    TicketOptions named;
    named.address = "localhost:" + port_of(here);
    const auto ticket = co_await async_issue_ticket(ours, named, kPatience, use_awaitable);
    const auto id =
        co_await async_redeem(theirs, ticket.value(), plainly, kPatience, use_awaitable);
    EXPECT_TRUE(id);
  });
}

TEST_F(ContactsOnOneThread, AreTakenWhatTheySay) {
  std::vector<std::string> heard;
  run([&]() -> asio::awaitable<void> {
    Node here = keeping("here");
    Node there = keeping("there");
    Contacts ours = here.contacts();
    Contacts theirs = there.contacts();
    ours.on_message(
        [&](const ContactMessage& message) { heard.emplace_back(as_text(message.payload)); });
    const Uuid id = co_await relate(ours, theirs);
    const auto connected = co_await async_connect(theirs, id, kPatience, use_awaitable);
    EXPECT_TRUE(connected);
    const std::string text = "hello";
    const auto sent = co_await async_send(theirs, id, as_bytes(text), kPatience, use_awaitable);
    EXPECT_TRUE(sent);
    const auto alone = co_await async_connect(theirs, nobody, kPatience, use_awaitable);
    EXPECT_EQ(alone.error(), Errc::not_found);
    const auto unheard =
        co_await async_send(theirs, nobody, as_bytes(text), kPatience, use_awaitable);
    EXPECT_EQ(unheard.error(), Errc::not_found);
  });
  EXPECT_EQ(heard, std::vector<std::string>{"hello"});
}

TEST_F(ContactsOnOneThread, SayNothingOnceItIsOver) {
  run([&]() -> asio::awaitable<void> {
    Node here = keeping("here");
    Node there = keeping("there");
    Contacts ours = here.contacts();
    const Uuid id = co_await relate(ours, there.contacts());
    const auto ended = co_await async_end(ours, id, kPatience, use_awaitable);
    EXPECT_TRUE(ended);
    const std::string text = "hello";
    const auto sent = co_await async_send(ours, id, as_bytes(text), kPatience, use_awaitable);
    EXPECT_EQ(sent.error(), Errc::closed);
    const auto nothing = co_await async_end(ours, nobody, kPatience, use_awaitable);
    EXPECT_EQ(nothing.error(), Errc::not_found);
  });
}

TEST_F(ContactsOnOneThread, DoNotComeByARevokedTicket) {
  run([&]() -> asio::awaitable<void> {
    Node here = keeping("here");
    Contacts ours = here.contacts();
    const auto ticket = co_await async_issue_ticket(ours, for_anybody, kPatience, use_awaitable);
    EXPECT_TRUE(ticket);
    const auto tickets = co_await async_tickets(ours, kPatience, use_awaitable);
    const Fingerprint hash = tickets.value().at(0).hash;
    const auto revoked = co_await async_revoke_ticket(ours, hash, kPatience, use_awaitable);
    EXPECT_TRUE(revoked);
    const auto again = co_await async_revoke_ticket(ours, hash, kPatience, use_awaitable);
    EXPECT_EQ(again.error(), Errc::not_found);
  });
}

TEST_F(ContactsOnOneThread, NeedAStore) {
  run([&]() -> asio::awaitable<void> {
    Node node = start();
    Contacts none = node.contacts();
    const auto ticket = co_await async_issue_ticket(none, for_anybody, kPatience, use_awaitable);
    EXPECT_EQ(ticket.error(), Errc::not_found);
    const auto tickets = co_await async_tickets(none, kPatience, use_awaitable);
    EXPECT_EQ(tickets.error(), Errc::not_found);
    const auto list = co_await async_list(none, kPatience, use_awaitable);
    EXPECT_EQ(list.error(), Errc::not_found);
  });
}

using BlockListOnOneThread = OnOneThread;

TEST_F(BlockListOnOneThread, EndsSessions) {
  run([&]() -> asio::awaitable<void> {
    Node node = start();
    Node guest = start(on_loopback(node.addresses()));
    BlockList blocks = node.block_list();
    const Fingerprint who = guest.id();
    const auto ready = co_await async_wait_until_ready(guest, kPatience, use_awaitable);
    EXPECT_TRUE(ready);
    const auto blocked = co_await async_block(blocks, who, 24h, kPatience, use_awaitable);
    EXPECT_TRUE(blocked);
    EXPECT_TRUE(node.peers().empty());
    const auto list = co_await async_list(blocks, kPatience, use_awaitable);
    EXPECT_EQ(list.value().at(0).who, who);
    const auto unblocked = co_await async_unblock(blocks, who, kPatience, use_awaitable);
    EXPECT_TRUE(unblocked);
    const auto again = co_await async_unblock(blocks, who, kPatience, use_awaitable);
    EXPECT_EQ(again.error(), Errc::not_found);
  });
}

TEST_F(BlockListOnOneThread, SaysWhatIsWrong) {
  run([&]() -> asio::awaitable<void> {
    Node node = start();
    BlockList blocks = node.block_list();
    const auto blocked = co_await async_block(blocks, node.id(), 24h, kPatience, use_awaitable);
    EXPECT_EQ(blocked.error(), Errc::out_of_range);
    const auto stopped = co_await async_stop(node, use_awaitable);
    EXPECT_TRUE(stopped);
    const auto list = co_await async_list(blocks, kPatience, use_awaitable);
    EXPECT_EQ(list.error(), Errc::shutting_down);
  });
}

struct QueriesOnOneThread : OnOneThread {
  Node telling_time() {
    NodeConfig config = on_loopback();
    config.answers["time"] = [](ByteView) -> std::optional<Bytes> { return bytes_of("noon"); };
    return start(std::move(config));
  }
};

TEST_F(QueriesOnOneThread, AreAnswered) {
  run([&]() -> asio::awaitable<void> {
    Node node = telling_time();
    Node asker = start();
    const std::string there = node.addresses().front();
    const ByteView empty;
    const auto time = co_await async_query(asker, there, "time", empty, kPatience, use_awaitable);
    EXPECT_EQ(as_text(time.value()), "noon");
    const auto none =
        co_await async_query(asker, there, "weather", empty, kPatience, use_awaitable);
    EXPECT_EQ(none.error(), Errc::not_found);
    const auto nonsense =
        co_await async_query(asker, "no address", "time", empty, kPatience, use_awaitable);
    EXPECT_EQ(nonsense.error(), Errc::bad_text);
  });
}

TEST_F(QueriesOnOneThread, FindWhoAnswersByName) {
  run([&]() -> asio::awaitable<void> {
    Node node = telling_time();
    Node asker = start();
    const std::string named = "tcp://localhost:" + port_of(node);
    const ByteView empty;
    const auto time = co_await async_query(asker, named, "time", empty, kPatience, use_awaitable);
    EXPECT_EQ(as_text(time.value()), "noon");
  });
}

/// Where those that wait fail with `Errc::would_block`.
TEST_F(QueriesOnOneThread, MayBeAskedInACallback) {
  Node node = telling_time();
  Node asker = start();
  std::optional<Node> relay;
  std::optional<Result<Bytes>> relayed;
  const auto stop_all = [&] {
    for (Node* each : {&node, &asker, &*relay}) async_stop(*each, asio::detached);
  };
  NodeConfig config = on_loopback();
  config.answers["relay"] = [&](ByteView) -> std::optional<Bytes> {
    async_query(*relay, node.addresses().front(), "time", {}, kPatience, [&](Result<Bytes> answer) {
      relayed = std::move(answer);
      stop_all();
    });
    EXPECT_FALSE(relayed);
    return Bytes();
  };
  relay = start(std::move(config));
  async_query(asker, relay->addresses().front(), "relay", {}, kPatience,
              [&](const Result<Bytes>& asked) {
                if (!asked) stop_all();
              });
  context.run();
  ASSERT_TRUE(relayed);
  EXPECT_EQ(as_text(relayed->value()), "noon");
}

}  // namespace
}  // namespace kith::test
