#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "apps/inbox.hpp"

namespace kith::apps {

/// Writes what has come, and only then acknowledges it: whoever published it is not told that we
/// have what a full disk did not take.  A message is acknowledged by being the oldest one that is
/// not, so after a write that failed nothing more is written, and nothing acknowledged.
class BatchWriter {
 public:
  /// All of it, or an exception.
  using Write = std::function<void(std::string_view)>;
  using Acknowledge = std::function<void(std::size_t subscription, std::uint64_t messages)>;

  BatchWriter(Write write, Acknowledge acknowledge);

  /// Passes on what writing throws.
  void write(const Inbox::Batch& batch);

 private:
  const Write write_;
  const Acknowledge acknowledge_;
  bool failed_ = false;
};

}  // namespace kith::apps
