// What a node does at its ports, and what it says when it cannot.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <kith/node.hpp>

#include "core/random.hpp"
#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using test::Heard;
using test::kPatience;
using test::on_loopback;

/// Where a node on loopback listens.
tcp::endpoint endpoint_of(const Node& node) {
  const auto address = Address::parse(node.addresses().front()).value();
  return {asio::ip::make_address(address.host), address.port};
}

std::string what_start_says(NodeConfig config) {
  try {
    const Node node(std::move(config));
  } catch (const StartError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Listening, AnswersNoiseWithNopeAndTheEnd) {
  Node node(on_loopback());
  asio::io_context context;
  SeededRandom random(1);
  for (int round = 0; round < 20; ++round) {
    tcp::socket socket(context);
    socket.connect(endpoint_of(node));
    std::array<Byte, 100> noise{};
    random.fill(noise);
    // A length that no handshake has: what follows can only be wrong.
    noise[0] = 0xff;
    asio::write(socket, asio::buffer(noise));
    std::string answer;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    EXPECT_EQ(answer, "nope");
    EXPECT_EQ(error, asio::error::eof);
  }
}

TEST(Listening, AnswersNoiseWithNothingWhereItIsNotToBeFound) {
  NodeConfig config = on_loopback();
  config.profile = Profile::stealth;
  config.accept = "H";
  Node node(std::move(config));
  asio::io_context context;
  tcp::socket socket(context);
  socket.connect(endpoint_of(node));
  asio::write(socket, asio::buffer("\xff\xff no handshake"));
  std::string answer;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(answer), error);
  EXPECT_EQ(answer, "");
  EXPECT_EQ(error, asio::error::eof);
  Node joiner(on_loopback(node.addresses()));
  EXPECT_TRUE(joiner.wait_until_ready(kPatience));
}

TEST(Start, RefusesTimesThatWouldEndConnectionsInUse) {
  using namespace std::chrono_literals;
  const std::pair<Duration, Duration> wrong[] = {{0s, 60s},  {-1s, 60s}, {2h, 3h},
                                                 {60s, 60s}, {20s, 25h}, {20s, Duration::max()}};
  for (const auto& [ping_interval, idle_timeout] : wrong) {
    NodeConfig config = on_loopback();
    config.ping_interval = ping_interval;
    config.session_timers.idle_timeout = idle_timeout;
    EXPECT_TRUE(what_start_says(std::move(config)).contains("must be")) << idle_timeout.count();
  }
}

TEST(Start, RefusesLimitsThatWouldLetNobodyIn) {
  const std::vector<std::function<void(ConnectionLimits&)>> mistakes = {
      [](ConnectionLimits& limits) { limits.half_open_max = 0; },
      [](ConnectionLimits& limits) { limits.half_open_per_source_max = 0; },
      [](ConnectionLimits& limits) { limits.start_burst = 0; },
      [](ConnectionLimits& limits) { limits.start_interval = Duration(-1); },
      [](ConnectionLimits& limits) { limits.failures_max = 0; },
      [](ConnectionLimits& limits) { limits.sources_max = limits.half_open_max; },
      [](ConnectionLimits& limits) { limits.shut_out_max = limits.shut_out_first - Duration(1); }};
  for (std::size_t i = 0; i < mistakes.size(); ++i) {
    NodeConfig config = on_loopback();
    mistakes[i](config.connection_limits);
    EXPECT_TRUE(what_start_says(std::move(config)).starts_with("connection limits: ")) << i;
  }
}

TEST(Listening, SurvivesConnectionsThatAreReset) {
  Node node(on_loopback());
  asio::io_context context;
  for (int round = 0; round < 50; ++round) {
    tcp::socket socket(context);
    socket.connect(endpoint_of(node));
    socket.set_option(asio::socket_base::linger(true, 0));
  }
  Node joiner(on_loopback(node.addresses()));
  EXPECT_TRUE(joiner.wait_until_ready(kPatience));
}

