#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

namespace kith {

/// What a token states.  The numbers go over the wire; others are refused as unknown.
enum class TokenKind : std::uint8_t {
  node = 1,          ///< "This node listens here, with this key."  Signed by the node.
  identity = 2,      ///< "This person, device or service uses that node."
  intent = 3,        ///< "This identity sends or receives this subject at that node."
  ticket = 4,        ///< "Whoever shows this may connect once, for this purpose."  Holds a secret.
  relationship = 5,  ///< "These two deal with each other, through these nodes."  Signed by both.
};

/// Whether others can open connections to a node.
enum class Reachability : std::uint8_t { direct = 0, outbound_only = 1 };

enum class IntentRole : std::uint8_t { send = 1, receive = 2, both = 3 };

/// What a ticket lets its holder connect for.
enum class TicketPurpose : std::uint8_t {
  relationship = 1,  ///< To ask for a relationship.
};

/// Names one token; drawn at random when it is issued.
using Uuid = std::array<Byte, 16>;

inline constexpr std::size_t kTokenBytesMax = 1024;
inline constexpr std::size_t kIntentTokenBytesMax = 2048;
inline constexpr std::size_t kRelationshipTokenBytesMax = 2048;

inline constexpr Duration kNodeTokenLifeMax = std::chrono::hours(24 * 30);
inline constexpr Duration kIdentityTokenLifeMax = std::chrono::hours(24 * 365);
inline constexpr Duration kIntentTokenLifeMax = std::chrono::hours(24);
inline constexpr Duration kTicketTokenLifeMax = std::chrono::hours(24 * 30);
inline constexpr Duration kRelationshipTokenLifeMax = std::chrono::hours(24 * 365 * 5);

/// The end of the year 9999: dates behind it are refused, so that arithmetic on dates stays exact.
inline constexpr WallTime kTokenTimeMax{Duration(253'402'300'799'999'999)};

/// How far the clocks of two nodes may differ when a token's dates are judged.
inline constexpr Duration kClockSkewMax = std::chrono::minutes(5);

/// A signed statement, well formed and consistent in itself: whatever its own bytes can tell has
/// been checked, its signature and dates have not (`tokens/verify.hpp`).  Immutable.
///
/// It is kept as the bytes that it came in, and most fields are read from there, so that nothing
/// is ever encoded again to be verified and a node can afford to hold thousands.
class Token {
 public:
  /// Reads a node, identity or intent.  `Errc::wrong_kind` for a ticket, whose secret needs a type
  /// that wipes it, and for a relationship, which one signature does not make.
  [[nodiscard]] static Result<Token> decode(ByteView bytes);

  [[nodiscard]] TokenKind kind() const;
  [[nodiscard]] Uuid uuid() const;
  /// All zeros: the public realm.
  [[nodiscard]] Fingerprint realm() const;
  /// The fingerprint of the key that signed: `fingerprint()`, if nobody else vouches for it.
  [[nodiscard]] Fingerprint issuer() const;
  /// What an intent is about; all zeros in other kinds.
  [[nodiscard]] Fingerprint subject() const;
  /// All zeros: anyone in the realm.  Otherwise one identity, or everyone in one realm.
  [[nodiscard]] Fingerprint audience() const;
  [[nodiscard]] WallTime issued_at() const { return issued_at_; }
  [[nodiscard]] WallTime not_before() const { return not_before_; }
  [[nodiscard]] WallTime expires_at() const { return expires_at_; }
  /// The Ed25519 key of the node or identity that the token is about.
  [[nodiscard]] std::array<Byte, 32> public_key() const;
  [[nodiscard]] std::array<Byte, 64> signature() const;

  /// The place in the ring of the node or identity; for an intent, of the identity that declared
  /// it.
  [[nodiscard]] const Fingerprint& fingerprint() const { return fingerprint_; }

  /// The encoding; valid as long as the token is neither moved from nor destroyed.
  [[nodiscard]] ByteView raw() const { return raw_; }
  /// What the signature covers, after the domain of the kind.
  [[nodiscard]] ByteView signed_part() const;

  friend bool operator==(const Token& a, const Token& b) { return a.raw_ == b.raw_; }

 private:
  friend class TicketToken;
  friend class TokenDecoder;
  Token() = default;

  Bytes raw_;
  Fingerprint fingerprint_;
  WallTime issued_at_;
  WallTime not_before_;
  WallTime expires_at_;
  std::uint16_t public_key_at_ = 0;
};

}  // namespace kith
