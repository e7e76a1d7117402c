// One session on the socket that is standard input and output, for a peer that was not written from
// these sources.
//
//   session_peer accept <node> <static key> [seed]          deals with this node, takes the ticket
//                                                           74×32 and the relationship 72×16
//   session_peer dial <letter> <node> <static key> [seed]   dials this node
//   session_peer show <seed>                                says who it is with the keys of this
//   seed
//
// The first line on standard error is our node token in hexadecimal, the second the session id once
// it is open.  A dialer says "hello"; both answer each message by the same message with a "!", and
// go when they hear one that ends so.  Keys are new ones where no seed is given.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "core/random.hpp"
#include "overlay/asio/clock.hpp"
#include "overlay/session/session.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {
namespace {

constexpr RelationshipId kRelationship = {'r', 'r', 'r', 'r', 'r', 'r', 'r', 'r',
                                          'r', 'r', 'r', 'r', 'r', 'r', 'r', 'r'};

struct SessionPeer {
  explicit SessionPeer(std::optional<std::uint64_t> seed) {
    const crypto::Primitives& primitives = crypto::sodium_primitives();
    SeededRandom seeded(seed.value_or(0));
    Random& keys = seed ? static_cast<Random&>(seeded) : random;
    node_key = primitives.signatures->generate(keys);
    static_key = primitives.dh->generate(keys);
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
        session.on_verdict(is_welcome(*asks), now);
      } else if (const auto* seeks = std::get_if<SessionSeeks>(&*event)) {
        session.on_static_key(seeks->node == node ? std::optional(peer_static) : std::nullopt, now);
      } else if (std::holds_alternative<SessionSpends>(*event)) {
        session.on_verdict(true, now);
      } else if (std::holds_alternative<SessionOpened>(*event)) {
        session.let_in();
        tell(session.session_id().view());
      } else if (const auto* heard = std::get_if<SessionMessage>(&*event)) {
        has_answer = !heard->message.empty() && heard->message.back() == '!';
        if (has_answer) continue;
        answers.emplace_back(heard->message.begin(), heard->message.end());
      }
    }
    for (const Bytes& answer : answers) KITH_ASSERT(session.send({answer, as_bytes("!")}));
  }

  [[nodiscard]] bool is_welcome(const SessionAsks& asks) const {
    if (asks.ticket && !std::ranges::equal(asks.ticket->view(), Bytes(32, 't'))) return false;
    if (asks.flow == Flow::reconnect && asks.about != kRelationship) return false;
    return asks.node == node;
  }

  /// Reads and writes until the stream or the session ends, or we have an answer.
  void run(Session session) {
    Bytes input(65'536);
    while (true) {
      poll(session);
      if (has_answer) return;
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
                      .about = kRelationship,
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
  bool has_answer = false;
  crypto::DhPublicKey peer_static{};
};

}  // namespace
}  // namespace kith::overlay

int main(int count, char** words) {
  using namespace kith;
  std::span<char*> arguments(words + 1, words + count);
  const auto next = [&arguments]() -> std::string_view {
    if (arguments.empty()) return {};
    const std::string_view word = arguments.front();
    arguments = arguments.subspan(1);
    return word;
  };
  const std::string_view what = next();
  const std::string_view flow = what == "dial" ? next() : "?";
  const auto node = from_hex(what == "show" ? "" : next());
  const auto static_key = from_hex(what == "show" ? "" : next());
  std::optional<std::uint64_t> seed;
  if (const std::string word(next()); !word.empty()) seed = std::stoull(word);
  overlay::SessionPeer peer(seed);
  if (what == "show") return 0;
  if (!node || node->size() != Fingerprint::kBytes || !static_key ||
      static_key->size() != peer.peer_static.size() || flow.empty())
    return 2;
  peer.node = Fingerprint::from_bytes(*node).value();
  std::ranges::copy(*static_key, peer.peer_static.begin());
  const Instant now = overlay::read_clocks();
  if (what == "accept")
    peer.run(overlay::Session::accept(peer.local, peer.config, peer.random, now));
  else
    peer.run(overlay::Session::dial(peer.local, peer.target(static_cast<overlay::Flow>(flow[0])),
                                    peer.config, peer.random, now));
  return 0;
}
