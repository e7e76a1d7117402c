#pragma once

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

 private:
  Policy* policy_;
};

}  // namespace kith
