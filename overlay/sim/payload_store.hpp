#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <kith/bytes.hpp>

namespace kith::sim {

/// Bytes on their way, by a number of 4 bytes.  They are moved in and out, never copied.
class PayloadStore {
 public:
  [[nodiscard]] std::uint32_t put(Bytes bytes) {
    if (free_.empty()) {
      payloads_.push_back(std::move(bytes));
      return static_cast<std::uint32_t>(payloads_.size() - 1);
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    payloads_[number] = std::move(bytes);
    return number;
  }

  /// Each number once.
  [[nodiscard]] Bytes take(std::uint32_t number) {
    free_.push_back(number);
    return std::exchange(payloads_[number], {});
  }

 private:
  std::vector<Bytes> payloads_;
  std::vector<std::uint32_t> free_;
};

}  // namespace kith::sim
