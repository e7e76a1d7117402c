#include "apps/console/wording.hpp"

#include <fmt/format.h>

namespace kith::apps {

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

std::string for_people(Duration time) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  const double value = in_seconds(time);
  if (time < std::chrono::milliseconds(1)) return fmt::format("{} µs", time.count());
  if (time < seconds(1)) return fmt::format("{:.1f} ms", value * 1e3);
  if (time < minutes(1)) return fmt::format("{:.1f} s", value);
  if (time < hours(1))
    return fmt::format("{} min {} s", time / minutes(1), time % minutes(1) / seconds(1));
  return fmt::format("{} h {} min", time / hours(1), time % hours(1) / minutes(1));
}

std::string date_of(WallTime time) {
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::seconds;
  const auto since_1970 = floor<seconds>(time.time_since_epoch());
  const auto day = floor<days>(since_1970);
  const std::chrono::year_month_day date{std::chrono::sys_days(day)};
  const std::chrono::hh_mm_ss clock(since_1970 - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace kith::apps
