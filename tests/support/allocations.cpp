#include "tests/support/allocations.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocation_count = 0;
thread_local std::size_t live_bytes = 0;
thread_local std::size_t peak_live_bytes = 0;

void* allocate(std::size_t bytes) {
  void* memory = std::malloc(std::max<std::size_t>(bytes, 1));
  if (memory == nullptr) throw std::bad_alloc();
  ++allocation_count;
  live_bytes += malloc_usable_size(memory);
  peak_live_bytes = std::max(peak_live_bytes, live_bytes);
  return memory;
}

void release(void* memory) {
  if (memory == nullptr) return;
  live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }

namespace kith::test {

Allocations::Allocations() : count_at_start_(allocation_count), live_at_start_(live_bytes) {
  peak_live_bytes = live_bytes;
}

std::size_t Allocations::count() const { return allocation_count - count_at_start_; }

std::size_t Allocations::peak_bytes() const { return peak_live_bytes - live_at_start_; }

}  // namespace kith::test
