#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <kith/blocked.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

namespace kith {

/// Whom a node has nothing to do with, whatever its policy and its relationships say: nodes, with
/// which no session comes about and which are not dialed, and identities, to which the policy's
/// answer is no.  When we dial a node we do not learn who uses it: to be rid of somebody, block
/// both.  Each block ends by itself.  The list is kept in the node's store (`NodeConfig::store`);
/// without one it holds for the life of the node.
///
/// All methods may be called from any thread and wait; in a callback of the node they fail at once
/// with `Errc::would_block`.  Where nothing may wait, as on the only thread of an executor that
/// runs the node, there are `async_block`, `async_unblock` and `async_list` (<kith/asio.hpp>).
class BlockList {
 public:
  /// `who` is a node or an identity; from now on, for so long; whoever is blocked for longer stays
  /// so.  Sessions with a node, and with those that joined as an identity, end at once.
  /// `Errc::out_of_range` if that is this node, or for no time or more than `kBlockLifeMax`;
  /// `limit_reached` beyond 10,000, or 1,024 calls that wait; `store_failed` if it holds for the
  /// life of the node alone.
  [[nodiscard]] Result<void> add(const Fingerprint& who, Duration life, Duration timeout);
  /// `Errc::not_found` if it was not blocked; `store_failed` if the next start will not know.
  [[nodiscard]] Result<void> remove(const Fingerprint& who, Duration timeout);
  /// In the order of the fingerprints.
  [[nodiscard]] Result<std::vector<Blocked>> list(Duration timeout);

  class State;

 private:
  friend class Node;
  friend struct AsyncStart;
  explicit BlockList(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace kith
