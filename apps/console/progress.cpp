#include "apps/console/progress.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "apps/console/output.hpp"

namespace kith::apps {
namespace {

constexpr int kBarColumns = 30;
constexpr std::chrono::milliseconds kInterval{100};
/// Back to the beginning of the line, and erase it (ECMA-48 EL).
constexpr std::string_view kEraseLine = "\r\x1B[K";

void draw(std::string_view text) {
  // A terminal that takes nothing shows nothing.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

Progress::Progress(bool wanted) : is_on_(wanted && is_terminal_for_progress()) {}

void Progress::show(std::string_view label, std::optional<double> fraction,
                    std::string_view detail) {
  if (!is_on_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  std::string text = fmt::format("{}{} ", kEraseLine, label);
  if (fraction) {
    const double done = std::clamp(*fraction, 0.0, 1.0);
    const int filled = static_cast<int>(done * kBarColumns);
    text += fmt::format("[{:#<{}}{:.<{}}] {:3.0f} % ", "", filled, "", kBarColumns - filled,
                        done * 100);
  }
  draw(text += detail);
  is_drawn_ = true;
}

void Progress::clear() {
  if (is_drawn_) draw(kEraseLine);
  is_drawn_ = false;
}

}  // namespace kith::apps
