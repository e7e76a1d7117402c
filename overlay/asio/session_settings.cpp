#include "overlay/asio/session_settings.hpp"

#include <algorithm>
#include <chrono>

namespace kith {
namespace {

void set_times(const NodeConfig& config, overlay::EngineConfig& engine) {
  using std::chrono::hours;
  if (config.ping_interval < std::chrono::seconds(1) || config.ping_interval > hours(1))
    throw StartError("ping interval: it must be from a second to an hour");
  const SessionTimers& timers = config.session_timers;
  for (const Duration timer :
       {timers.first_frame_timeout, timers.handshake_timeout, timers.request_timeout,
        timers.confirm_timeout, timers.frame_timeout, timers.idle_timeout, timers.life})
    if (timer <= Duration(0) || timer > hours(24))
      throw StartError("session timers: each must be longer than nothing, and at most a day");
  if (timers.idle_timeout <= config.ping_interval) {
    throw StartError(
        "idle timeout: it must be longer than the ping interval, or connections in use would be "
        "closed");
  }
  engine.ping_interval = config.ping_interval;
  engine.session_timers = timers;
  engine.ping_interval_far = std::max(
      config.ping_interval, std::min(engine.ping_interval_far, timers.idle_timeout * 5 / 6));
}

void set_limits(const NodeConfig& config, overlay::EngineConfig& engine) {
  const ConnectionLimits& limits = config.connection_limits;
  if (limits.half_open_max == 0 || limits.half_open_per_source_max == 0 || limits.start_burst < 1 ||
      limits.failures_max == 0)
    throw StartError("connection limits: with a zero among them nobody could connect");
  if (limits.sources_max <= limits.half_open_max)
    throw StartError("connection limits: sources_max must be more than half_open_max");
  for (const Duration time : {limits.start_interval, limits.failure_window, limits.shut_out_first})
    if (time <= Duration(0)) throw StartError("connection limits: times are longer than nothing");
  if (limits.shut_out_max < limits.shut_out_first)
    throw StartError("connection limits: shut_out_max must not be less than shut_out_first");
  engine.connection_limits = limits;
  engine.padding = config.padding;
  engine.keeps_duplicates = config.keeps_duplicates;
}

}  // namespace

void set_sessions(const NodeConfig& config, overlay::EngineConfig& engine) {
  set_times(config, engine);
  set_limits(config, engine);
}

}  // namespace kith
