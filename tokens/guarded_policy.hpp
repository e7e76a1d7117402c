#pragma once

#include <array>
#include <optional>

#include <kith/policy.hpp>

namespace kith {

/// Asks a policy so that every question has exactly one answer: a hook that throws, or drops the
/// answer, said no, and what it says afterwards is not heard.  All drivers ask through this.
class GuardedPolicy {
 public:
  /// `policy` outlives this.
  explicit GuardedPolicy(Policy& policy) : policy_(&policy) {}

  void ask(const PolicyQuestion& question, Answer answer);
  void account(const Exchanged& exchanged);
  [[nodiscard]] std::optional<std::array<Byte, 32>> trusted_key(const Fingerprint& issuer) const;

 private:
  Policy* policy_;
};

}  // namespace kith
