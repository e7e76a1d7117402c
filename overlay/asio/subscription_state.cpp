#include "overlay/asio/subscription_state.hpp"

#include <utility>

namespace kith {

void Subscription::State::wait_for_match(const std::shared_ptr<State>& self, Duration timeout,
                                         overlay::Done<> done) {
  const auto node = self->driver.lock();
  if (!node) return done(std::unexpected(Errc::shutting_down));
  const auto check = [weak = std::weak_ptr(self)]() -> std::optional<Result<void>> {
    const auto state = weak.lock();
    if (!state) return std::unexpected(Errc::shutting_down);
    if (state->ended) return std::unexpected(*state->ended);
    if (state->senders > 0) return Result<void>{};
    return std::nullopt;
  };
  node->wait_for(check, timeout, std::move(done));
}

void Subscription::State::acknowledge(const std::shared_ptr<State>& self, std::uint64_t count) {
  const auto node = self->driver.lock();
  if (!node) return;
  node->submit([self, count](overlay::Engine& engine, Instant) {
    if (self->id && !self->ended) engine.acknowledge(*self->id, count);
  });
}

}  // namespace kith
