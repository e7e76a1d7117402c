#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>

namespace kith::codec {

/// Appends canonical msgpack to `out`: what `Reader` reads, byte for byte.  The caller keeps the
/// counts of arrays and maps, and the order of keys.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(&out) {}

  Writer& array(std::size_t count);
  Writer& map(std::size_t count);
  Writer& unsigned_number(std::uint64_t value);
  Writer& signed_number(std::int64_t value);
  Writer& boolean(bool value);
  Writer& binary(ByteView value);
  Writer& text(std::string_view value);
  Writer& fingerprint(const Fingerprint& value);
  /// Appends an encoding made elsewhere.
  Writer& raw(ByteView encoded);

 private:
  Bytes* out_;
};

}  // namespace kith::codec
