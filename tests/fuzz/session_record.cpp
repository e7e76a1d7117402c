#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

/// Small enough to be met.
constexpr std::size_t kMessageBytesMax = 600;

/// What a session that hears these items must deliver, by the plain reading of the rules.
struct Expected {
  std::vector<Bytes> messages;
  std::vector<Bytes> pings;
  bool closed = false;
  Bytes parts;

  void read(ByteView items) {
    closed = closed || items.empty();
    while (!closed && !items.empty()) {
      if (items.size() < 3) break;
      const std::size_t length = std::size_t{items[1]} * 256 + items[2];
      if (items.size() < 3 + length) break;
      take(items[0], items.subspan(3, length));
      items = items.subspan(3 + length);
    }
    closed = closed || !items.empty();
  }

  void take(Byte kind, ByteView body) {
    if (kind == 1 || (kind == 2 && !body.empty())) {
      append(parts, body);
      closed = parts.size() > kMessageBytesMax;
      if (kind == 2 || closed) return;
      messages.push_back(std::exchange(parts, {}));
    } else if (kind == 6 && body.size() == 8) {
      pings.emplace_back(body.begin(), body.end());
    } else {
      closed = !(kind == 0 && body.empty()) && !(kind == 7 && body.size() == 8);
    }
  }
};

/// Cuts the input into records of up to 500 bytes of items.
void run(ByteView input) {
  TestNode self(1);
  TestNode peer(2);
  SessionConfig config;
  config.message_bytes_max = kMessageBytesMax;
  OpenedByRawPeer open(peer, self, config);
  Expected expected;
  while (input.size() > 2 && !open.responder.closed) {
    const std::size_t bytes =
        std::min<std::size_t>(input.size() - 2, (input[0] * 256U + input[1]) % 500);
    Bytes items(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(bytes));
    input = input.subspan(2 + bytes);
    expected.read(items);
    crypto::pad(items, kRecordBlock);
    open.hear_record(items);
  }
  KITH_ASSERT(open.responder.messages == expected.messages);
  KITH_ASSERT(open.responder.closed.has_value() == expected.closed);

  Bytes pongs;
  for (const Bytes& ping : expected.pings) append(pongs, item(7, ping));
  const Bytes said = open.responder.say(open.now);
  if (expected.closed) {
    KITH_ASSERT(said.empty());
  } else if (!pongs.empty()) {
    crypto::pad(pongs, kRecordBlock);
    KITH_ASSERT(open.peer.open(said) == pongs);
  }
}

}  // namespace
}  // namespace kith::overlay::test

/// What the holder of the right keys may say in records.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 4'096) kith::overlay::test::run({data, size});
  return 0;
}
