#pragma once

#include <string>

namespace kith::overlay {

/// That one node alone works with a store, for what it has read it remembers: as long as this is
/// there, no other can be had for the same store, in any process.  Ends with its process, too.
///
/// Not a lock on the file itself, which SQLite locks, and unlocks whenever it is closed: it is on
/// an empty file beside it, `.lock` behind its name, which stays.
class StoreLock {
 public:
  /// Throws `StoreError` if there is another one for the store at `path`, or it cannot be had.
  explicit StoreLock(const std::string& path);
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  ~StoreLock();

 private:
  int file_;
};

}  // namespace kith::overlay
