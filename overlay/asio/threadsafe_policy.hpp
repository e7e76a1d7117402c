#pragma once

#include <memory>

#include <kith/policy.hpp>

#include "overlay/asio/driver.hpp"

namespace kith::overlay {

/// A policy whose answers may come from any thread: they are brought to the turns of the node, and
/// so is the loss of one that is dropped.
class ThreadsafePolicy final : public Policy {
 public:
  ThreadsafePolicy(std::unique_ptr<Policy> policy, std::weak_ptr<Driver> driver)
      : policy_(std::move(policy)), driver_(std::move(driver)) {}

  void authenticate(const Token& token, Answer answer) override;
  void authorize(const Token& peer, const Request& request, Answer answer) override;
  void account(const Exchanged& exchanged) override { policy_->account(exchanged); }

 private:
  const std::unique_ptr<Policy> policy_;
  const std::weak_ptr<Driver> driver_;
};

}  // namespace kith::overlay
