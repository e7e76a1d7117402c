#pragma once

#include <cstdint>

namespace kith {

/// How far an attempt to enter the overlay had come when it failed.
enum class JoinStep : std::uint8_t {
  connecting,  ///< No connection came about.
  handshake,   ///< Connected; the two have not both proven themselves to each other.
  joining,     ///< They have; the other one did not let us join.
};

}  // namespace kith
