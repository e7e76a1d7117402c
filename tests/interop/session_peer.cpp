// One session on the socket that is standard input and output, for a peer that was not written from
// these sources.
//
//   session_peer accept <node> <static key>          deals with this node, takes the ticket 74×32
//   session_peer dial <letter> <node> <static key>   dials this node
//
// The first line on standard error is our node token in hexadecimal, the second the session id once
// it is open.  A dialer says "hello"; both answer each message by the same message with a "!".

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/asio/clock.hpp"
#include "overlay/session/session.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {
namespace {

struct SessionPeer {
  SessionPeer() {
    const crypto::Primitives& primitives = crypto::sodium_primitives();
    node_key = primitives.signatures->generate(random);
    static_key = primitives.dh->generate(random);
    const auto token = issue_node_token({.issued_at = read_clocks().wall,
                                         .life = std::chrono::hours(1),
                                         .endpoints = {Endpoint::v4({127, 0, 0, 1}, 3141)},
                                         .static_key = static_key.public_key},
                                        node_key, *primitives.signatures, random);
    const ByteView raw = token.value().token.raw();
    local.primitives = &primitives;
    local.static_key = &static_key;
    local.node_key = &node_key;
    local.token.assign(raw.begin(), raw.end());
    local.id = token->fingerprint();
    config.accepted_flows = kPublicListener.accepted_flows;
    tell(local.token);
  }

  static void tell(ByteView bytes) { std::fprintf(stderr, "%s\n", to_hex(bytes).c_str()); }

  /// Answers everything that the session tells.
  void poll(Session& session) {
    const Instant now = read_clocks();
    std::vector<Bytes> answers;
    while (auto event = session.poll_event(now)) {
      if (const auto* asks = std::get_if<SessionAsks>(&*event)) {
        session.on_verdict(asks->node == node && has_good_ticket(*asks), now);
      } else if (const auto* seeks = std::get_if<SessionSeeks>(&*event)) {
        session.on_static_key(seeks->node == node ? std::optional(peer_static) : std::nullopt, now);
      } else if (std::holds_alternative<SessionSpends>(*event)) {
        session.on_verdict(true, now);
      } else if (std::holds_alternative<SessionOpened>(*event)) {
        session.let_in();
        tell(session.session_id().view());
      } else if (const auto* heard = std::get_if<SessionMessage>(&*event)) {
        answers.emplace_back(heard->message.begin(), heard->message.end());
      }
    }
    for (const Bytes& answer : answers) KITH_ASSERT(session.send({answer, as_bytes("!")}));
  }

  static bool has_good_ticket(const SessionAsks& asks) {
    return !asks.ticket || std::ranges::equal(asks.ticket->view(), Bytes(32, 't'));
  }

  /// Reads and writes until the stream or the session ends.
  void run(Session session) {
    Bytes input(65'536);
    while (true) {
      poll(session);
      Bytes out;
      session.take_bytes(out, read_clocks());
      for (std::size_t at = 0; at < out.size();) {
        const auto written = ::write(STDOUT_FILENO, out.data() + at, out.size() - at);
        if (written <= 0) return;
        at += static_cast<std::size_t>(written);
      }
      if (!session.next_deadline() && !session.is_open()) return;
      const auto bytes = ::read(STDIN_FILENO, input.data(), input.size());
      if (bytes <= 0) return;
      session.on_bytes(ByteView(input).first(static_cast<std::size_t>(bytes)), read_clocks());
    }
  }

  DialTarget target(Flow flow) const {
    DialTarget target{.flow = flow,
                      .node = node,
                      .static_key = peer_static,
                      .time = read_clocks().wall,
                      .about = RelationshipId{'r'},
                      .certificate = Bytes(100, 'c'),
                      .site = "home.example@3141",
                      .early = Bytes(10, 'e')};
    std::ranges::fill(target.ticket.emplace().mutable_view(), Byte{'t'});
    const ByteView hello = as_bytes("hello");
    target.first_message.assign(hello.begin(), hello.end());
    return target;
  }

  crypto::SystemRandom random;
  crypto::SigningKeyPair node_key;
  crypto::DhKeyPair static_key;
  LocalNode local;
  SessionConfig config;
  Fingerprint node;
  crypto::DhPublicKey peer_static{};
};

}  // namespace
}  // namespace kith::overlay

int main(int count, char** words) {
  using namespace kith;
  const std::vector<std::string_view> arguments(words + 1, words + count);
  if (arguments.size() < 3) return 2;
  overlay::SessionPeer peer;
  const std::span<const std::string_view> keys = std::span(arguments).last(2);
  peer.node = Fingerprint::from_bytes(from_hex(keys[0]).value()).value();
  std::ranges::copy(from_hex(keys[1]).value(), peer.peer_static.begin());
  if (arguments[0] == "accept") {
    peer.run(
        overlay::Session::accept(peer.local, peer.config, peer.random, overlay::read_clocks()));
  } else {
    const auto flow = static_cast<overlay::Flow>(arguments[1].front());
    peer.run(overlay::Session::dial(peer.local, peer.target(flow), peer.config, peer.random,
                                    overlay::read_clocks()));
  }
  return 0;
}
