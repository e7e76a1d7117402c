#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

namespace kith::overlay {

/// What the application has asked for, so that what the engine would refuse is refused at once,
/// from any thread, whether or not the node's executor runs.
class Registry {
 public:
  explicit Registry(std::size_t handles_most) : handles_most_(handles_most) {}

  /// `Errc::wrong_audience` if there is a subscription for another one, `Errc::limit_reached`.
  [[nodiscard]] Result<void> add_subscription(const Fingerprint& subject,
                                              const Fingerprint& audience);
  void remove_subscription(const Fingerprint& subject);
  /// `Errc::limit_reached` also if there is a publisher for the subject.
  [[nodiscard]] Result<void> add_publisher(const Fingerprint& subject);
  void remove_publisher(const Fingerprint& subject);

 private:
  struct Shared {
    Fingerprint audience;
    std::size_t subscriptions = 0;
  };

  const std::size_t handles_most_;
  std::mutex mutex_;
  std::size_t handles_ = 0;
  std::map<Fingerprint, Shared> subscribed_;
  std::set<Fingerprint> published_;
};

}  // namespace kith::overlay
