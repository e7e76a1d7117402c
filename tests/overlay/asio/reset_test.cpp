// Connections that their dialer resets within the handshake, by every flow.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <kith/node.hpp>

#include "overlay/asio/clock.hpp"
#include "overlay/asio/keys.hpp"
#include "overlay/membership/messages.hpp"
#include "tests/overlay/asio/support.hpp"
#include "tests/overlay/session/party.hpp"
#include "tokens/ticket_token.hpp"

namespace kith::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using overlay::read_clocks;
using overlay::test::Party;

/// Knows everybody, so that flow `S` is answered, too.
class EverybodyIsKnown final : public Policy {
 public:
  void authenticate(const Token&, Answer answer) override { answer(Verdict::yes); }
  void authorize(const Token&, const Request&, Answer answer) override { answer(Verdict::yes); }
  void account(const Exchanged&) override {}
};

/// A node, and somebody who dials it for real, as far as it goes.
class Resets : public testing::TestWithParam<const char*> {
 protected:
  /// A connection, and what its dialer says next.
  struct Call {
    tcp::socket socket;
    Party party;
    Bytes next;
  };

  void SetUp() override {
    std::filesystem::create_directories(folder_);
    NodeConfig config = on_loopback();
    config.keys = node_keys_;
    config.store = folder_ + "/node";
    config.policy = std::make_unique<EverybodyIsKnown>();
    // Nothing ends by itself within the test.
    SessionTimers& timers = config.session_timers;
    timers.first_frame_timeout = timers.handshake_timeout = timers.request_timeout =
        timers.confirm_timeout = timers.frame_timeout = std::chrono::hours(1);
    node_.emplace(std::move(config));
    if (flow() == Flow::reconnect) become_related();
    dialer_.node_key = overlay::signing_key(dialer_keys_.node_seed);
    dialer_.static_key = overlay::dh_key(dialer_keys_.static_seed);
    // Where nobody dials back.
    dialer_.issue({.issued_at = read_clocks().wall,
                   .static_key = dialer_.static_key.public_key,
                   .reachability = Reachability::outbound_only});
  }
  void TearDown() override {
    node_.reset();
    std::filesystem::remove_all(folder_);
  }

  using Flow = overlay::Flow;
  [[nodiscard]] static Flow flow() { return static_cast<Flow>(*GetParam()); }

  /// How often the dialer has something to say until the session is open at both ends.
  [[nodiscard]] static int turns() { return flow() == Flow::sealed ? 3 : 2; }

  /// Dials, and lets the node answer so many times.
  Call call(int answers) {
    const auto address = Address::parse(node_->addresses().front()).value();
    Call call{tcp::socket(context_),
              Party(overlay::Session::dial(dialer_.local, target(), overlay::test::default_config(),
                                           dialer_.random, read_clocks())),
              {}};
    call.socket.connect({asio::ip::make_address(address.host), address.port});
    call.next = call.party.say(read_clocks());
    for (int answer = 0; answer < answers; ++answer) {
      asio::write(call.socket, asio::buffer(call.next));
      do {
        std::array<Byte, 4096> heard;
        const std::size_t bytes = call.socket.read_some(asio::buffer(heard));
        call.party.hear(ByteView(heard).first(bytes), read_clocks());
        call.next = call.party.say(read_clocks());
      } while (call.next.empty());
    }
    return call;
  }

  /// Says the first bytes of what comes next, and resets the connection.
  static void reset(Call& call, std::size_t bytes) {
    asio::write(call.socket, asio::buffer(call.next, bytes));
    call.socket.set_option(asio::socket_base::linger(true, 0));
    call.socket.close();
  }

  /// Where it may be cut: at and around the ends of its frames, and in the middle.
  [[nodiscard]] static std::set<std::size_t> cuts(const Bytes& stream) {
    std::set<std::size_t> cuts{0, 1, stream.size() / 2};
    std::size_t end = 0;
    for (const Bytes& frame : overlay::test::frames_of(stream)) {
      end += frame.size();
      cuts.insert({end - 1, end, std::min(end + 1, stream.size())});
    }
    return cuts;
  }

  /// Whether the node comes to have no connection but that with `peer`.
  [[nodiscard]] bool comes_to_have_only(const Node& peer) const {
    asio::io_context context;
    asio::steady_timer timer(context);
    bool has_only_peer = false;
    std::function<void()> look = [&] {
      const auto peers = node_->peers();
      const bool has_peer = peers.size() == 1 && peers[0].node == peer.id();
      has_only_peer = has_peer && node_->status().half_open == 0;
      if (has_only_peer) return;
      timer.expires_after(std::chrono::milliseconds(10));
      timer.async_wait([&](const boost::system::error_code&) { look(); });
    };
    look();
    context.run_for(kPatience);
    return has_only_peer;
  }

  std::optional<Node> node_;

 private:
  void become_related() {
    NodeConfig config = on_loopback();
    config.keys = dialer_keys_;
    config.store = folder_ + "/dialer";
    Node dialer(std::move(config));
    ticket_ = node_->contacts().issue_ticket({}, kPatience).value();
    about_ = dialer.contacts().redeem(ticket_, {}, kPatience).value();
  }

  overlay::DialTarget target() {
    overlay::DialTarget target{.flow = flow(), .node = node_->id(), .time = read_clocks().wall};
    target.static_key = overlay::dh_key(node_keys_.static_seed).public_key;
    if (flow() == Flow::reconnect) {
      target.about = about_;
      target.site = "nowhere@0";
    } else if (flow() == Flow::ticket) {
      if (ticket_.empty()) ticket_ = node_->contacts().issue_ticket({}, kPatience).value();
      target.ticket = parse_ticket_uri(ticket_)->secret().clone();
    } else {
      target.first_message = encode(overlay::JoinMessage{.role = Participation::client});
    }
    return target;
  }

  std::string folder_ = testing::TempDir() + "kith-resets-" + std::to_string(::getpid());
  NodeKeys node_keys_ = NodeKeys::generate();
  NodeKeys dialer_keys_ = NodeKeys::generate();
  overlay::test::TestNode dialer_{1};
  std::string ticket_;
  Uuid about_{};
  asio::io_context context_;
};

INSTANTIATE_TEST_SUITE_P(Flows, Resets, testing::Values("S", "C", "O", "H", "I", "N"),
                         [](const auto& flow) { return std::string(flow.param); });

TEST_P(Resets, WithinAHandshakeLeaveNothing) {
  for (int answers = 0; answers < turns(); ++answers) {
    for (const std::size_t cut : cuts(call(answers).next)) {
      Call caller = call(answers);
      reset(caller, std::min(cut, caller.next.size()));
    }
  }
  Node joiner(on_loopback(node_->addresses()));
  EXPECT_TRUE(joiner.wait_until_ready(kPatience));
  EXPECT_TRUE(comes_to_have_only(joiner));
}

}  // namespace
}  // namespace kith::test
