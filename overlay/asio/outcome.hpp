#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <kith/result.hpp>
#include <kith/time.hpp>

namespace kith::overlay {

/// Takes the one answer to something that was asked for.
template <class T = void>
using Done = std::move_only_function<void(Result<T>)>;

/// What something came to, once: threads wait for it, or leave a function behind.
class Outcome {
 public:
  /// The first one counts.
  void set(Result<void> result);
  /// `Errc::timed_out` if it did not come in time.
  [[nodiscard]] Result<void> wait_for(Duration timeout);
  /// Called at once if it is there, by `set` otherwise.
  void when_set(Done<> done);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result<void>> result_;
  std::vector<Done<>> told_;
};

}  // namespace kith::overlay
