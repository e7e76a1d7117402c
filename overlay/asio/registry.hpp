#pragma once

#include <compare>
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
  explicit Registry(std::size_t handles_max) : handles_max_(handles_max) {}

  /// On which subject, and on whose behalf.
  struct Wish {
    Fingerprint subject;
    Fingerprint identity;

    friend auto operator<=>(const Wish&, const Wish&) = default;
  };

  /// `Errc::wrong_audience` if there is a subscription for another one; `Errc::limit_reached`, also
  /// if a publisher would have no channel left for it.
  [[nodiscard]] Result<void> add_subscription(const Wish& wish, const Fingerprint& audience);
  void remove_subscription(const Wish& wish);
  /// `Errc::limit_reached` also if there is such a publisher.
  [[nodiscard]] Result<void> add_publisher(const Wish& wish);
  void remove_publisher(const Wish& wish);

 private:
  struct Shared {
    Fingerprint audience;
    std::size_t subscriptions = 0;
  };

  const std::size_t handles_max_;
  std::mutex mutex_;
  std::size_t handles_ = 0;
  std::map<Wish, Shared> subscribed_;
  std::set<Wish> published_;
};

}  // namespace kith::overlay
