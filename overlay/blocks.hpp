#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include <kith/blocked.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

namespace kith::overlay {

/// Whom a node has nothing to do with, nodes and identities, each until a date.
class Blocks {
 public:
  /// As many as the store keeps.
  static constexpr std::size_t kMax = 10'000;

  explicit Blocks(std::span<const Blocked> kept = {});

  /// Whoever is blocked for longer stays so.  `Errc::limit_reached`.
  Result<void> add(const Blocked& block, WallTime now);
  /// Whether there was a block, over or not.
  bool remove(const Fingerprint& who);

  [[nodiscard]] bool contains(const Fingerprint& who, WallTime now) const;
  [[nodiscard]] bool empty() const { return until_.empty(); }
  /// Those that hold.
  [[nodiscard]] std::vector<Blocked> all(WallTime now) const;

 private:
  std::map<Fingerprint, WallTime> until_;
};

}  // namespace kith::overlay
