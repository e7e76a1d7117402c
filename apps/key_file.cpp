#include "apps/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <kith/bytes.hpp>

#include "apps/console/descriptor.hpp"
#include "apps/failure.hpp"
#include "core/crypto/secret.hpp"

namespace kith::apps {
namespace {

// Two lines behind a heading: "node " and "session ", each with a seed in base32.
constexpr std::string_view kHeading = "kith key 1\n";
constexpr std::string_view kNodeLine = "node ";
constexpr std::string_view kSessionLine = "session ";
constexpr std::size_t kSeedCharacters = 52;
constexpr std::size_t kFileBytes =
    kHeading.size() + kNodeLine.size() + kSessionLine.size() + 2 * (kSeedCharacters + 1);
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw Failure(ExitCode::error, fmt::format("key file {}: {}", path, what));
}

/// @pre errno says why
[[noreturn]] void fail_by_system(const std::string& path, std::string_view doing) {
  fail(path, fmt::format("cannot {}: {}", doing, std::strerror(errno)));
}

Descriptor open_key_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT)
    fail(path, fmt::format("there is none; make it with: kith key new {}", path));
  if (!file.is_open() && errno == ELOOP)
    fail(path, "is a symbolic link; name the file that it leads to");
  if (!file.is_open()) fail_by_system(path, "open it");
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) fail_by_system(path, "look at it");
  if (!S_ISREG(status.st_mode)) fail(path, "is not a plain file");
  if (status.st_uid != ::geteuid()) fail(path, "belongs to somebody else");
  if ((status.st_mode & kOthers) != 0)
    fail(path, fmt::format("others may read or change it: run: chmod 600 {}", path));
  return file;
}

/// Takes `expected` off the front of `text`.
bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// Takes a seed and a line break off the front of `text`.
bool take_seed(std::string_view& text, std::array<Byte, 32>& seed) {
  if (text.size() <= kSeedCharacters) return false;
  auto bytes = from_base32(text.substr(0, kSeedCharacters));
  text.remove_prefix(kSeedCharacters);
  if (!bytes || bytes->size() != seed.size()) return false;
  std::ranges::copy(*bytes, seed.begin());
  crypto::wipe(*bytes);
  return take(text, "\n");
}

/// A file beside `path` that goes away unless it becomes `path`.
class Draft {
 public:
  explicit Draft(const std::string& path)
      : path_(path), name_(fmt::format("{}.{}.new", path, ::getpid())) {
    file_ = Descriptor(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              S_IRUSR | S_IWUSR));
    if (!file_.is_open()) fail_by_system(path_, fmt::format("write {}", name_));
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { ::unlink(name_.c_str()); }

  void write(std::string_view text) {
    const auto written = ::write(file_.get(), text.data(), text.size());
    if (written < 0 || static_cast<std::size_t>(written) != text.size() ||
        ::fsync(file_.get()) != 0)
      fail_by_system(path_, "write it");
  }

  void become(bool replace) {
    if (replace) {
      // Not a device or the like: whoever is root would take that away from all of the machine.
      struct stat status{};
      if (::lstat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        fail(path_, "is not a plain file");
      if (::rename(name_.c_str(), path_.c_str()) != 0) fail_by_system(path_, "replace it");
    } else if (::link(name_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST)
        fail(path_, "is there already; --force replaces it, and its node is gone");
      fail_by_system(path_, "write it");
    }
    sync_folder();
  }

 private:
  void sync_folder() const {
    const auto folder = std::filesystem::path(path_).parent_path();
    const Descriptor opened(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open() || ::fsync(opened.get()) != 0) fail_by_system(path_, "make it durable");
  }

  std::string path_;
  std::string name_;
  Descriptor file_;
};

}  // namespace

NodeKeys read_key_file(const std::string& path) {
  const Descriptor file = open_key_file(path);
  std::string content(kFileBytes + 1, '\0');
  const crypto::WipeAtEnd wipe(content);
  const auto read = ::read(file.get(), content.data(), content.size());
  if (read < 0) fail_by_system(path, "read it");
  std::string_view text = std::string_view(content).substr(0, static_cast<std::size_t>(read));

  NodeKeys keys;
  const bool is_whole = take(text, kHeading) && take(text, kNodeLine) &&
                        take_seed(text, keys.node_seed) && take(text, kSessionLine) &&
                        take_seed(text, keys.static_seed) && text.empty();
  if (!is_whole) fail(path, "is no key file, or damaged; 'kith key new' makes one");
  return keys;
}

void write_key_file(const std::string& path, const NodeKeys& keys, bool replace) {
  std::string node = to_base32(keys.node_seed);
  const crypto::WipeAtEnd wipe_node(node);
  std::string session = to_base32(keys.static_seed);
  const crypto::WipeAtEnd wipe_session(session);
  std::string content;
  content.reserve(kFileBytes);
  const crypto::WipeAtEnd wipe_content(content);
  for (const std::string_view part :
       {kHeading, kNodeLine, std::string_view(node), std::string_view("\n"), kSessionLine,
        std::string_view(session), std::string_view("\n")})
    content += part;
  Draft draft(path);
  draft.write(content);
  draft.become(replace);
}

}  // namespace kith::apps
