#pragma once

namespace kith {

/// One function object out of several: what to do for each alternative of a variant.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace kith
