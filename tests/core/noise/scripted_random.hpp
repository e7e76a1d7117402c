#pragma once

#include <algorithm>

#include "core/assert.hpp"
#include "core/random.hpp"

namespace kith::test {

/// Yields the bytes of its script, once each, and nothing else: whoever draws more than it was
/// written for ends the test.
class ScriptedRandom final : public Random {
 public:
  void script(ByteView bytes) { append(left_, bytes); }

  void fill(MutableByteView out) override {
    KITH_ASSERT(out.size() <= left_.size());
    const auto end = left_.begin() + static_cast<std::ptrdiff_t>(out.size());
    std::copy(left_.begin(), end, out.begin());
    left_.erase(left_.begin(), end);
  }

 private:
  Bytes left_;
};

}  // namespace kith::test
