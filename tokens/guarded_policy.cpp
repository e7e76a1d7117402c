#include "tokens/guarded_policy.hpp"

#include <memory>
#include <utility>

namespace kith {
namespace {

class Pending;

/// The call of a hook.  While it lasts it holds the answer back, because the hook may still throw.
struct Call {
  Answer answer;
  std::optional<Verdict> verdict;
  Pending* pending = nullptr;
};

/// What the policy's `Answer` refers to, wherever the policy keeps it: the call while the hook
/// runs, the answer itself afterwards.
class Pending {
 public:
  explicit Pending(Call& call) : call_(&call) { call.pending = this; }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    settle(Verdict::no);
    if (call_ != nullptr) call_->pending = nullptr;
  }

  /// The first verdict counts.
  void settle(Verdict verdict) {
    if (call_ != nullptr) {
      if (!call_->verdict) call_->verdict = verdict;
    } else if (answer_) {
      std::exchange(answer_, nullptr)(verdict);
    }
  }

  /// The hook has returned; `answer` is empty if nothing more is to be said.
  void outlive_call(Answer answer) {
    call_ = nullptr;
    answer_ = std::move(answer);
  }

 private:
  Call* call_;
  Answer answer_;
};

template <class Hook>
void ask_once(Hook hook, Answer answer) {
  Call call{.answer = std::move(answer), .verdict = {}, .pending = nullptr};
  auto pending = std::make_unique<Pending>(call);
  try {
    hook([pending = std::move(pending)](Verdict verdict) { pending->settle(verdict); });
  } catch (...) {
    call.verdict = Verdict::no;
  }
  if (call.verdict) {
    if (call.pending != nullptr) call.pending->outlive_call(nullptr);
    call.answer(*call.verdict);
  } else {
    call.pending->outlive_call(std::move(call.answer));
  }
}

}  // namespace

void GuardedPolicy::ask(const PolicyQuestion& question, Answer answer) {
  const auto hook = [&](Answer guarded) {
    if (const auto* who = std::get_if<AuthenticateQuestion>(&question))
      return policy_->authenticate(who->token, std::move(guarded));
    const auto& what = std::get<AuthorizeQuestion>(question);
    policy_->authorize(what.peer, what.request, std::move(guarded));
  };
  ask_once(hook, std::move(answer));
}

void GuardedPolicy::account(const Exchanged& exchanged) {
  try {
    policy_->account(exchanged);
  } catch (...) {
    // Nobody waits for an answer, and what was exchanged was exchanged.
  }
}

}  // namespace kith
