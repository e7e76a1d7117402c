#include "core/siphash.hpp"

#include <bit>
#include <cstddef>

#include "core/little_endian.hpp"

namespace kith {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash(const SipKey& key, ByteView bytes) {
  const std::uint64_t k0 = load_little_endian(ByteView(key).first<8>());
  const std::uint64_t k1 = load_little_endian(ByteView(key).last<8>());
  State state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
              k1 ^ 0x7465646279746573U};
  const auto length = static_cast<std::uint64_t>(bytes.size());
  for (; bytes.size() >= 8; bytes = bytes.subspan(8))
    state.absorb(load_little_endian(bytes.first(8)));
  state.absorb(load_little_endian(bytes) | length << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace kith
