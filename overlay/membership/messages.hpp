#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/message_kind.hpp"

namespace kith::overlay {

/// The most tokens that one piggy carries.
inline constexpr std::size_t kPiggyTokensMax = 48;

/// The first message of a dialer: [1, role, entering, identity, proof].
struct JoinMessage {
  Participation role = Participation::member;
  /// The dialer has no other peer yet: tell the overlay of it.
  bool entering = false;
  /// The identity token, where the node key does not speak for itself (R39); otherwise empty.
  ByteView identity{};
  /// The identity's signature over this very session (R40); there if and only if `identity` is.
  std::optional<crypto::Signature> proof{};
};

/// Tokens of nodes that may be of use: [5, complete, [token…]].
struct PiggyMessage {
  /// It comes from the node closest to us, after all others on the way to it had their say.
  bool complete = false;
  std::vector<ByteView> tokens{};
};

[[nodiscard]] Bytes encode(const JoinMessage& message);
[[nodiscard]] Bytes encode(const PiggyMessage& message);
/// [4, token]: this node is new.
[[nodiscard]] Bytes encode_update(ByteView token);
/// [24, token]: the same, on its way towards the newcomer's own fingerprint.
[[nodiscard]] Bytes encode_announce(ByteView token);
/// [2, role]: you are in, and this is how I take part.
[[nodiscard]] Bytes encode_acknowledge(Participation role);
/// [3, later]: you are not in; if `later`, only not yet, so try again soon.
[[nodiscard]] Bytes encode_not_acknowledged(bool later);
/// [kind]: leave, lookup, trace.
[[nodiscard]] Bytes encode_bare(MessageKind kind);

/// What kind of message `bytes` are, by its first element; no more is checked.
[[nodiscard]] Result<MessageKind> peek_kind(ByteView bytes);

/// The views point into `bytes`.
[[nodiscard]] Result<JoinMessage> decode_join(ByteView bytes);
[[nodiscard]] Result<PiggyMessage> decode_piggy(ByteView bytes);
/// The token of an update or an announcement.
[[nodiscard]] Result<ByteView> decode_token_message(ByteView bytes, MessageKind kind);
[[nodiscard]] Result<Participation> decode_acknowledge(ByteView bytes);
/// Whether it is only not yet.
[[nodiscard]] Result<bool> decode_not_acknowledged(ByteView bytes);
[[nodiscard]] Result<void> decode_bare(ByteView bytes, MessageKind kind);

/// What the identity of a join signs: "kith/1 join", the session id and the node's fingerprint.
[[nodiscard]] Bytes join_statement(const Fingerprint& session_id, const Fingerprint& node);

}  // namespace kith::overlay
