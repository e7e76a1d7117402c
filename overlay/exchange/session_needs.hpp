#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <variant>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "overlay/exchange/exchange_output.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay {

/// Counts what each session is needed for, and says so when that begins and ends.
class SessionNeeds {
 public:
  /// A session with `node` is needed once more; with `dial`, we are to open it.  Every call is made
  /// up for by one of `release`.
  void need(const Fingerprint& node, const NodeToken* dial);
  /// The node may be dialed elsewhere now; says so if we are to dial it and the token is newer.
  void renew(const NodeToken& node);
  void release(const Fingerprint& node, bool dialed);

  [[nodiscard]] std::optional<ExchangeOutput> poll_output();

 private:
  struct Uses {
    std::size_t all = 0;
    std::size_t dialed = 0;
    WallTime token_issued_at;  ///< Of the token that was said last.
  };

  std::map<Fingerprint, Uses> uses_;
  std::deque<std::variant<NeedSession, SessionNotNeeded>> outputs_;
};

}  // namespace kith::overlay
