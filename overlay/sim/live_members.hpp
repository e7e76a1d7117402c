#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <kith/fingerprint.hpp>

namespace kith::sim {

/// The truth that no node knows as a whole: which members are alive, and which of them is closest
/// to a key.  Every operation is O(log n) steps of a map, `closest` that times the prefix bits by
/// which the members are told apart.
class LiveMembers {
 public:
  void add(const Fingerprint& id, std::uint32_t node) { members_.emplace(id, node); }
  void remove(const Fingerprint& id) { members_.erase(id); }

  /// Nothing if nobody lives.
  [[nodiscard]] std::optional<std::uint32_t> closest(const Fingerprint& key) const;

  [[nodiscard]] std::size_t size() const { return members_.size(); }

 private:
  std::map<Fingerprint, std::uint32_t> members_;
};

}  // namespace kith::sim
