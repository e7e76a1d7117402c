#include "overlay/asio/turned_away_log.hpp"

#include <chrono>

namespace kith::overlay {
namespace {

constexpr std::uint64_t kLinesMax = 10;
constexpr Duration kInterval = std::chrono::seconds(1);

std::string line_of(const TurnedAway& turned) {
  std::string who = turned.endpoint.to_string();
  if (turned.node) who += " (" + turned.node->abbreviated() + ")";
  if (turned.why == Errc::refused) return who + " turned away from us";
  return "turned away " + who + ": " + std::string(describe(turned.why));
}

}  // namespace

std::vector<std::string> TurnedAwayLog::on(const TurnedAway& turned, TimePoint now) {
  std::vector<std::string> lines;
  if (now - since_ >= kInterval) {
    if (count_ > kLinesMax)
      lines.push_back("turned away " + std::to_string(count_ - kLinesMax) + " more");
    since_ = now;
    count_ = 0;
  }
  if (++count_ <= kLinesMax) lines.push_back(line_of(turned));
  return lines;
}

}  // namespace kith::overlay
