#include "overlay/sim/live_members.hpp"

#include <array>
#include <iterator>

namespace kith::sim {
namespace {

using IdBytes = std::array<Byte, Fingerprint::kBytes>;

void flip(IdBytes& bytes, int bit) {
  bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<Byte>(0x80U >> bit % 8);
}

/// The first id that agrees with `id` before `bit` and has the value of `id` at `bit`.
Fingerprint first_with_prefix(const Fingerprint& id, int bit) {
  IdBytes bytes = id.bytes();
  for (int i = bit + 1; i < Fingerprint::kBits; ++i) {
    if (Fingerprint(bytes).bit(i)) flip(bytes, i);
  }
  return Fingerprint(bytes);
}

}  // namespace

std::optional<std::uint32_t> LiveMembers::closest(const Fingerprint& key) const {
  if (members_.empty()) return std::nullopt;
  // Follow the key bit by bit through the implicit trie; where nobody shares the next bit, go on
  // in the other half.  `wanted` holds the way taken so far, then the rest of the key.
  Fingerprint wanted = key;
  for (int bit = 0; bit < Fingerprint::kBits; ++bit) {
    auto member = members_.lower_bound(first_with_prefix(wanted, bit));
    const bool none = member == members_.end() || shared_prefix_bits(member->first, wanted) <= bit;
    if (none) {
      IdBytes bytes = wanted.bytes();
      flip(bytes, bit);
      wanted = Fingerprint(bytes);
      member = members_.lower_bound(first_with_prefix(wanted, bit));
    }
    const auto after = std::next(member);
    if (after == members_.end() || shared_prefix_bits(after->first, wanted) <= bit) {
      return member->second;
    }
  }
  return members_.find(wanted)->second;
}

}  // namespace kith::sim
