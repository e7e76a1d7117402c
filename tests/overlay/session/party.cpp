#include "tests/overlay/session/party.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

Instant start_time() {
  return {.time = TimePoint(std::chrono::hours(1)),
          .wall = WallTime(std::chrono::seconds(1'800'000'000))};
}

const SessionConfig& default_config() {
  static const SessionConfig config;
  return config;
}

const SessionConfig& public_config() {
  static const SessionConfig config = listening_as(kPublicListener);
  return config;
}

Instant later(Instant now, Duration by) { return {.time = now.time + by, .wall = now.wall + by}; }

TestNode::TestNode(std::uint64_t seed, const Fingerprint& realm)
    : TestNode(seed, crypto::sodium_primitives(), Endpoint::v4({127, 0, 0, 1}, 3141), realm) {}

TestNode::TestNode(std::uint64_t seed, const crypto::Primitives& primitives,
                   const Endpoint& endpoint, const Fingerprint& realm)
    : random(seed) {
  node_key = primitives.signatures->generate(random);
  static_key = primitives.dh->generate(random);
  local.primitives = &primitives;
  local.static_key = &static_key;
  local.node_key = &node_key;
  local.network = realm;
  local.buffers = &buffers;
  NodeTokenParams params = token_params();
  params.endpoints = {endpoint};
  issue(params);
}

NodeTokenParams TestNode::token_params() const {
  return {.realm = local.network,
          .issued_at = start_time().wall,
          .life = std::chrono::hours(24),
          .endpoints = {Endpoint::v4({127, 0, 0, 1}, 3141)},
          .static_key = static_key.public_key};
}

void TestNode::issue(const NodeTokenParams& params) {
  const auto token = issue_node_token(params, node_key, *local.primitives->signatures, random);
  KITH_ASSERT(token.has_value());
  const ByteView raw = token->token.raw();
  local.token.assign(raw.begin(), raw.end());
  local.id = token->fingerprint();
}

DialTarget TestNode::connection_target() const {
  return {.flow = Flow::connection,
          .node = local.id,
          .static_key = static_key.public_key,
          .time = start_time().wall,
          .first_message = {}};
}

DialTarget TestNode::pinned_target() const {
  DialTarget target;
  target.node = local.id;
  return target;
}

DialTarget TestNode::target(Flow flow) const {
  DialTarget target = connection_target();
  target.flow = flow;
  target.about = RelationshipId{4, 4, 4};
  target.ticket.emplace();
  std::ranges::fill(target.ticket->mutable_view(), Byte{3});
  target.certificate = Bytes(40, 'c');
  target.site = "home.example@3141";
  target.early = Bytes(20, 'e');
  return target;
}

SessionConfig listening_as(const ListenerProfile& profile) {
  SessionConfig config;
  config.accepted_flows = profile.accepted_flows;
  config.stealth = profile.stealth;
  return config;
}

void Party::hear(ByteView bytes, Instant now) {
  const Bytes held(bytes.begin(), bytes.end());
  session.on_bytes(held, now);
  poll(now);
}

void Party::hear_end(Instant now) {
  session.on_end_of_stream(now);
  poll(now);
}

void Party::pass_deadline(Instant now) {
  session.on_deadline(now);
  poll(now);
}

void Party::poll(Instant now) {
  while (auto event = session.poll_event(now)) {
    KITH_ASSERT(!closed);  // The end is the last word.
    if (auto* asks = std::get_if<SessionAsks>(&*event)) {
      questions.push_back(std::move(*asks));
      if (verdict) session.on_verdict(*verdict, now);
    } else if (auto* seeks = std::get_if<SessionSeeks>(&*event)) {
      seekings.push_back(std::move(*seeks));
      const auto key = known.find(seekings.back().node);
      if (finds) {
        session.on_static_key(key == known.end() ? std::nullopt : std::optional(key->second), now);
      }
    } else if (auto* spending = std::get_if<SessionSpends>(&*event)) {
      spendings.push_back(std::move(spending->ticket));
      if (spends) session.on_verdict(*spends, now);
    } else if (std::holds_alternative<SessionOpened>(*event)) {
      ++openings;
      if (lets_in) session.let_in();
    } else if (const auto* message = std::get_if<SessionMessage>(&*event)) {
      messages.emplace_back(message->message.begin(), message->message.end());
    } else if (const auto* pong = std::get_if<SessionPong>(&*event)) {
      pongs.push_back(pong->value);
    } else {
      closed = std::get<SessionClosed>(*event);
    }
  }
}

Bytes Party::say(Instant now) {
  Bytes bytes;
  session.take_bytes(bytes, now);
  append(said, bytes);
  return bytes;
}

Pair::Pair(TestNode& dialing, TestNode& listening, const DialTarget& target,
           const SessionConfig& dialer_config, const SessionConfig& responder_config)
    : dialer(Session::dial(dialing.local, copy_of(target), dialer_config, dialing.random, now)),
      responder(Session::accept(listening.local, responder_config, listening.random, now)) {
  responder.known[dialing.local.id] = dialing.static_key.public_key;
}

Pair::Pair(TestNode& dialing, TestNode& listening, const DialTarget& target)
    : Pair(dialing, listening, target, default_config(), public_config()) {}

void Pair::run() {
  while (carry_to_responder() || carry_to_dialer()) {
  }
  end_stream(dialer, responder, dialer_ended_);
  end_stream(responder, dialer, responder_ended_);
  // What an end of stream makes one say still reaches the other.
  while (carry_to_responder() || carry_to_dialer()) {
  }
}

bool Pair::carry_to_responder() { return carry(dialer, responder, true); }
bool Pair::carry_to_dialer() { return carry(responder, dialer, false); }

bool Pair::carry(Party& from, Party& to, bool to_responder) {
  Bytes bytes = from.say(now);
  if (bytes.empty()) return false;
  if (wire) wire(to_responder, bytes);
  const std::size_t chunk = chunk_bytes == 0 ? bytes.size() : chunk_bytes;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    to.hear(ByteView(bytes).subspan(at, std::min(chunk, bytes.size() - at)), now);
  }
  return true;
}

void Pair::end_stream(Party& from, Party& to, bool& ended) {
  if (!from.closed || std::exchange(ended, true)) return;
  to.hear_end(now);
}

void Pair::pass(Duration by) {
  const TimePoint end = now.time + by;
  while (true) {
    std::optional<TimePoint> next;
    for (const Party* party : {&dialer, &responder}) {
      const auto deadline = party->session.next_deadline();
      if (deadline && (!next || *deadline < *next)) next = deadline;
    }
    if (!next || *next > end) break;
    now = later(now, std::max(*next - now.time, Duration(0)));
    dialer.pass_deadline(now);
    responder.pass_deadline(now);
    run();
  }
  now = later(now, end - now.time);
}

std::vector<Bytes> frames_of(ByteView stream) {
  std::vector<Bytes> frames;
  while (!stream.empty()) {
    std::size_t bytes = stream.size();
    if (bytes >= 2) bytes = std::min(bytes, 2 + (std::size_t{stream[0]} << 8U | stream[1]));
    frames.emplace_back(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes));
    stream = stream.subspan(bytes);
  }
  return frames;
}

bool contains(ByteView haystack, ByteView needle) {
  return !std::ranges::search(haystack, needle).empty();
}

std::vector<std::size_t> frame_sizes(ByteView stream) {
  std::vector<std::size_t> sizes;
  for (const Bytes& frame : frames_of(stream)) sizes.push_back(frame.size());
  return sizes;
}

}  // namespace kith::overlay::test
