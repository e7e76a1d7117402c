#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <kith/block_list.hpp>

#include "overlay/asio/driver_link.hpp"
#include "overlay/asio/keeper.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {

/// What a node's block list needs: who obeys it, and who keeps it.
class BlockList::State : public std::enable_shared_from_this<BlockList::State> {
 public:
  /// `keeper` is nothing for a node without a store.
  State(overlay::DriverLink driver, std::weak_ptr<overlay::Keeper> keeper)
      : driver_(std::move(driver)), keeper_(std::move(keeper)) {}

  // From any thread.

  [[nodiscard]] std::shared_ptr<overlay::Driver> driver() const { return driver_.lock(); }
  [[nodiscard]] boost::asio::any_io_executor executor() const { return driver_.executor(); }
  void add(const Fingerprint& who, Duration life, Duration timeout, overlay::Done<> done);
  void remove(const Fingerprint& who, Duration timeout, overlay::Done<> done);
  void list(Duration timeout, overlay::Done<std::vector<Blocked>> done) const;

 private:
  // In turns of the node.
  [[nodiscard]] Result<void> add(const Fingerprint& who, Duration life, overlay::Engine& engine,
                                 Instant now);
  [[nodiscard]] Result<void> remove(const Fingerprint& who, overlay::Engine& engine);

  overlay::DriverLink driver_;
  std::weak_ptr<overlay::Keeper> keeper_;
};

}  // namespace kith
