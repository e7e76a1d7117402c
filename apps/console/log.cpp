#include "apps/console/log.hpp"

#include <cstdlib>
#include <memory>
#include <utility>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "apps/console/output.hpp"

namespace kith::apps {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  std::unreachable();
}

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  return (refused == nullptr || *refused == '\0') && is_terminal_for_progress();
}

spdlog::sink_ptr make_sink() {
  if (wants_colour()) return std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

}  // namespace

std::function<void(LogLevel, std::string_view)> log_to_stderr(std::optional<LogLevel> least) {
  if (!least) return {};
  const auto logger = std::make_shared<spdlog::logger>("kith", make_sink());
  logger->set_level(to_spdlog(*least));
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  // What peers do must not end the program because a log cannot be written.
  logger->set_error_handler([](const std::string&) {});
  return [logger](LogLevel level, std::string_view line) {
    if (logger->should_log(to_spdlog(level))) logger->log(to_spdlog(level), without_controls(line));
  };
}

}  // namespace kith::apps
