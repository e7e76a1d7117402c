#pragma once

#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>
#include <kith/time.hpp>

#include "core/codec/writer.hpp"
#include "overlay/message_kind.hpp"

namespace kith::overlay {

/// Begins a message in `bytes`: an array of so many fields, the first of them its kind.
[[nodiscard]] inline codec::Writer begin_message(Bytes& bytes, MessageKind kind,
                                                 std::size_t fields) {
  codec::Writer out(bytes);
  out.array(fields).unsigned_number(static_cast<std::uint64_t>(kind));
  return out;
}

/// A time as it stands in messages.  @pre not before 1970
[[nodiscard]] inline std::uint64_t microseconds(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace kith::overlay
