#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kith/time.hpp>

namespace kith::sim {

/// Something that is going to happen: 24 bytes, so that many millions can wait.
struct Event {
  TimePoint time;
  /// Orders events of one microsecond.  Derived from who sends what to whom, never from a pointer
  /// or from the order of insertion, so that more threads would not change it.
  std::uint32_t sequence = 0;
  /// What it happens to; what the numbers mean is the owner's affair.
  std::uint32_t target = 0;
  std::uint32_t payload = 0;
  std::uint32_t kind = 0;

  /// By time, then sequence; the rest only makes the order total.
  friend constexpr auto operator<=>(const Event&, const Event&) = default;
};
static_assert(sizeof(Event) == 24);

/// What happens next?  A timing wheel of 2^16 slots of 1.024 ms (Varghese and Lauck, 1987); what
/// lies beyond its 67 s waits in a heap.  A slot is put in order when its time comes, so that an
/// insertion is an append.
class EventQueue {
 public:
  EventQueue() : slots_(kSlots) {}

  void push(const Event& event);

  /// Takes out the first event if it happens at or before `until`.
  [[nodiscard]] std::optional<Event> pop(TimePoint until);

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr int kTickBits = 10;
  static constexpr std::uint64_t kSlots = std::uint64_t{1} << 16;
  static constexpr std::uint64_t kWordBits = 64;

  [[nodiscard]] static std::uint64_t tick_of(const Event& event) {
    return static_cast<std::uint64_t>(event.time.time_since_epoch().count()) >> kTickBits;
  }

  void place(const Event& event);
  /// Opens the next slot that holds something.  @pre open_.empty() && size_ > 0
  void open_next();
  [[nodiscard]] std::optional<std::uint64_t> next_occupied_tick() const;

  std::vector<std::vector<Event>> slots_;
  /// One bit a slot: does it hold anything?
  std::array<std::uint64_t, kSlots / kWordBits> occupied_{};
  /// A heap: what is at or before `tick_`.
  std::vector<Event> open_;
  /// A heap: what is `kSlots` or more after `tick_`.
  std::vector<Event> beyond_;
  std::uint64_t tick_ = 0;
  std::size_t size_ = 0;
};

}  // namespace kith::sim
