#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <kith/node.hpp>

#include "overlay/asio/driver_link.hpp"
#include "overlay/asio/registry.hpp"

namespace kith {

/// What a subscription and its node share.  Written in turns of the node alone, but for
/// `is_over`, after which nobody is called any more.
class Subscription::State {
 public:
  State(overlay::DriverLink its_driver, std::weak_ptr<Node::Runtime> its_runtime,
        std::string its_name, overlay::Registry::Wish its_wish,
        std::function<void(const Message&)> its_callback, SubscriptionOptions its_options)
      : driver(std::move(its_driver)),
        runtime(std::move(its_runtime)),
        name(std::move(its_name)),
        wish(its_wish),
        on_message(std::move(its_callback)),
        options(std::move(its_options)) {}

  static void wait_for_match(const std::shared_ptr<State>& self, Duration timeout,
                             overlay::Done<> done);
  static void acknowledge(const std::shared_ptr<State>& self, std::uint64_t count);

  const overlay::DriverLink driver;
  const std::weak_ptr<Node::Runtime> runtime;
  const std::string name;
  const overlay::Registry::Wish wish;
  const std::function<void(const Message&)> on_message;
  const SubscriptionOptions options;
  std::atomic<bool> is_over = false;

  std::optional<overlay::SubscriptionId> id;
  std::optional<Errc> ended;
  int senders = 0;
};

}  // namespace kith
