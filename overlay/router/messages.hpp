#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

namespace kith::overlay {

/// The most that a routed message may carry.
inline constexpr std::size_t kRoutedBytesMax = 64U << 10;
/// The most nodes that an answer records.
inline constexpr std::size_t kRecordedHopsMax = 64;

/// A message on its way towards a key: [16, number, key, target, avoid, hops left, recorded,
/// payload].  `number` is the sender's own for this hop, not the origin's: it tells nobody where
/// the message comes from.
struct RouteMessage {
  std::uint32_t number = 0;
  Fingerprint key;
  /// The node it is for, reached through whoever is closest to `key` or anyone on the way who has
  /// a session with it.  Nothing: it is for whoever is closest.
  std::optional<Fingerprint> target{};
  /// A node that it is never handed to and that does not count as closest: who it speaks of.
  std::optional<Fingerprint> avoid{};
  std::uint8_t hops_left = 0;
  /// Whether the answer shall name the nodes on the way.
  bool recorded = false;
  ByteView payload{};
};

enum class AnswerStatus : std::uint8_t {
  final = 0,        ///< The answer.
  partial = 1,      ///< From a node on the way; more follow.
  unreachable = 2,  ///< It came to its end without reaching the target.
};

/// What comes back, hop by hop: [17, number, status, hops, record, payload].
struct AnswerMessage {
  std::uint32_t number = 0;
  AnswerStatus status = AnswerStatus::final;
  /// Transmissions from the origin to who answered.
  std::uint8_t hops = 0;
  /// The nodes passed, the one that answered first; only if the route was recorded.
  std::vector<Fingerprint> record{};
  ByteView payload{};
};

[[nodiscard]] Bytes encode(const RouteMessage& message);
[[nodiscard]] Bytes encode(const AnswerMessage& message);

/// The views point into `bytes`.
[[nodiscard]] Result<RouteMessage> decode_route(ByteView bytes);
[[nodiscard]] Result<AnswerMessage> decode_answer(ByteView bytes);

}  // namespace kith::overlay
