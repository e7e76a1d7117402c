#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <kith/time.hpp>
#include <kith/token.hpp>

#include "tokens/extensions.hpp"

namespace kith {

/// A set of extension numbers.
class ExtensionSet {
 public:
  constexpr ExtensionSet(std::initializer_list<Extension> members) {
    for (Extension member : members) add(static_cast<std::uint64_t>(member));
  }
  constexpr void add(std::uint64_t number) { bits_ |= bit(number); }
  [[nodiscard]] constexpr bool has(std::uint64_t number) const {
    return (bits_ & bit(number)) != 0;
  }
  [[nodiscard]] constexpr bool includes(ExtensionSet other) const {
    return (other.bits_ & ~bits_) == 0;
  }

 private:
  static constexpr std::uint64_t bit(std::uint64_t number) {
    return number < 64 ? std::uint64_t{1} << number : 0;
  }
  std::uint64_t bits_ = 0;
};

/// What is particular to one kind of token.
struct KindRules {
  TokenKind kind;
  std::size_t bytes_max;
  Duration life_max;
  std::string_view signature_domain;
  bool signed_by_node;      ///< By the key of a node, not of an identity.
  bool held_by_all;         ///< May be a plain `Token`; the others have types of their own alone.
  bool countersigned;       ///< Has a thirteenth field: nothing yet, or a second signature.
  bool about_subject;       ///< Names a subject; all others must not.
  bool may_be_vouched_for;  ///< May be signed by another than the key that it is about.
  ExtensionSet required;
  ExtensionSet optional;
};

/// The name in the ring of the holder of `key`.
[[nodiscard]] Fingerprint signer_fingerprint(const KindRules& rules,
                                             const crypto::SigningPublicKey& key);

[[nodiscard]] const KindRules& rules_of(TokenKind kind);

/// Nothing for a number that is no kind.
[[nodiscard]] std::optional<TokenKind> token_kind(std::uint64_t number);

}  // namespace kith
