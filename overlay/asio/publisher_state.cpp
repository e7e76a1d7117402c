#include "overlay/asio/publisher_state.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"

namespace kith {
namespace {

/// What waits for the node at most: enough for it to have something to do, and few enough for a
/// processor's cache.
constexpr std::size_t kStagedBytesMax = std::size_t{256} << 10;
constexpr std::size_t kStagedMessagesMax = 32'768;

PublisherStatus status_of(const overlay::PublisherInfo& info) {
  return {.receivers = info.receivers,
          .published = info.published,
          .owed = info.owed,
          .delivered = info.delivered,
          .expired = info.expired,
          .refused = info.refused,
          .unheard = info.unheard,
          .queued_messages = info.queued_messages,
          .queued_bytes = info.queued_bytes};
}

}  // namespace

Publisher::State::State(overlay::DriverLink driver, std::weak_ptr<Node::Runtime> runtime,
                        const overlay::Registry::Wish& wish, PublisherOptions options)
    : driver_(std::move(driver)),
      runtime_(std::move(runtime)),
      wish_(wish),
      options_(std::move(options)),
      staging_({.messages = std::min(options_.queue_messages, kStagedMessagesMax),
                .bytes = std::min(options_.queue_bytes, kStagedBytesMax)}) {}

/// Whether the engine can ever take it.
bool Publisher::State::fits(ByteView payload) const {
  constexpr std::size_t kLengthBytes = 4;
  return payload.size() <= overlay::kPayloadBytesMax &&
         payload.size() + kLengthBytes <= options_.queue_bytes && options_.queue_messages > 0;
}

Result<void> Publisher::State::publish(ByteView payload, const std::shared_ptr<State>& self) {
  auto tried = try_publish(payload, self);
  if (tried || tried.error() != Errc::would_block) return tried;
  // The node cannot make room while it waits for itself.
  if (const auto node = driver(); node && node->is_in_turn()) return tried;
  const auto appended = staging_.append(payload);
  if (!appended) return std::unexpected(appended.error());
  if (*appended) wake(self);
  return {};
}

Result<void> Publisher::State::try_publish(ByteView payload, const std::shared_ptr<State>& self) {
  if (!fits(payload)) return std::unexpected(Errc::too_long);
  const auto appended = staging_.try_append(payload);
  if (!appended) return std::unexpected(appended.error());
  if (*appended) wake(self);
  return {};
}

void Publisher::State::publish_later(ByteView payload, const std::shared_ptr<State>& self,
                                     overlay::Done<> done) {
  if (!fits(payload)) return done(std::unexpected(Errc::too_long));
  if (staging_.append_later(payload, std::move(done))) wake(self);
}

void Publisher::State::wake(const std::shared_ptr<State>& self) const {
  const auto node = driver();
  if (!node) return;
  node->submit([weak = std::weak_ptr(self)](overlay::Engine& engine, Instant now) {
    if (const auto state = weak.lock()) state->move_on(engine, now);
  });
}

void Publisher::State::move_on(overlay::Engine& engine, Instant now) {
  bool more = id_.has_value();
  while (more) {
    if (!hand_over(engine, now)) return;
    more = staging_.fetch(batch_);
    if (!hand_over(engine, now)) return;
  }
}

/// Whether the engine took all of the batch; otherwise it says when there is room again.
bool Publisher::State::hand_over(overlay::Engine& engine, Instant now) {
  while (const auto payload = batch_.front()) {
    const auto accepted = engine.publish(*id_, *payload, now);
    if (!accepted && accepted.error() == Errc::would_block) return false;
    KITH_ASSERT(accepted.has_value());
    batch_.drop_front();
  }
  return true;
}

void Publisher::State::count_receiver(int change) { receivers_ += change; }

void Publisher::State::end(const overlay::Engine& engine, Errc why) {
  staging_.close(why);
  if (ended_) return;
  ended_ = why;
  if (id_) last_ = status_of(engine.publisher(*id_));
  id_.reset();
}

void Publisher::State::wait_for_match(const std::shared_ptr<State>& self, Duration timeout,
                                      overlay::Done<> done) const {
  wait_until([](const State& state) { return state.receivers_ > 0; }, self, timeout,
             std::move(done));
}

void Publisher::State::drain(const std::shared_ptr<State>& self, Duration timeout,
                             overlay::Done<> done) const {
  wait_until([](const State& state) { return state.is_drained(); }, self, timeout, std::move(done));
}

/// An error if it ends before `is_so`.
template <class Condition>
void Publisher::State::wait_until(Condition is_so, const std::shared_ptr<State>& self,
                                  Duration timeout, overlay::Done<> done) const {
  const auto node = driver();
  if (!node) return done(std::unexpected(Errc::shutting_down));
  const auto check = [weak = std::weak_ptr(self), is_so]() -> std::optional<Result<void>> {
    const auto state = weak.lock();
    if (!state) return std::unexpected(Errc::shutting_down);
    if (state->ended_) return std::unexpected(*state->ended_);
    if (is_so(*state)) return Result<void>{};
    return std::nullopt;
  };
  node->wait_for(check, timeout, std::move(done));
}

bool Publisher::State::is_drained() const {
  if (!id_ || !batch_.is_empty() || staging_.waiting().messages > 0) return false;
  const auto node = driver();
  // What was sent may be acknowledged even when the queue has forgotten it.
  return node && node->look([&](const overlay::Engine& engine) {
    return status_of(engine.publisher(*id_)).in_flight() == 0;
  });
}

PublisherStatus Publisher::State::status() const {
  const auto node = driver();
  if (!node) return last_;
  return node->look([&](const overlay::Engine& engine) {
    PublisherStatus status = id_ ? status_of(engine.publisher(*id_)) : last_;
    const auto waiting = staging_.waiting();
    status.queued_messages += waiting.messages;
    status.queued_bytes += waiting.bytes;
    return status;
  });
}

}  // namespace kith
