#pragma once

#include <string>

namespace kith::overlay {

/// The path by which SQLite is to open the store, without a symbolic link in it.  Throws
/// `StoreError` unless the file is a plain one of ours that nobody else may read, or is not there;
/// `StoreDamaged` if it is empty, or gone while its log is there.
struct StoreFile {
  std::string path;
  bool exists = false;
};
[[nodiscard]] StoreFile look_at_store_file(const std::string& path);

/// Makes an empty store that is there with all of its contents or not at all.  Another process that
/// does the same at the same time does no harm.
void create_store_file(const std::string& path);

}  // namespace kith::overlay
