#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kith::noise {

/// One step of a message pattern (Noise §7).
enum class PatternToken : std::uint8_t { e, s, ee, es, se, ss, psk };

/// A handshake pattern as data: who knows what beforehand, and what each message carries.
struct Pattern {
  /// As it stands in the protocol name: "XX", "IKpsk2".
  std::string_view name;
  /// Pre-messages: `s` or nothing.  (Those of fallback patterns hold an `e`; none is here.)
  std::span<const PatternToken> initiator_before;
  std::span<const PatternToken> responder_before;
  /// The messages, alternating, the initiator's first.
  std::span<const std::span<const PatternToken>> messages;

  [[nodiscard]] bool is_one_way() const { return messages.size() == 1; }
};

/// Every pattern this engine knows.
[[nodiscard]] std::span<const Pattern> patterns();

/// The pattern of that name, or nothing.
[[nodiscard]] const Pattern* find_pattern(std::string_view name);

}  // namespace kith::noise
