#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

struct World {
  World() { nobody.static_key = nobody.local.primitives->dh->generate(nobody.random); }

  TestNode self{1};
  /// Has keys, and a token, which speaks for other ones.
  TestNode nobody{2};
};

/// Lets `party` hear `bytes` in pieces, and then the end; it must have come to nothing.
void expect_nothing(Party& party, ByteView bytes, std::size_t piece) {
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

Party accept(World& world) {
  return Party(Session::accept(world.self.local, public_config(), world.self.random, start_time()));
}

Party dial(World& world, const DialTarget& target) {
  return Party(Session::dial(world.self.local, copy_of(target), default_config(), world.self.random,
                             start_time()));
}

/// A responder and an honest handshake, whose last payload alone is foreign.
void finish_hidden(World& world, ByteView payload) {
  RawPeer peer(world.nobody, world.self, Flow::hidden);
  Party party = accept(world);
  party.hear(peer.frame('H', {}), start_time());
  KITH_ASSERT(peer.read(party.say(start_time())).has_value());
  expect_nothing(party, peer.frame('F', payload), payload.size() + 64);
}

/// The same for flows whose first message has a payload.
void send_first(World& world, Flow flow, ByteView payload) {
  RawPeer peer(world.nobody, world.self, flow);
  Party party = accept(world);
  expect_nothing(party, peer.frame(static_cast<Byte>(flow), payload), payload.size() + 200);
}

/// A responder and an honest handshake of flow `S`, whose first record alone is foreign.
void prove(World& world, ByteView items) {
  RawPeer peer(world.nobody, world.self, Flow::sealed);
  Party party = accept(world);
  party.hear(peer.frame('S', {}), start_time());
  KITH_ASSERT(peer.read(party.say(start_time())).has_value());
  Bytes plaintext(items.begin(), items.end());
  crypto::pad(plaintext, kRecordBlock);
  expect_nothing(party, peer.record(plaintext), plaintext.size() + 64);
}

void run(ByteView script) {
  World world;
  const std::size_t piece = 1U + script[1];
  const ByteView bytes = script.subspan(2);
  constexpr Flow kFlows[] = {Flow::sealed, Flow::connection, Flow::open,
                             Flow::hidden, Flow::ticket,     Flow::reconnect};
  switch (script[0] % 8) {
    case 0: {
      Party party = accept(world);
      return expect_nothing(party, bytes, piece);
    }
    case 1: {
      Party party = dial(world, DialTarget{});
      return expect_nothing(party, bytes, piece);
    }
    case 2: {
      Party party = dial(world, world.nobody.target(kFlows[script[0] / 8 % 6]));
      return expect_nothing(party, bytes, piece);
    }
    case 3:
      return finish_hidden(world, bytes);
    case 4:
      return send_first(world, Flow::connection, bytes);
    case 5:
      return send_first(world, Flow::ticket, bytes);
    case 6:
      return send_first(world, Flow::open, bytes);
    default:
      return prove(world, bytes);
  }
}

}  // namespace
}  // namespace kith::overlay::test

/// Neither role of any flow opens, asks or delivers anything without a peer that proves itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2 && size < 8'192) kith::overlay::test::run({data, size});
  return 0;
}
