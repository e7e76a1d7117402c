#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/random.hpp"
#include "overlay/store/store.hpp"
#include "tests/tokens/token_samples.hpp"

namespace kith::test {

/// When the samples are looked at.
inline constexpr WallTime kNow = kIssuedAt;

/// Where writing is fast.  What a killed process has written stays with the system, on whatever
/// disk; most of the time would go into waiting for a real one.
inline std::filesystem::path memory() {
  const char* path = "/dev/shm";
  return ::access(path, W_OK | X_OK) == 0 ? path : std::filesystem::temp_directory_path();
}

/// A folder of its own that goes away with all that is in it.
class StoreFolder {
 public:
  explicit StoreFolder(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string name = (parent / "kith-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  ~StoreFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_content(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
  std::filesystem::permissions(path, std::filesystem::perms(0600));
}

inline Fingerprint some_fingerprint(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

/// The `n`th of many.
inline Fingerprint numbered(std::uint32_t n) {
  return Fingerprint({static_cast<Byte>(n >> 24), static_cast<Byte>(n >> 16),
                      static_cast<Byte>(n >> 8), static_cast<Byte>(n), 1});
}

inline overlay::StoredTicket some_ticket(const Fingerprint& hash) {
  return {.hash = hash,
          .partner = {},
          .expires_at = kIssuedAt + std::chrono::hours(1),
          .identity = numbered(4711)};
}

/// All that a store can tell, to be compared.
struct StoreContents {
  std::vector<overlay::StoredTicket> tickets{};
  std::vector<Bytes> relationships{};
  std::vector<std::optional<overlay::StoredEnd>> ends{};
  std::vector<overlay::KnownAddress> addresses{};
  std::vector<overlay::SeenTime> times{};
  std::vector<overlay::KnownPeer> peers{};
  std::vector<overlay::Block> blocks{};
  WallTime own_time;

  friend bool operator==(const StoreContents&, const StoreContents&) = default;
};

inline StoreContents contents_of(overlay::Store& store) {
  StoreContents contents{.tickets = store.tickets().value(),
                         .addresses = store.addresses().value(),
                         .times = store.latest_times(100'000).value(),
                         .peers = store.peers().value(),
                         .blocks = store.blocks(WallTime{}).value(),
                         .own_time = store.own_time().value()};
  const auto relationships = store.relationships().value();
  for (const auto& relationship : relationships) {
    const ByteView raw = relationship.token.raw();
    contents.relationships.emplace_back(raw.begin(), raw.end());
    contents.ends.push_back(relationship.end);
  }
  return contents;
}

}  // namespace kith::test
