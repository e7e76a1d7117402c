#pragma once

#include <cstdint>
#include <expected>
#include <stdexcept>
#include <string>

namespace kith::overlay {

/// Why the store could not do what it was asked for.  Whatever it is: what was confirmed before is
/// there, and of what failed nothing is.
struct StoreFault {
  enum class Kind : std::uint8_t {
    full,     ///< The disk has no room, or the store has reached its size.
    busy,     ///< Another process holds the store for too long.
    limit,    ///< A table is full of what must not be dropped.
    damaged,  ///< The file is not what was written; nothing in it may be believed.
    failed,   ///< The system refused.
  };

  Kind kind = Kind::failed;
  std::string what;  ///< One line for a person: what is wrong, where, and what to do.
};

template <class T>
using Stored = std::expected<T, StoreFault>;

/// A store that cannot be opened.  `what()` is one line for the user.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The file is damaged, is no store, or is one of a newer version.  It is left as it is.
class StoreDamaged : public StoreError {
 public:
  using StoreError::StoreError;
};

}  // namespace kith::overlay
