#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <kith/node.hpp>

#include "tests/overlay/asio/support.hpp"
#include "tests/support/bytes_of.hpp"

namespace kith::test {
namespace {

using kith::test::bytes_of;

using namespace std::chrono_literals;

PublicAnswer says(std::string text) {
  return [text = std::move(text)](ByteView) -> std::optional<Bytes> { return bytes_of(text); };
}

/// Says nobody yes.
class NobodyPolicy final : public Policy {
 public:
  void authenticate(const Token&, Answer answer) override { answer(Verdict::no); }
  void authorize(const Token&, const Request&, Answer answer) override { answer(Verdict::no); }
  void account(const Exchanged&) override {}
};

/// One that answers questions and one that asks; they have nothing else to do with each other.
struct Queries : testing::Test {
  static Node referee(NodeConfig config = on_loopback()) {
    config.answers["time"] = says("noon");
    config.answers["echo"] = [](ByteView question) -> std::optional<Bytes> {
      return Bytes(question.begin(), question.end());
    };
    config.answers["secret"] = [](ByteView) -> std::optional<Bytes> { return std::nullopt; };
    config.answers["fault"] = [](ByteView) -> std::optional<Bytes> {
      throw std::runtime_error("out of order");
    };
    config.answers["novel"] = [](ByteView) -> std::optional<Bytes> { return Bytes(4097); };
    return Node(std::move(config));
  }

  Result<Bytes> ask(const Node& whom, std::string_view topic, std::string_view question = "") {
    return asker.query(whom.addresses().front(), topic, as_bytes(question), 10s);
  }

  Node asker{on_loopback()};
};

TEST_F(Queries, AreAnsweredToAnybody) {
  const Node node = referee();
  const auto answer = ask(node, "time");
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  EXPECT_EQ(as_text(*answer), "noon");
  EXPECT_EQ(as_text(*ask(node, "echo", "well?")), "well?");
  // Nobody has joined anybody for it.
  EXPECT_TRUE(asker.peers().empty());
  EXPECT_TRUE(node.peers().empty());
}

TEST_F(Queries, NeedNoFingerprint) {
  const Node node = referee();
  const std::string address = node.addresses().front();
  const std::string unpinned = "tcp://" + address.substr(address.find('@') + 1);
  EXPECT_TRUE(asker.query(unpinned, "time", {}, 10s).has_value());
  EXPECT_EQ(asker.query("no address at all", "time", {}, 10s).error(), Errc::bad_text);
}

TEST_F(Queries, AreAnsweredWhateverThePolicy) {
  NodeConfig config = on_loopback();
  config.policy = std::make_unique<NobodyPolicy>();
  const Node node = referee(std::move(config));
  const auto answer = ask(node, "time");
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  EXPECT_EQ(as_text(*answer), "noon");
}

TEST_F(Queries, DoNotLeaveTheRealm) {
  NodeConfig config = on_loopback();
  config.realm = NodeKeys::generate().identity();
  const Node node = referee(std::move(config));
  // Not even a handshake makes sense across realms.
  EXPECT_EQ(ask(node, "time").error(), Errc::decrypt_failed);
}

TEST_F(Queries, SayWhyThereIsNoAnswer) {
  const Node node = referee();
  EXPECT_EQ(ask(node, "weather").error(), Errc::not_found);
  EXPECT_EQ(ask(node, "secret").error(), Errc::refused);
  EXPECT_EQ(ask(node, std::string(65, 'a')).error(), Errc::too_long);
  EXPECT_EQ(ask(node, "time", std::string(1025, 'a')).error(), Errc::too_long);
  EXPECT_EQ(ask(node, "\xff").error(), Errc::bad_text);
}

TEST_F(Queries, SurviveWhatTheApplicationDoes) {
  Heard heard;
  NodeConfig config = on_loopback();
  config.log = [&heard](LogLevel, std::string_view line) { heard.add(std::string(line)); };
  const Node node = referee(std::move(config));
  EXPECT_EQ(ask(node, "fault").error(), Errc::refused);
  EXPECT_TRUE(heard.wait_for("out of order"));
  EXPECT_EQ(ask(node, "novel").error(), Errc::refused);
  EXPECT_TRUE(heard.wait_for("longer than 4096 bytes"));
  EXPECT_EQ(node.status().callback_failures, 2U);
  EXPECT_TRUE(ask(node, "time").has_value());
}

TEST_F(Queries, SayThatNobodyIsThere) {
  std::string address;
  {
    const Node node = referee();
    address = node.addresses().front();
  }
  EXPECT_EQ(asker.query(address, "time", {}, 10s).error(), Errc::connection_refused);
  // Somebody takes the connection and says nothing.
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor mute(context,
                                            {boost::asio::ip::make_address("127.0.0.1"), 0});
  const auto port = std::to_string(mute.local_endpoint().port());
  EXPECT_EQ(asker.query("tcp://127.0.0.1:" + port, "time", {}, 100ms).error(), Errc::timed_out);
}

TEST_F(Queries, AreAnsweredByNobodyWithoutTopics) {
  const Node node(on_loopback());
  EXPECT_EQ(ask(node, "time").error(), Errc::connection_lost);
}

TEST_F(Queries, CannotBeWaitedForInACallback) {
  std::optional<Errc> inside;
  const Node other = referee();
  Node* self = nullptr;
  NodeConfig config = on_loopback();
  config.answers["relay"] = [&](ByteView) -> std::optional<Bytes> {
    inside = self->query(other.addresses().front(), "time", {}, 10s).error();
    return Bytes();
  };
  Node node(std::move(config));
  self = &node;
  EXPECT_TRUE(ask(node, "relay").has_value());
  EXPECT_EQ(inside, Errc::would_block);
}

TEST_F(Queries, HaveTopicsThatCanBeAsked) {
  for (const std::string& topic : {std::string(65, 'a'), std::string("\xff")}) {
    NodeConfig config = on_loopback();
    config.answers[topic] = says("");
    EXPECT_THROW(Node(std::move(config)), StartError) << topic;
  }
  NodeConfig config = on_loopback();
  config.answers["time"] = nullptr;
  EXPECT_THROW(Node(std::move(config)), StartError);
}

TEST_F(Queries, AreCutShortByTheEndOfTheAsker) {
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor mute(context,
                                            {boost::asio::ip::make_address("127.0.0.1"), 0});
  const auto port = std::to_string(mute.local_endpoint().port());
  std::jthread stopper([&] { asker.stop(); });
  EXPECT_EQ(asker.query("tcp://127.0.0.1:" + port, "time", {}, kPatience).error(),
            Errc::shutting_down);
}

}  // namespace
}  // namespace kith::test
