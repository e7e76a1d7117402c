#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <kith/token.hpp>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "tokens/issue.hpp"

namespace kith {
namespace {

/// One good token of each kind, as a place to begin.
const std::array<Bytes, 3>& good_tokens() {
  static const std::array<Bytes, 3> kTokens = [] {
    SeededRandom random(1);
    const auto key = crypto::ed25519().generate(random);
    const WallTime now{std::chrono::hours(480'000)};
    const auto raw = [](const auto& issued) {
      KITH_ASSERT(issued.has_value());
      const ByteView view = issued->token.raw();
      return Bytes(view.begin(), view.end());
    };
    const auto node = issue_node_token(
        {.issued_at = now, .endpoints = {Endpoint::v4({127, 0, 0, 1}, 3141)}, .static_key = {9}},
        key, crypto::ed25519(), random);
    const auto identity = issue_identity_token({.issued_at = now, .node = Fingerprint({7})}, key,
                                               crypto::ed25519(), random);
    const auto intent = issue_intent_token(
        {.subject = Fingerprint({1}), .issued_at = now, .threshold = 300, .node = Fingerprint({7})},
        key, crypto::ed25519(), random);
    return std::array{raw(node), raw(identity), raw(intent)};
  }();
  return kTokens;
}

/// The bytes as they are, or, by the first byte, a good token with every three bytes that follow
/// saying where another byte is put.
Bytes token_from(ByteView input) {
  if (input.empty()) return {};
  const std::size_t choice = input[0] % 4;
  input = input.subspan(1);
  if (choice == 3) return {input.begin(), input.end()};
  Bytes bytes = good_tokens()[choice];
  for (; input.size() >= 3; input = input.subspan(3))
    bytes[(input[0] * 256U + input[1]) % bytes.size()] = input[2];
  return bytes;
}

/// A token that is accepted is kept as it came, and what it says lies within its limits.
void check_token(ByteView bytes) {
  const auto token = Token::decode(bytes);
  if (!token) return;
  KITH_ASSERT(std::ranges::equal(token->raw(), bytes));
  KITH_ASSERT(bytes.size() <= kIntentTokenBytesMax);
  KITH_ASSERT(token->signed_part().size() + token->signature().size() == bytes.size());
  KITH_ASSERT(token->issued_at() <= token->not_before());
  KITH_ASSERT(token->not_before() < token->expires_at());
  KITH_ASSERT(token->expires_at() <= kTokenTimeMax);
  const int kinds = (decode_node_token(bytes) ? 1 : 0) + (decode_identity_token(bytes) ? 1 : 0) +
                    (decode_intent_token(bytes) ? 1 : 0);
  KITH_ASSERT(kinds == 1);
}

}  // namespace
}  // namespace kith

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kith::check_token(kith::token_from({data, size}));
  return 0;
}
