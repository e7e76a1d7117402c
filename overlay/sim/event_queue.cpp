#include "overlay/sim/event_queue.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include "core/assert.hpp"

namespace kith::sim {
namespace {

void push_onto(std::vector<Event>& heap, const Event& event) {
  heap.push_back(event);
  std::ranges::push_heap(heap, std::greater{});
}

Event pop_from(std::vector<Event>& heap) {
  std::ranges::pop_heap(heap, std::greater{});
  const Event event = heap.back();
  heap.pop_back();
  return event;
}

}  // namespace

void EventQueue::push(const Event& event) {
  KITH_ASSERT(event.time.time_since_epoch().count() >= 0);
  place(event);
  ++size_;
}

void EventQueue::place(const Event& event) {
  const std::uint64_t tick = tick_of(event);
  if (tick <= tick_) return push_onto(open_, event);
  if (tick >= tick_ + kSlots) return push_onto(beyond_, event);
  const std::uint64_t slot = tick % kSlots;
  slots_[slot].push_back(event);
  occupied_[slot / kWordBits] |= std::uint64_t{1} << slot % kWordBits;
}

std::optional<Event> EventQueue::pop(TimePoint until) {
  if (size_ == 0) return std::nullopt;
  if (open_.empty()) open_next();
  if (open_.front().time > until) return std::nullopt;
  --size_;
  return pop_from(open_);
}

void EventQueue::open_next() {
  if (const auto tick = next_occupied_tick()) {
    tick_ = *tick;
  } else {
    tick_ = tick_of(beyond_.front());
  }
  const std::uint64_t slot = tick_ % kSlots;
  std::swap(open_, slots_[slot]);
  occupied_[slot / kWordBits] &= ~(std::uint64_t{1} << slot % kWordBits);
  std::ranges::make_heap(open_, std::greater{});
  while (!beyond_.empty() && tick_of(beyond_.front()) < tick_ + kSlots) place(pop_from(beyond_));
}

std::optional<std::uint64_t> EventQueue::next_occupied_tick() const {
  const std::uint64_t first = (tick_ + 1) % kSlots;
  // The word of `first` comes twice: at the start for the bits from `first` on, at the end for the
  // rest, which lie a turn ahead.
  for (std::uint64_t i = 0; i <= occupied_.size(); ++i) {
    const std::uint64_t word = (first / kWordBits + i) % occupied_.size();
    std::uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~std::uint64_t{0} << first % kWordBits;
    if (bits == 0) continue;
    const auto slot = word * kWordBits + static_cast<std::uint64_t>(std::countr_zero(bits));
    return tick_ + 1 + (slot + kSlots - first) % kSlots;
  }
  return std::nullopt;
}

}  // namespace kith::sim
