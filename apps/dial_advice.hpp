#pragma once

#include <string>
#include <string_view>

#include <kith/node.hpp>

#include "apps/failure.hpp"

namespace kith::apps {

/// How an attempt to enter the overlay ended.
struct DialFailure {
  JoinStep step = JoinStep::connecting;
  Errc why = Errc::timed_out;
};

/// The first letter of the flow on the wire.
[[nodiscard]] char letter_of(EntranceFlow flow);

/// What was reached before `step`, in a word.
[[nodiscard]] std::string_view step_before(JoinStep step);

/// What that means, as far as the dialer can know, and what to do.
[[nodiscard]] std::string advice_on(const DialFailure& failure, EntranceFlow flow);

[[nodiscard]] ExitCode code_of(const DialFailure& failure);

}  // namespace kith::apps
