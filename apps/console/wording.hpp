#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <kith/time.hpp>

namespace kith::apps {

/// Seconds as a number, and as people read them: `0.000183` and `183 µs`.
[[nodiscard]] double in_seconds(Duration time);
[[nodiscard]] std::string for_people(Duration time);

/// A date as people and scripts read it: `2027-01-31T23:59:59Z`.
[[nodiscard]] std::string date_of(WallTime time);

/// "1 message", "2 messages": `noun` is one that takes an s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace kith::apps
