#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/fingerprint_book.hpp"
#include "core/siphash.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay {

using ContactIndex = FingerprintBook::Index;

/// The nodes that somebody told us of, each once: a number for each fingerprint, and the newest
/// valid token seen.  Whoever else must name a node keeps the number.  One book serves one node, or
/// all nodes of a simulation, which then verify each token once and keep it once.
///
/// A token that is equal, byte for byte, to one already verified is neither verified nor decoded
/// again: most that one hears of are.
class ContactBook {
 public:
  /// `key` keeps others from slowing the look-up down by choosing what it holds.
  explicit ContactBook(const SipKey& key) : key_(key), ids_(key) {}

  /// Decodes and verifies `token`, keeps it if it is newer than what was there, and yields the
  /// node's number.  `Errc::wrong_realm` unless it names `realm`.
  [[nodiscard]] Result<ContactIndex> learn(ByteView token, const Fingerprint& realm,
                                           const crypto::Signatures& signatures, WallTime now);

  /// As `learn`, for a token that a session has verified.
  ContactIndex keep(NodeToken token);

  /// Keeps `token` whatever was there: our own.
  ContactIndex replace(NodeToken token);

  [[nodiscard]] std::optional<ContactIndex> find(const Fingerprint& id) const {
    return ids_.find(id);
  }
  [[nodiscard]] const Fingerprint& id(ContactIndex contact) const { return ids_[contact]; }
  [[nodiscard]] const NodeToken& token(ContactIndex contact) const;
  [[nodiscard]] const Endpoint& endpoint(ContactIndex contact) const;

  /// Forgets every node but these.  `used` is sorted.
  void retain(std::span<const ContactIndex> used);
  /// Whether that is worth its price, a look at all that is known: the book is not small, and twice
  /// as large as it was left the last time.
  [[nodiscard]] bool is_worth_sweeping() const { return size() >= sweep_from_; }

  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  /// The numbers themselves, for who needs no tokens.
  [[nodiscard]] FingerprintBook& ids() { return ids_; }

 private:
  /// Who it is whose token is kept in this very form.
  [[nodiscard]] std::optional<ContactIndex> find_token(ByteView token) const;
  [[nodiscard]] std::uint64_t hash(ByteView token) const { return siphash(key_, token); }
  void remember_token(ContactIndex contact);

  static constexpr std::size_t kContactsBeforeSweep = 4096;

  SipKey key_;
  FingerprintBook ids_;
  std::deque<std::optional<NodeToken>> tokens_;  // By number.
  /// Whose token is kept, by hash; what it says is true only if that token is the same.
  std::vector<ContactIndex> by_hash_;
  std::size_t sweep_from_ = kContactsBeforeSweep;
};

}  // namespace kith::overlay
