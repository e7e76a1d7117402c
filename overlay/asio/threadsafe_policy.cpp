#include "overlay/asio/threadsafe_policy.hpp"

#include <utility>

namespace kith::overlay {
namespace {

/// Gives `answer` to the node's turns, once; none is a no.
class Messenger {
 public:
  Messenger(Answer answer, std::weak_ptr<Driver> driver)
      : answer_(std::make_unique<Answer>(std::move(answer))), driver_(std::move(driver)) {}
  Messenger(Messenger&&) noexcept = default;
  Messenger& operator=(Messenger&&) = delete;
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;
  ~Messenger() { bring(Verdict::no); }

  void operator()(Verdict verdict) { bring(verdict); }

 private:
  void bring(Verdict verdict) {
    auto answer = std::exchange(answer_, nullptr);
    const auto driver = answer ? driver_.lock() : nullptr;
    // Moved, so that what it refers to is touched in turns alone.
    if (driver)
      driver->submit([moved = std::move(answer), verdict](Engine&, Instant) { (*moved)(verdict); });
  }

  std::unique_ptr<Answer> answer_;
  std::weak_ptr<Driver> driver_;
};

}  // namespace

void ThreadsafePolicy::authenticate(const Token& token, Answer answer) {
  policy_->authenticate(token, Messenger(std::move(answer), driver_));
}

void ThreadsafePolicy::authorize(const Token& peer, const Request& request, Answer answer) {
  policy_->authorize(peer, request, Messenger(std::move(answer), driver_));
}

}  // namespace kith::overlay
