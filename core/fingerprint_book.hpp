#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>
#include <kith/fingerprint.hpp>

#include "core/siphash.hpp"

namespace kith {

/// Gives each fingerprint a small number, so that what is held in many places costs four bytes in
/// each.  An entry lives as long as somebody holds a reference to it; then its number goes to the
/// next newcomer.  One book serves a node, or a whole simulated world.
class FingerprintBook {
 public:
  using Index = std::uint32_t;

  explicit FingerprintBook(const SipKey& key);
  FingerprintBook(const FingerprintBook&) = delete;
  FingerprintBook& operator=(const FingerprintBook&) = delete;
  ~FingerprintBook() = default;

  /// The number of `fingerprint`, which is entered if it is new; takes a reference.
  [[nodiscard]] Index intern(const Fingerprint& fingerprint);

  /// Takes one more reference.  @pre `index` is in use.
  void retain(Index index);

  /// Gives a reference back; with the last one the entry is gone.  @pre `index` is in use.
  void release(Index index);

  /// The number of `fingerprint` if it is entered; takes no reference.
  [[nodiscard]] std::optional<Index> find(const Fingerprint& fingerprint) const;

  /// Stays valid, in place, as long as the entry lives.  @pre `index` is in use.
  [[nodiscard]] const Fingerprint& operator[](Index index) const { return fingerprints_[index]; }

  /// How many fingerprints are entered.
  [[nodiscard]] std::size_t size() const { return by_fingerprint_.size(); }

 private:
  struct Hasher {
    using is_transparent = void;
    const FingerprintBook* book;
    std::size_t operator()(Index index) const { return (*this)((*book)[index]); }
    std::size_t operator()(const Fingerprint& fingerprint) const {
      return siphash(book->key_, fingerprint.view());
    }
  };
  struct Equal {
    using is_transparent = void;
    const FingerprintBook* book;
    bool operator()(Index a, Index b) const { return a == b; }
    bool operator()(const Fingerprint& a, Index b) const { return a == (*book)[b]; }
    bool operator()(Index a, const Fingerprint& b) const { return (*book)[a] == b; }
  };

  SipKey key_;
  std::deque<Fingerprint> fingerprints_;
  std::vector<std::uint32_t> references_;  // Parallel to fingerprints_; 0: free.
  std::vector<Index> free_;
  boost::unordered_flat_set<Index, Hasher, Equal> by_fingerprint_;
};

}  // namespace kith
