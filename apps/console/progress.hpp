#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::apps {

/// A line on standard error that tells how far long work has come; only on a terminal, and drawn at
/// most ten times a second.  It is erased at its end.
class Progress {
 public:
  /// Nothing is ever drawn if `wanted` is false or no person looks.
  explicit Progress(bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// `fraction`: 0 to 1; nothing where the end is not known.
  void show(std::string_view label, std::optional<double> fraction, std::string_view detail);
  void clear();

 private:
  const bool is_on_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace kith::apps
