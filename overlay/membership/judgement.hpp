#pragma once

#include <chrono>
#include <compare>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"

/// What a node that cannot judge a join asks the leader of its realm, and the answer: canonical
/// msgpack arrays that begin with their `MessageKind` (docs/protocol.md §6, realm leader).
///
///     judge     = [27, identity token | empty, node token]
///     judgement = [28, identity, node, admitted, issued at, until, signature]
namespace kith::overlay {

/// Under this name the leader of a realm declares that it receives, and whoever has a question for
/// it that it sends.
inline constexpr std::string_view kRealmLeaderSubject = "kith/realm-leader";

/// The longest that a judgement holds.
inline constexpr Duration kJudgementLifeMax{std::chrono::hours(24)};

/// Who wants to join: an identity at a node.  Where the node speaks for itself both are the node.
struct Joiner {
  Fingerprint identity;
  Fingerprint node;

  friend auto operator<=>(const Joiner&, const Joiner&) = default;
};

/// Judge this one.  The views point into what was read.
struct JudgeMessage {
  ByteView identity;  ///< Empty: the node speaks for itself.
  ByteView node;
};

/// What the leader says of a joiner, signed by the identity that leads the realm.
struct Judgement {
  Joiner joiner;
  bool admitted = false;
  WallTime issued_at;
  WallTime until;
  crypto::Signature signature{};

  friend bool operator==(const Judgement&, const Judgement&) = default;
};

/// Signs everything but `what.signature`, and sets that.
[[nodiscard]] Judgement sign_judgement(Judgement what, const crypto::SigningKeyPair& leader,
                                       const crypto::Signatures& signatures);

/// Dates and signature: `Errc::life_too_long`, `not_yet_valid`, `expired`, `bad_signature`.
[[nodiscard]] Result<void> verify(const Judgement& judgement,
                                  const crypto::SigningPublicKey& leader,
                                  const crypto::Signatures& signatures, WallTime now);

[[nodiscard]] Bytes encode(const JudgeMessage& message);
[[nodiscard]] Bytes encode(const Judgement& judgement);
[[nodiscard]] Result<JudgeMessage> decode_judge(ByteView bytes);
[[nodiscard]] Result<Judgement> decode_judgement(ByteView bytes);

}  // namespace kith::overlay
