#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/assert.hpp"
#include "overlay/exchange/messages.hpp"

namespace kith::overlay {

/// One end's channels by the numbers that it gave them.  A number is the place of the channel and
/// how often that place was taken before, so it is found in one step and never given twice: what a
/// peer says of a channel that is over cannot be taken for another one.
template <class Channel>
class ChannelTable {
 public:
  ChannelNumber add(std::unique_ptr<Channel> channel) {
    if (free_.empty()) {
      free_.push_back(slots_.size());
      slots_.emplace_back();
    }
    const std::size_t place = free_.back();
    free_.pop_back();
    slots_[place].channel = std::move(channel);
    ++size_;
    return ChannelNumber{slots_[place].turn << kPlaceBits | place};
  }

  /// Nothing if the channel is over, or the number was never given.
  [[nodiscard]] Channel* find(ChannelNumber number) const {
    const std::size_t place = place_of(number);
    if (place >= slots_.size() || slots_[place].turn != turn_of(number)) return nullptr;
    return slots_[place].channel.get();
  }

  /// @pre find(number) != nullptr
  [[nodiscard]] Channel& at(ChannelNumber number) const {
    Channel* channel = find(number);
    KITH_ASSERT(channel != nullptr);
    return *channel;
  }

  [[nodiscard]] bool was_given(ChannelNumber number) const {
    const std::size_t place = place_of(number);
    if (place >= slots_.size()) return false;
    const Slot& slot = slots_[place];
    return turn_of(number) < slot.turn || (turn_of(number) == slot.turn && slot.channel);
  }

  /// @pre find(number) != nullptr
  void remove(ChannelNumber number) {
    Slot& slot = slots_[place_of(number)];
    slot.channel.reset();
    ++slot.turn;
    --size_;
    free_.push_back(place_of(number));
  }

  /// Drops from `waiting` the channels that are over, once they must be the most there: of the
  /// others at most `left` wait.  Called whenever a channel ends it costs each a constant time.
  template <class Numbers>
  void forget_ended(Numbers& waiting, std::size_t left) const {
    if (waiting.size() <= 2 * left) return;
    const auto is_over = [&](ChannelNumber number) { return find(number) == nullptr; };
    waiting.erase(std::remove_if(waiting.begin(), waiting.end(), is_over), waiting.end());
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  /// Visits all channels in the order of their places.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_)
      if (slot.channel) visit(*slot.channel);
  }

 private:
  static constexpr int kPlaceBits = 24;

  struct Slot {
    std::unique_ptr<Channel> channel;
    std::uint64_t turn = 0;
  };

  static std::size_t place_of(ChannelNumber number) {
    return std::to_underlying(number) & ((std::uint64_t{1} << kPlaceBits) - 1);
  }
  static std::uint64_t turn_of(ChannelNumber number) {
    return std::to_underlying(number) >> kPlaceBits;
  }

  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
  std::size_t size_ = 0;
};

}  // namespace kith::overlay
