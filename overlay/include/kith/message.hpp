#pragma once

#include <cstdint>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>

namespace kith {

/// A message as a subscriber meets it.  The views are valid during the callback.
struct Message {
  std::string_view subject;
  ByteView payload;
  /// The identity that published it.
  Fingerprint sender;

  [[nodiscard]] std::string_view text() const { return as_text(payload); }
};

/// Who says that a message was received (docs/protocol.md §9).
enum class Acknowledgement : std::uint8_t {
  node,         ///< The node, once it has handed the message over.
  application,  ///< The application, once it has done with it.
};

}  // namespace kith
