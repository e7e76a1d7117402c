#pragma once

#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "overlay/asio/driver.hpp"

namespace kith::overlay {

/// What outlives a node keeps of it.
class DriverLink {
 public:
  DriverLink() = default;
  /// `afterwards` takes the place of the driver's executor once that is gone, and must not be that
  /// one: its strand must not outlive what it runs on.
  DriverLink(std::weak_ptr<Driver> driver, boost::asio::any_io_executor afterwards)
      : driver_(std::move(driver)), afterwards_(std::move(afterwards)) {}

  /// Nothing when the node is gone.
  [[nodiscard]] std::shared_ptr<Driver> lock() const { return driver_.lock(); }
  /// Where handlers are called.
  [[nodiscard]] boost::asio::any_io_executor executor() const {
    const auto driver = driver_.lock();
    return driver ? driver->executor() : afterwards_;
  }

 private:
  std::weak_ptr<Driver> driver_;
  boost::asio::any_io_executor afterwards_;
};

}  // namespace kith::overlay