/// Lets the process open only so many more files than it has.
class FewFiles {
 public:
  explicit FewFiles(rlim_t most) {
    // The sanitizer needs files to look at a type for the first time: let it, while there are some.
    static_cast<void>(
        boost::system::error_code(EMFILE, boost::system::system_category()).message());
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{most, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
  }
  FewFiles(const FewFiles&) = delete;
  FewFiles& operator=(const FewFiles&) = delete;
  ~FewFiles() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(Listening, GoesOnWhenThereAreFilesAgain) {
  Heard log;
  NodeConfig config = on_loopback();
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node node(std::move(config));
  ASSERT_TRUE(node.wait_until_ready(kPatience));
  asio::io_context context;
  tcp::socket socket(context, tcp::v4());
  {
    const FewFiles limit(static_cast<rlim_t>(socket.native_handle()) + 1);
    socket.connect(endpoint_of(node));
    ASSERT_TRUE(log.wait_for("cannot accept connections for now"));
  }
  asio::write(socket, asio::buffer("\xff\xff no handshake"));
  std::array<char, 4> answer{};
  EXPECT_EQ(asio::read(socket, asio::buffer(answer)), 4U);
  EXPECT_EQ(std::string_view(answer.data(), 4), "nope");
}

TEST(Listening, IsOnEveryAddressUnlessToldOtherwise) {
  Node node;
  ASSERT_FALSE(node.addresses().empty());
  const auto address = Address::parse(node.addresses().front()).value();
  EXPECT_EQ(address.node, node.id());
  asio::io_context context;
  tcp::socket socket(context);
  boost::system::error_code error;
  socket.connect({asio::ip::address_v4::loopback(), address.port}, error);
  EXPECT_FALSE(error);
}

TEST(Listening, IsAdvertisedAsOthersReachIt) {
  Node founder(on_loopback());
  NodeConfig config;
  config.join = founder.addresses();
  Node joiner(std::move(config));
  // From here the founder is reached over loopback, and so is the joiner from there.
  ASSERT_EQ(joiner.addresses().size(), 1U);
  EXPECT_EQ(Address::parse(joiner.addresses().front())->host, "127.0.0.1");
}

TEST(Listening, IsAdvertisedAsToldTo) {
  NodeConfig config = on_loopback();
  config.advertise = {"tcp://192.0.2.7:999"};
  const Node node(std::move(config));
  EXPECT_EQ(node.addresses(),
            (std::vector<std::string>{"kith://" + node.id().to_string() + "@192.0.2.7:999"}));
}

TEST(Start, RefusesToAdvertiseWhatNobodyCanReach) {
  for (const std::string text : {"tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://127.0.0.1:0"}) {
    NodeConfig config = on_loopback();
    config.advertise = {text};
    EXPECT_TRUE(what_start_says(std::move(config)).contains("nobody can reach")) << text;
  }
}

TEST(Listening, MayBeOnSeveralAddresses) {
  NodeConfig config = on_loopback();
  config.listen.push_back(test::kAnyPortV6);
  Node node(std::move(config));
  ASSERT_EQ(node.addresses().size(), 2U);
  for (const std::string& address : node.addresses()) {
    Node joiner(on_loopback({address}));
    EXPECT_TRUE(joiner.wait_until_ready(kPatience)) << address;
  }
}

TEST(Start, SaysThatAnAddressIsInUse) {
  const Node node(on_loopback());
  const std::string port = std::to_string(endpoint_of(node).port());
  const std::string said = what_start_says(on_loopback({}, "tcp://127.0.0.1:" + port));
  EXPECT_TRUE(said.contains("cannot listen on tcp://127.0.0.1:" + port)) << said;
  EXPECT_TRUE(said.contains("choose another port")) << said;
}

TEST(Start, SaysThatAHostCannotBeResolved) {
  const std::string said = what_start_says(on_loopback({}, "tcp://no-such-host.invalid:1"));
  EXPECT_TRUE(said.contains("cannot resolve the host 'no-such-host.invalid'")) << said;
}

TEST(Start, SaysThatAnAddressIsNone) {
  const std::string listen = what_start_says(on_loopback({}, "tcp://:1"));
  EXPECT_TRUE(listen.contains("listen: 'tcp://:1' is not an address")) << listen;
  const std::string join = what_start_says(on_loopback({"kith://nobody@127.0.0.1:1"}));
  EXPECT_TRUE(join.contains("join: 'kith://nobody@127.0.0.1:1' is not an address")) << join;
}

TEST(Start, SaysThatTheMachineHasNoSuchAddress) {
  const std::string said = what_start_says(on_loopback({}, "tcp://192.0.2.7:0"));
  EXPECT_TRUE(said.contains("this machine has no such address")) << said;
}

TEST(Keys, MakeTheSameNodeAgain) {
  const NodeKeys keys = NodeKeys::generate();
  NodeConfig config = on_loopback();
  config.keys = keys;
  const Node node(std::move(config));
  EXPECT_EQ(node.id(), keys.node());
  EXPECT_EQ(node.status().identity, keys.identity());
  EXPECT_NE(NodeKeys::generate().node(), keys.node());
}

TEST(Keys, OfAnIdentityNameIt) {
  const NodeKeys keys = NodeKeys::generate();
  const NodeKeys identity = NodeKeys::generate();
  NodeConfig config = on_loopback();
  config.keys = keys;
  config.identity_seed = identity.node_seed;
  Node node(std::move(config));
  EXPECT_EQ(node.id(), keys.node());
  EXPECT_EQ(node.status().identity, identity.identity());

  Heard senders;
  Node joiner(on_loopback(node.addresses()));
  const auto subscription = joiner.subscribe(
      "news", [&](const Message& message) { senders.add(message.sender.to_string()); });
  auto publisher = node.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("signed"));
  ASSERT_TRUE(senders.wait_for(1));
  EXPECT_EQ(senders.all().front(), identity.identity().to_string());
}

}  // namespace
}  // namespace kith
