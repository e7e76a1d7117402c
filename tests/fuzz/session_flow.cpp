#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/session/proof.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

using kith::test::Input;

constexpr Flow kFlows[] = {Flow::sealed, Flow::connection, Flow::open,
                           Flow::hidden, Flow::ticket,     Flow::reconnect};

struct World {
  /// `has_own_key`: the peer's static key is the one that its token speaks for.
  explicit World(bool has_own_key)
      : peer_key(peer.static_key.public_key), is_peer_true(has_own_key) {
    if (!has_own_key) peer.static_key = peer.local.primitives->dh->generate(peer.random);
  }

  TestNode self{1};
  TestNode peer{2};
  /// As its token names it.
  crypto::DhPublicKey peer_key;
  bool is_peer_true;
};

Party accept(World& world) {
  Party party(Session::accept(world.self.local, public_config(), world.self.random, start_time()));
  party.known[world.peer.local.id] = world.peer_key;
  return party;
}

Party dial(World& world, const DialTarget& target) {
  return Party(Session::dial(world.self.local, copy_of(target), default_config(), world.self.random,
                             start_time()));
}

/// Lets `party` hear `bytes` in pieces, and then the end; it must have come to nothing.
void expect_nothing(Party party, ByteView bytes, std::size_t piece) {
  const Instant now = start_time();
  party.say(now);
  while (!bytes.empty()) {
    const ByteView arrived = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(arrived.size());
    party.hear(arrived, now);
    party.say(now);
  }
  party.hear_end(now);
  party.say(now);
  KITH_ASSERT(party.closed.has_value());
  KITH_ASSERT(!party.opened() && party.messages.empty() && party.questions.empty());
}

/// `bytes` with what the input makes of them.
Bytes edited(Bytes bytes, Input& input) {
  for (int edits = input.next() % 4; edits > 0; --edits) {
    const std::uint8_t how = input.next();
    const std::size_t at = input.next_two() % (bytes.size() + 1);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    if (how % 4 == 0 && at < bytes.size()) {
      bytes[at] = static_cast<Byte>(bytes[at] ^ input.next());
    } else if (how % 4 == 1) {
      bytes.insert(place, input.next());
    } else if (how % 4 == 2) {
      bytes.erase(place, bytes.end());
    } else if (how % 4 == 3) {
      bytes.assign(input.rest.begin(), input.rest.end());
      input.rest = {};
    }
  }
  return bytes;
}

/// A session, and at its other end a peer that keeps to the flow in everything but the payload of
/// one message, whichever side it is on.
class Scene {
 public:
  Scene(World& world, Flow flow, Side side, Input& input)
      : world_(world),
        rule_(flow_rule(flow)),
        side_(side),
        input_(input),
        peer_(world.peer, world.self, flow, static_cast<Byte>(flow),
              side == Side::dialer ? noise::Role::initiator : noise::Role::responder),
        party_(side == Side::dialer ? accept(world) : dial(world, world.peer.target(flow))) {}

  void run() {
    const std::size_t edited_message = input_.next() % rule_.messages.size();
    bool is_complete = true;
    for (std::size_t i = 0; i < rule_.messages.size(); ++i) {
      const FlowMessage& message = rule_.messages[i];
      is_complete = message.from == side_ ? say(message, i == edited_message) : hear(message);
      if (!is_complete) break;
      if (i == 0 && !rule_.introduction.empty())
        peer_.go_on(world_.self, rule_.flow, rule_.messages[1].letter);
    }
    if (is_complete && side_ == Side::dialer)
      party_.hear(peer_.record(padded({item(0, {})})), start_time());
    party_.hear_end(start_time());
    party_.say(start_time());
    judge();
  }

 private:
  /// Whether the session listens on.
  bool say(const FlowMessage& message, bool is_edited) {
    const Bytes honest = wrapped(message, honest_content(message));
    const Bytes payload = is_edited ? edited_payload(message) : honest;
    is_changed_ = is_changed_ || payload != honest;
    is_proven_ = is_proven_ && proves(message, payload, honest);
    const bool is_record = message.form == PayloadForm::proof;
    party_.hear(is_record ? peer_.record(payload) : peer_.frame(message.letter, payload),
                start_time());
    return !party_.closed;
  }

  /// Whether the session has said what its turn was.
  bool hear(const FlowMessage& message) {
    if (said_.empty())
      for (Bytes& frame : frames_of(party_.say(start_time()))) said_.push_back(std::move(frame));
    if (said_.empty()) return false;
    const Bytes frame = std::move(said_.front());
    said_.pop_front();
    const bool is_record = message.form == PayloadForm::proof;
    return (is_record ? peer_.open(frame) : peer_.read(frame)).has_value();
  }

  /// What the peer would say if it kept to the rules, without padding.
  [[nodiscard]] Bytes honest_content(const FlowMessage& message) const {
    if (message.form == PayloadForm::empty) return {};
    if (message.form == PayloadForm::clear_token) return world_.peer.local.token;
    const Bytes bytes(32, 7);
    Payload payload;
    const auto set = [&](PayloadKey key, ByteView value) {
      if (message.schema.allows(key)) payload.set(key, value);
    };
    set(PayloadKey::token, world_.peer.local.token);
    if (message.schema.allows(PayloadKey::time)) payload.set_time(1);
    for (const auto key :
         {PayloadKey::ticket, PayloadKey::certificate, PayloadKey::early, PayloadKey::join})
      set(key, bytes);
    set(PayloadKey::about, ByteView(bytes).first(16));
    set(PayloadKey::site, as_bytes("home.example@3141"));
    set(PayloadKey::node, world_.peer.local.id.view());
    if (message.form != PayloadForm::proof) return encode_map(payload);
    const crypto::Signature signature = proof();
    payload.set(PayloadKey::signature, signature);
    return encode_map(payload);
  }

