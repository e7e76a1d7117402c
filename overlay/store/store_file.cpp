#include "overlay/store/store_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "overlay/store/database.hpp"
#include "overlay/store/schema.hpp"
#include "overlay/store/store_fault.hpp"

namespace kith::overlay {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw StoreError("store " + path + ": " + what);
}

/// @pre errno says why
[[noreturn]] void fail_by_system(const std::string& path, const std::string& doing) {
  fail(path, "cannot " + doing + ": " + std::strerror(errno));
}

/// A file descriptor that is closed.
struct Opened {
  Opened(const std::string& path, int flags)
      : number(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() {
    if (number >= 0) ::close(number);
  }
  int number;
};

/// A store under another name, which goes away.
struct Draft {
  explicit Draft(std::string name) : path(std::move(name)) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    for (const char* end : {"", "-wal", "-shm", "-journal"}) ::unlink((path + end).c_str());
  }
  std::string path;
};

/// `what` is part of the store at `path`.
void sync(const std::string& path, const std::string& what, int flags) {
  const Opened opened(what, flags);
  if (opened.number < 0 || ::fsync(opened.number) != 0) fail_by_system(path, "make it durable");
}

}  // namespace

StoreFile look_at_store_file(const std::string& path) {
  const std::filesystem::path given(path);
  std::error_code error;
  const auto parent = given.parent_path().empty() ? "." : given.parent_path();
  const auto folder = std::filesystem::canonical(parent, error);
  if (error) fail(path, "cannot find its folder: " + error.message());
  StoreFile file{.path = (folder / given.filename()).string()};

  // Not by opening it: whoever closes a file gives up all locks of its process on it, also those of
  // a store that is open there, and others would take that for gone.
  struct stat status{};
  if (::lstat(file.path.c_str(), &status) != 0) {
    if (errno != ENOENT) fail_by_system(path, "look at it");
    if (std::filesystem::exists(file.path + "-wal")) {
      throw StoreDamaged("store " + path +
                         ": is gone, but its log is there; bring back both from a copy, or move "
                         "the log away to begin anew");
    }
    return file;
  }
  if (S_ISLNK(status.st_mode)) fail(path, "is a symbolic link; name the file that it leads to");
  if (!S_ISREG(status.st_mode)) fail(path, "is not a plain file");
  if (status.st_uid != ::geteuid()) fail(path, "belongs to somebody else");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    fail(path, "others may read or change it: run: chmod 600 " + path);
  if (status.st_size == 0)
    throw StoreDamaged("store " + path +
                       ": is empty; bring it back from a copy, or move it away to begin anew");
  if (::access(file.path.c_str(), R_OK | W_OK) != 0) fail_by_system(path, "read and change it");
  file.exists = true;
  return file;
}

void create_store_file(const std::string& path) {
  const Draft draft(path + "." + std::to_string(::getpid()) + ".new");
  {
    const Opened made(draft.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (made.number < 0) fail_by_system(path, "make it");
  }
  try {
    Database database(draft.path, {.create = false, .pages_max = 65'536, .wait_max = {}});
    Transaction transaction(database, Transaction::Kind::writing);
    database.execute(creation());
    transaction.commit();
  } catch (const DatabaseFailure& failure) {
    fail(path, "cannot make it: " + failure.what);
  }
  sync(path, draft.path, O_RDWR);
  if (::link(draft.path.c_str(), path.c_str()) != 0 && errno != EEXIST)
    fail_by_system(path, "make it");
  sync(path, std::filesystem::path(path).parent_path().string(), O_RDONLY);
}

}  // namespace kith::overlay
