#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <kith/time.hpp>

namespace kith::overlay {

/// The longest payload: with its header it is one message of the session, which puts together up
/// to 1 MiB.
inline constexpr std::size_t kPayloadBytesMax = (std::size_t{1} << 20) - 64;

/// What one data message holds at most unless a single payload is longer: with its header and what
/// controls it, one record.
inline constexpr std::size_t kBatchBytesMax = 60 * 1024;

/// Sequences end here, far beyond what anybody can send, so that sums of them never wrap.
inline constexpr std::uint64_t kSequenceMax = std::uint64_t{1} << 62;

/// How many messages a receiver lets a sender have under way at most.  A channel begins with what
/// the subscription grants and doubles it while the sender uses it up within one read.
inline constexpr std::uint64_t kWindowMessagesMax = 65'536;
/// The same in bytes of data messages.  The message that crosses the bound is still taken.
inline constexpr std::uint64_t kWindowBytes = std::uint64_t{4} << 20;

/// Gaps of what expired unsent that are kept for a receiver between what it was sent and has not
/// acknowledged.  Beyond them, what it was sent longest ago counts as expired, too.
inline constexpr std::size_t kGapsMax = 64;

inline constexpr Duration kTimeToLiveMin = std::chrono::milliseconds(1);
inline constexpr Duration kTimeToLiveMax = std::chrono::hours(24);
/// Messages accepted within this span expire together, with the last of them.
inline constexpr Duration kExpiryGrain = std::chrono::milliseconds(1);

/// How long a channel outlives its session at least; a sender's also as long as its messages live,
/// unless its publisher says otherwise.
inline constexpr Duration kResumeTime = std::chrono::seconds(60);
/// How often it is looked at which receivers hold up a publisher, while it has to wait.
inline constexpr Duration kHoldUpInterval = std::chrono::milliseconds(100);
/// How long a receiver waits before it asks its policy and the sender again, after either said no;
/// doubles each time.
inline constexpr Duration kRefusedPauseFirst = std::chrono::seconds(60);
/// The same where the sender had no room, or the peer has a later intent since it was refused.
inline constexpr Duration kRefusedPauseMin = std::chrono::seconds(5);
inline constexpr Duration kRefusedPauseMax = std::chrono::hours(1);
inline constexpr std::uint32_t kRefusedJitterPerMille = 250;
/// How often what was exchanged is accounted for while channels stay open.
inline constexpr Duration kAccountInterval = std::chrono::seconds(60);

/// With one node, whose publishers or subscriptions they are: of either as many.
inline constexpr std::size_t kChannelsPerPeerMax = 16'384;
inline constexpr std::size_t kChannelsPerPublisherMax = 65'536;
/// Of one publisher with one node: each of its messages goes over all of them.
inline constexpr std::size_t kChannelsPerPublisherAndPeerMax = 64;
inline constexpr std::size_t kChannelsPerSubscriptionMax = 65'536;
/// Channels that a peer asked for and a policy has not judged yet.
inline constexpr std::size_t kOpeningsPerPeerMax = 1'024;
/// Answers that wait, or will, for a peer that asks but does not read.
inline constexpr std::size_t kAnswersPerPeerMax = 4'096;

}  // namespace kith::overlay
