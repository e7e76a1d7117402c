#include <cstdint>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/router/messages.hpp"
#include "tests/overlay/host.hpp"

/// One record with one message in, what the engine does about it out: a traced route, answered over
/// the same session.  Beside it the two operations of the cipher that nobody can do without.
namespace kith::overlay {
namespace {

constexpr std::int64_t kRecords = 20'000;
/// A record with a short message, padded.
constexpr std::size_t kRecordBytes = 256;

/// A peer that has joined a node, and what it says, a record each.
class Conversation {
 public:
  Conversation()
      : connection_(host_.accept()),
        party_(Session::dial(peer_.local, host_.target(host_.now.wall), test::default_config(),
                             peer_.random, host_.now)) {
    host_.converse(connection_, party_);
    KITH_ASSERT(host_.engine.status().sessions == 1);
    const Bytes payload = encode_bare(MessageKind::trace);
    for (std::uint32_t number = 0; number < kRecords; ++number) {
      RouteMessage message;
      message.number = number;
      message.key = host_.engine.id();
      message.hops_left = 5;
      message.payload = payload;
      KITH_ASSERT(party_.session.send({encode(message)}).has_value());
      records_.push_back(party_.say(host_.now));
    }
  }

  /// How many bytes the engine answers to the next record.
  std::size_t step() {
    host_.hear(connection_, records_[next_++]);
    return std::exchange(host_.said[connection_], {}).size();
  }

 private:
  test::Host host_;
  test::TestNode peer_{100};
  ConnectionId connection_;
  test::Party party_;
  std::vector<Bytes> records_;
  std::size_t next_ = 0;
};

void input_to_output(benchmark::State& state) {
  Conversation conversation;
  for (auto _ : state) KITH_ASSERT(conversation.step() > 0);
  state.SetItemsProcessed(state.iterations());
}

void open_and_seal_bare(benchmark::State& state) {
  const crypto::CipherKey key;
  const Bytes clear(kRecordBytes);
  Bytes sealed(clear.size() + crypto::Cipher::kTagBytes);
  Bytes opened(clear.size());
  Bytes answer(sealed.size());
  crypto::chacha20_poly1305().seal(key, 0, {}, clear, sealed);
  for (auto _ : state) {
    KITH_ASSERT(crypto::chacha20_poly1305().open(key, 0, {}, sealed, opened).has_value());
    crypto::chacha20_poly1305().seal(key, 1, {}, opened, answer);
    benchmark::DoNotOptimize(answer.data());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(input_to_output)->Iterations(kRecords);
BENCHMARK(open_and_seal_bare);

}  // namespace
}  // namespace kith::overlay
