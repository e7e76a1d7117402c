#include "apps/control/place.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "apps/failure.hpp"

namespace kith::apps {
namespace {

constexpr std::string_view kEnding = ".sock";
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr int kWaitingMax = 16;
/// How long to wait where so many wait already: a node that is stopped takes none of them.
constexpr timeval kConnectTimeout{.tv_sec = 1, .tv_usec = 0};

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw Failure(ExitCode::error, fmt::format("control socket {}: {}", path, what));
}

[[noreturn]] void fail_by_system(const std::string& path, std::string_view doing) {
  fail(path, fmt::format("cannot {}: {}; name a place in a folder of yours by --control", doing,
                         std::strerror(errno)));
}

/// What the system says is this user's folder while something of theirs runs, if it says so.
std::optional<std::string_view> runtime_folder() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder != nullptr && *folder == '/' ? std::optional<std::string_view>(folder)
                                             : std::nullopt;
}

/// Nothing if `path` does not fit, with `errno`.
std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return std::nullopt;
  }
  std::ranges::copy(path, std::begin(address.sun_path));
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Whether `folder` is a folder of ours, into which nobody else can look.
bool is_ours_alone(const std::string& folder) {
  struct stat status{};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & kOthers) == 0;
}

/// Removes a socket at which nobody answers any more.
void remove_stale(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode))
    fail(path, "is another kind of file; name a free place by --control");
  if (connect_control(path).is_open())
    fail(path, "another node answers there; give this one a place of its own by --control");
  if (errno == kControlIsSilent) {
    fail(path,
         "another node is there, and does not answer; is it stopped? Give this one a place of its "
         "own by --control");
  }
  // Only of whoever refuses it is known that it is dead.
  if (errno == ENOENT) return;
  if (errno != ECONNREFUSED)
    fail(path, fmt::format("cannot tell whether it is in use: {}; name a free place by --control",
                           std::strerror(errno)));
  if (::unlink(path.c_str()) != 0) fail_by_system(path, "remove what was left behind");
}

}  // namespace

std::string control_folder() {
  if (auto folder = runtime_folder()) {
    while (folder->ends_with('/')) folder->remove_suffix(1);
    return fmt::format("{}/kith", *folder);
  }
  // Not what TMPDIR says: a node and whoever asks it may be started in different ways.
  return fmt::format("{}/kith-{}", P_tmpdir, ::geteuid());
}

std::string usual_control_path(std::uint16_t port) {
  const std::string folder = control_folder();
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    fail_by_system(folder, runtime_folder() ? "make the folder, in what XDG_RUNTIME_DIR names"
                                            : "make the folder");
  if (!is_ours_alone(folder))
    fail(folder, "the folder is not ours alone; remove it, or name a place by --control");
  return fmt::format("{}/{}{}", folder, port, kEnding);
}

std::vector<std::string> running_controls() {
  const std::string folder = control_folder();
  std::vector<std::string> running;
  if (!is_ours_alone(folder)) return running;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (path.ends_with(kEnding) && (connect_control(path).is_open() || errno == kControlIsSilent))
      running.push_back(path);
  }
  std::ranges::sort(running);
  return running;
}

Descriptor connect_control(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return {};
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The time for sending counts for connecting, too.
  if (!socket.is_open() ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout,
                   sizeof(kConnectTimeout)) != 0 ||
      ::connect(socket.get(), generic(*address), sizeof(*address)) != 0)
    return {};
  return socket;
}

Descriptor listen_control(const std::string& path) {
  const auto address = address_of(path);
  if (!address) fail(path, "the name is too long for a socket; name a shorter one by --control");
  remove_stale(path);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Linux gives the file the mode that the socket has when it is bound: at no time may others use
  // it.
  if (!socket.is_open() || ::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(socket.get(), generic(*address), sizeof(*address)) != 0 ||
      ::listen(socket.get(), kWaitingMax) != 0)
    fail_by_system(path, "listen there");
  return socket;
}

}  // namespace kith::apps
