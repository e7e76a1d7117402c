#pragma once

#include <chrono>
#include <string>

#include <kith/time.hpp>

namespace kith::apps {

/// A line for the user on standard error about how it goes, unless `quiet`.
class Narrator {
 public:
  explicit Narrator(bool quiet) : quiet_(quiet) {}

  void tell(const std::string& line) const;
  /// How long ago the command began.
  [[nodiscard]] Duration elapsed() const;

 private:
  bool quiet_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace kith::apps
