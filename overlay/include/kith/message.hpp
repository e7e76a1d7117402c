#pragma once

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

}  // namespace kith