  [[nodiscard]] crypto::Signature proof() const {
    const ProofStatement statement{
        .side = side_,
        .handshake_hash = peer_.handshake_hash(),
        .prover = world_.peer.local.id,
        .reader = side_ == Side::responder ? world_.self.local.id : Fingerprint()};
    return sign_proof(statement, world_.peer.node_key, *world_.peer.local.primitives->signatures);
  }

  /// Changed where the map is written, with the padding that it then needs, or as a whole.
  [[nodiscard]] Bytes edited_payload(const FlowMessage& message) {
    if (input_.next() % 2 == 0) return wrapped(message, edited(honest_content(message), input_));
    return edited(wrapped(message, honest_content(message)), input_);
  }

  /// The payload or record with this content.
  [[nodiscard]] static Bytes wrapped(const FlowMessage& message, Bytes content) {
    if (message.form == PayloadForm::proof)
      return padded({item(static_cast<Byte>(ItemKind::proof), content)});
    if (message.form == PayloadForm::padded_map) crypto::pad(content, kPayloadBlock);
    return content;
  }

  /// Whether a peer may be believed after this: what it says of who it is is as it would say it.
  [[nodiscard]] bool proves(const FlowMessage& message, const Bytes& payload,
                            const Bytes& honest) const {
    switch (message.form) {
      case PayloadForm::empty:
        return payload == honest;
      case PayloadForm::clear_token:
        return world_.is_peer_true && payload == honest;
      case PayloadForm::proof:
        return without_padding(payload) == without_padding(honest);
      case PayloadForm::padded_map:
        break;
    }
    const auto map = decode_payload(message.schema, payload);
    if (!map) return false;
    const auto names = [&](PayloadKey key, ByteView value) {
      return !message.schema.allows(key) ||
             (world_.is_peer_true && std::ranges::equal(map->get(key), value));
    };
    return names(PayloadKey::token, world_.peer.local.token) &&
           names(PayloadKey::node, world_.peer.local.id.view());
  }

  [[nodiscard]] static Bytes without_padding(Bytes bytes) {
    bytes.resize(crypto::unpadded_bytes(bytes).value_or(0));
    return bytes;
  }

  void judge() const {
    KITH_ASSERT(party_.closed.has_value());
    for (const SessionAsks& asked : party_.questions)
      KITH_ASSERT(asked.node == world_.peer.local.id);
    if (!is_proven_)
      KITH_ASSERT(!party_.opened() && party_.messages.empty() && party_.questions.empty());
    if (is_proven_ && !is_changed_) KITH_ASSERT(party_.opened());
  }

  World& world_;
  const FlowRule& rule_;
  Side side_;  ///< Of the peer.
  Input& input_;
  RawPeer peer_;
  Party party_;
  std::deque<Bytes> said_;
  bool is_changed_ = false;
  bool is_proven_ = true;
};

/// Two honest sides; something that one of them is told before it is open is changed on the way.
void change_on_the_way(Flow flow, Input& input) {
  World world(true);
  Pair pair(world.peer, world.self, world.self.target(flow));
  const bool at_responder = input.next() % 2 == 0;
  const Party& reader = at_responder ? pair.responder : pair.dialer;
  int passes = input.next() % 3;
  const std::size_t at = input.next_two();
  const std::uint8_t change = input.next();
  bool is_changed = false;
  pair.chunk_bytes = input.next();
  pair.wire = [&](bool to_responder, Bytes& bytes) {
    if (to_responder != at_responder || passes-- != 0 || reader.opened()) return;
    is_changed = true;
    if (change == 0)
      bytes.resize(at % bytes.size());
    else
      bytes[at % bytes.size()] ^= change;
  };
  pair.run();
  if (is_changed)
    KITH_ASSERT(!reader.opened() && reader.messages.empty());
  else
    KITH_ASSERT(pair.dialer.opened() && pair.responder.opened());
}

void run(Input input) {
  const std::uint8_t what = input.next();
  const std::uint8_t how = input.next();
  const Flow flow = kFlows[what / 5 % 6];
  World world(what % 5 == 3 && how % 4 < 2);
  switch (what % 5) {
    case 0:
      return expect_nothing(accept(world), input.rest, 1U + how);
    case 1:
      return expect_nothing(dial(world, DialTarget{}), input.rest, 1U + how);
    case 2:
      return expect_nothing(dial(world, world.peer.target(flow)), input.rest, 1U + how);
    case 3:
      return Scene(world, flow, how % 2 == 0 ? Side::dialer : Side::responder, input).run();
    default:
      return change_on_the_way(flow, input);
  }
}

}  // namespace
}  // namespace kith::overlay::test

/// Neither role of any flow opens, asks or delivers anything without a peer that proves itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2 && size < 8'192) kith::overlay::test::run({{data, size}});
  return 0;
}
