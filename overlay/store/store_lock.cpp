#include "overlay/store/store_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "overlay/store/store_fault.hpp"

namespace kith::overlay {

StoreLock::StoreLock(const std::string& path)
    : file_(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  if (file_ >= 0) ::close(file_);
  const std::string store = "store " + path + ": ";
  if (error == EWOULDBLOCK)
    throw StoreError(store + "another node runs with it; stop that one, or name another file");
  throw StoreError(store + "cannot lock " + path + ".lock: " + std::strerror(error));
}

StoreLock::~StoreLock() { ::close(file_); }

}  // namespace kith::overlay
