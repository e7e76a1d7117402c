#include "core/fingerprint_book.hpp"

#include <limits>

#include "core/assert.hpp"

namespace kith {

FingerprintBook::FingerprintBook(const SipKey& key)
    : key_(key), by_fingerprint_(0, Hasher{this}, Equal{this}) {}

FingerprintBook::Index FingerprintBook::intern(const Fingerprint& fingerprint) {
  if (auto known = find(fingerprint)) {
    retain(*known);
    return *known;
  }
  Index index = 0;
  if (free_.empty()) {
    KITH_ASSERT(references_.size() < std::numeric_limits<Index>::max());
    index = static_cast<Index>(references_.size());
    fingerprints_.push_back(fingerprint);
    references_.push_back(1);
  } else {
    index = free_.back();
    free_.pop_back();
    fingerprints_[index] = fingerprint;
    references_[index] = 1;
  }
  by_fingerprint_.insert(index);
  return index;
}

void FingerprintBook::retain(Index index) {
  KITH_ASSERT(index < references_.size() && references_[index] > 0);
  ++references_[index];
}

void FingerprintBook::release(Index index) {
  KITH_ASSERT(index < references_.size() && references_[index] > 0);
  if (--references_[index] > 0) return;
  by_fingerprint_.erase(index);
  free_.push_back(index);
}

std::optional<FingerprintBook::Index> FingerprintBook::find(const Fingerprint& fingerprint) const {
  const auto found = by_fingerprint_.find(fingerprint);
  if (found == by_fingerprint_.end()) return std::nullopt;
  return *found;
}

}  // namespace kith
