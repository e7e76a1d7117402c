#pragma once

#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/codec/reader.hpp"
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

/// Reads what `begin_message` writes: a fault if it is of another kind or length.
inline void read_kind(codec::Reader& in, MessageKind kind, std::size_t fields) {
  in.array(fields, fields);
  if (in.unsigned_number() != static_cast<std::uint64_t>(kind)) in.fail(Errc::wrong_kind);
}

/// The most that stands in messages for a time, or for a span: no sum of two leaves the range of a
/// `WallTime`.
inline constexpr auto kMicrosecondsMax =
    static_cast<std::uint64_t>(kTokenTimeMax.time_since_epoch().count());

/// A time as it stands in messages.  @pre not before 1970
[[nodiscard]] inline std::uint64_t microseconds(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

[[nodiscard]] inline WallTime read_time(codec::Reader& in) {
  return WallTime(Duration(static_cast<Duration::rep>(in.unsigned_number(kMicrosecondsMax))));
}

}  // namespace kith::overlay
