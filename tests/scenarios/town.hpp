#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/sim/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::test {

using overlay::PublisherId;
using overlay::SubscriptionId;
using sim::HostIndex;

/// Sanitized code is several times slower; the other build shows what takes many.
inline constexpr std::size_t kManyNodes = KITH_SANITIZED ? 40 : 200;

/// As `for_each_seed`, over a third of the seeds where code is sanitized.
template <class Law>
void for_each_town(std::uint64_t count, Law law) {
  for_each_seed(KITH_SANITIZED ? (count + 2) / 3 : count, law);
}

/// A simulated overlay on `wonder-home`, and a record of what its applications were told.
class Town {
 public:
  explicit Town(std::uint64_t seed, sim::WorldConfig config = {});

  /// Starts `count` members, one every 100 ms, each through an earlier one.
  void found(std::size_t count);
  /// Starts a node that enters through a member which is ready.
  HostIndex add(sim::NodeOptions options = {});
  /// Waits until everybody is ready; whether that came within `most`.
  bool wait_until_ready(Duration most = std::chrono::minutes(1));
  /// Some running node, none of `not_these`.
  [[nodiscard]] HostIndex any_running(const std::vector<HostIndex>& not_these = {});

  SubscriptionId subscribe(HostIndex node, std::string_view subject,
                           const overlay::SubscribeOptions& options = {});
  PublisherId advertise(HostIndex node, std::string_view subject,
                        const overlay::PublishOptions& options = {});
  /// Publishes the next number; false if the queue is full.
  bool publish(HostIndex node, PublisherId publisher);

  /// Who is matched by `publisher` now: nodes.
  [[nodiscard]] const std::vector<HostIndex>& receivers(HostIndex node, PublisherId publisher);
  bool wait_for_receivers(HostIndex node, PublisherId publisher, std::size_t count, Duration most);

  /// What came for a subscription from the identity of a node, or another, in order of arrival.
  using Numbers = std::vector<std::uint64_t>;
  [[nodiscard]] const Numbers& received(HostIndex node, SubscriptionId subscription,
                                        HostIndex sender);
  [[nodiscard]] const Numbers& received(HostIndex node, SubscriptionId subscription,
                                        const Fingerprint& identity);

  /// The closest running member to `subject`.
  [[nodiscard]] HostIndex coordinator(std::string_view subject) const;

  sim::World world;
  SeededRandom random;
  /// How long each node took to its first readiness.
  std::map<HostIndex, Duration> time_to_ready;
  std::uint64_t expired = 0;
  /// Why its attempts to enter failed.
  std::map<HostIndex, std::vector<Errc>> join_failures;
  std::map<std::pair<HostIndex, overlay::TraceId>, std::vector<Fingerprint>> traces;

 private:
  void watch(HostIndex node, const overlay::Output& output);
  void note(HostIndex node, const overlay::Delivered& delivered);

  std::map<HostIndex, TimePoint> started_;
  std::map<std::pair<HostIndex, PublisherId>, std::vector<HostIndex>> receivers_;
  std::map<std::pair<HostIndex, PublisherId>, std::uint64_t> published_;
  std::map<std::tuple<HostIndex, SubscriptionId, Fingerprint>, Numbers> received_;
};

/// 0, 1, … `count` - 1.
[[nodiscard]] Town::Numbers first_numbers(std::uint64_t count);

}  // namespace kith::test
