#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/result.hpp>
#include <kith/session_limits.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"

namespace kith::overlay {

/// Decides at accept whether a connection is worth a handshake, and which one has to go if there
/// are too many (docs/protocol.md §4.6).  Its memory of sources is bounded, and what is forgotten
/// first is who would be free again first.
class ConnectionLimiter {
 public:
  /// The caller's number of a connection; used again only after it was reported gone.
  using Number = std::uint32_t;

  /// @pre limits.sources_max > limits.half_open_max
  explicit ConnectionLimiter(const ConnectionLimits& limits = {},
                             std::vector<Endpoint> exempt_networks = {});

  /// A connection came in.  `Errc::limit_reached`: close it at once.  Otherwise it is half-open
  /// from now on; if a number is returned, that connection is not any more and has to be closed.
  [[nodiscard]] Result<std::optional<Number>> on_accepted(Number connection, const Endpoint& from,
                                                          TimePoint now);
  /// The peer has joined; that it has keys would prove nothing.
  void on_confirmed(Number connection, TimePoint now);
  /// It ended before that by the peer's doing: a bad frame, a refusal, a timeout.
  void on_failed(Number connection, TimePoint now);
  /// It ended before that for another reason.
  void on_gone(Number connection, TimePoint now);

  [[nodiscard]] std::size_t half_open() const { return half_open_.size(); }
  [[nodiscard]] std::size_t sources() const { return sources_.size(); }

 private:
  using SourceKey = std::array<Byte, 16>;
  struct Source {
    /// In the order in which they came.
    std::vector<Number> half_open;
    /// When the rate would be exactly met (GCRA).
    TimePoint rate_meets = TimePoint::min();
    std::vector<TimePoint> failures;
    TimePoint shut_out_until = TimePoint::min();
    Duration shut_out_next{};
    bool is_exempt = false;
  };

  struct HalfOpen {
    SourceKey source;
    std::uint64_t order = 0;
  };

  [[nodiscard]] static SourceKey source_of(const Endpoint& from);
  [[nodiscard]] bool is_exempt(const Endpoint& from) const;
  [[nodiscard]] bool may_start(Source& source, TimePoint now) const;
  [[nodiscard]] Source& source_at(const SourceKey& key, const Endpoint& from, TimePoint now);
  [[nodiscard]] std::optional<Number> make_room(const SourceKey& key, TimePoint now);
  [[nodiscard]] SourceKey busiest_source() const;
  /// Takes `connection` out of the half-open ones; its source, if it was one.
  [[nodiscard]] std::optional<SourceKey> take(Number connection);
  void note_failure(Source& source, TimePoint now) const;
  void schedule_forgetting(const SourceKey& key, TimePoint now);

  ConnectionLimits limits_;
  std::vector<Endpoint> exempt_networks_;
  std::map<Number, HalfOpen> half_open_;
  std::uint64_t accepted_ = 0;
  std::map<SourceKey, Source> sources_;
  /// When the sources without half-open connections may be forgotten.
  DeadlineQueue<SourceKey> forgetting_;
};

}  // namespace kith::overlay
