#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

namespace kith::codec {

/// Reads canonical msgpack: booleans, integers, text, binaries, arrays and maps from unsigned
/// numbers, in their shortest forms, map keys strictly ascending, nothing after the end.  It pulls
/// value by value, allocates nothing, and never believes a length that the input cannot hold, so
/// that hostile bytes cost no more than their own size.
///
/// The first fault sticks: from then on every call yields an empty value, and `finish()` tells the
/// cause.  A decoder therefore reads straight down and checks once, at the end, before it lets any
/// value out.  Views point into the input.
class Reader {
 public:
  explicit Reader(ByteView input) : rest_(input) {}

  /// The number of elements; also a fault if it is not within [least, most]
  /// (`Errc::out_of_range`, `Errc::too_long`).
  std::size_t array(std::size_t least, std::size_t most);
  /// The number of pairs; keys are read with `key()`.
  std::size_t map(std::size_t most);
  /// The next key of the innermost map: a small unsigned number greater than the one before it
  /// (`Errc::duplicate_key` if equal, `Errc::unexpected_key` if less).  `previous` is kept by the
  /// caller, empty before the first.
  std::uint64_t key(std::optional<std::uint64_t>& previous);

  std::uint64_t unsigned_number(std::uint64_t most = UINT64_MAX);
  std::int64_t signed_number();
  bool boolean();
  ByteView binary(std::size_t least, std::size_t most);
  /// UTF-8 text, checked (`Errc::bad_text`), of at most `most` bytes.
  std::string_view text(std::size_t most);
  Fingerprint fingerprint();
  /// Copies a binary of exactly `out.size()` bytes.
  void binary_into(MutableByteView out);

  /// Passes over one value of any type, checked in full, nested at most `kMaxDepth` deep; yields
  /// its encoding.
  ByteView skip();

  /// Faults with `error` unless one is there already.
  void fail(Errc error);
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// What has not been read yet.
  [[nodiscard]] ByteView rest() const { return rest_; }

  /// The fault, if there was one, or `Errc::trailing_bytes` if input is left.
  [[nodiscard]] Result<void> finish();

  static constexpr int kMaxDepth = 8;

 private:
  enum class Type : std::uint8_t { refused, boolean, positive, negative, text, binary, array, map };
  struct Form;
  /// What stands before the content of a value, or is the whole of it.
  struct Head {
    Type type = Type::refused;
    /// The number, the truth, the length in bytes or the count of elements.  A negative number n
    /// is held as -1 - n.
    std::uint64_t value = 0;
  };

  static Form form_of(Byte lead);
  Head head();
  /// The value of a head that must be of `type`; 0 after a fault.
  std::uint64_t head_of(Type type);
  /// The same for lengths and counts, within limits.
  std::size_t size_of(Type type, std::size_t least, std::size_t most);
  /// The next `count` elements that take at least `bytes_each`: a fault if the input is shorter.
  std::size_t counted(std::uint64_t count, std::size_t bytes_each);
  std::uint64_t big_endian(std::size_t bytes);
  ByteView take(std::uint64_t bytes);
  void pass(int depth);

  ByteView rest_;
  std::optional<Errc> error_;
};

}  // namespace kith::codec
