#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

#include <kith/node.hpp>

#include "overlay/asio/driver_link.hpp"
#include "overlay/asio/registry.hpp"
#include "overlay/asio/staging.hpp"

namespace kith {

/// What a publisher and its node share.
class Publisher::State {
 public:
  State(overlay::DriverLink driver, std::weak_ptr<Node::Runtime> runtime,
        const overlay::Registry::Wish& wish, PublisherOptions options);

  // From any thread.

  [[nodiscard]] Result<void> publish(ByteView payload, const std::shared_ptr<State>& self);
  [[nodiscard]] Result<void> try_publish(ByteView payload, const std::shared_ptr<State>& self);
  void publish_later(ByteView payload, const std::shared_ptr<State>& self, overlay::Done<> done);
  void wait_for_match(const std::shared_ptr<State>& self, Duration timeout,
                      overlay::Done<> done) const;
  void drain(const std::shared_ptr<State>& self, Duration timeout, overlay::Done<> done) const;
  [[nodiscard]] PublisherStatus status() const;
  void close(Errc why) { staging_.close(why); }
  /// Its callbacks are not called any more.
  void mute() { muted_ = true; }
  [[nodiscard]] bool is_muted() const { return muted_; }

  /// Nothing when the node is gone.
  [[nodiscard]] std::shared_ptr<overlay::Driver> driver() const { return driver_.lock(); }
  [[nodiscard]] boost::asio::any_io_executor executor() const { return driver_.executor(); }
  [[nodiscard]] const std::weak_ptr<Node::Runtime>& runtime() const { return runtime_; }
  [[nodiscard]] const overlay::Registry::Wish& wish() const { return wish_; }
  [[nodiscard]] const PublisherOptions& options() const { return options_; }

  // In turns of the node.

  /// The engine knows it from now on.
  void begin(overlay::PublisherId id) { id_ = id; }
  /// The engine does not know it any more, or never will.
  void end(const overlay::Engine& engine, Errc why);
  /// Hands to the engine what it takes.
  void move_on(overlay::Engine& engine, Instant now);
  void count_receiver(int change);

  [[nodiscard]] std::optional<overlay::PublisherId> id() const { return id_; }
  [[nodiscard]] bool has_ended() const { return ended_.has_value(); }

 private:
  [[nodiscard]] bool fits(ByteView payload) const;
  template <class Condition>
  void wait_until(Condition is_so, const std::shared_ptr<State>& self, Duration timeout,
                  overlay::Done<> done) const;
  void wake(const std::shared_ptr<State>& self) const;
  bool hand_over(overlay::Engine& engine, Instant now);
  [[nodiscard]] bool is_drained() const;

  const overlay::DriverLink driver_;
  const std::weak_ptr<Node::Runtime> runtime_;
  const overlay::Registry::Wish wish_;
  const PublisherOptions options_;
  overlay::Staging staging_;
  std::atomic<bool> muted_ = false;

  // In turns, or between them.
  std::optional<overlay::PublisherId> id_;
  std::optional<Errc> ended_;
  overlay::Staging::Batch batch_;
  int receivers_ = 0;
  PublisherStatus last_;  ///< When it ended.
};

}  // namespace kith
