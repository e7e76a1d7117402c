#include "core/codec/reader.hpp"

#include <algorithm>
#include <array>

#include "core/codec/utf8.hpp"

namespace kith::codec {

/// One row of msgpack's table of first bytes.
struct Reader::Form {
  Type type = Type::refused;
  std::size_t argument_bytes = 0;
  /// The least argument that no shorter form can hold.
  std::uint64_t least = 0;
};

/// The rows 0xc0 to 0xdf; those before and after hold their argument in the first byte.  Nil,
/// floating point and extension types are refused: nothing in kith needs a second way to say
/// something.
Reader::Form Reader::form_of(Byte lead) {
  constexpr std::uint64_t kLeast4 = 1U << 16;
  constexpr std::uint64_t kLeast8 = std::uint64_t{1} << 32;
  switch (lead) {
    case 0xc4:
      return {Type::binary, 1, 0};
    case 0xc5:
      return {Type::binary, 2, 1U << 8};
    case 0xc6:
      return {Type::binary, 4, kLeast4};
    case 0xcc:
      return {Type::positive, 1, 1U << 7};
    case 0xcd:
      return {Type::positive, 2, 1U << 8};
    case 0xce:
      return {Type::positive, 4, kLeast4};
    case 0xcf:
      return {Type::positive, 8, kLeast8};
    case 0xd0:
      return {Type::negative, 1, 1U << 5};
    case 0xd1:
      return {Type::negative, 2, 1U << 7};
    case 0xd2:
      return {Type::negative, 4, kLeast4 >> 1};
    case 0xd3:
      return {Type::negative, 8, kLeast8 >> 1};
    case 0xd9:
      return {Type::text, 1, 1U << 5};
    case 0xda:
      return {Type::text, 2, 1U << 8};
    case 0xdb:
      return {Type::text, 4, kLeast4};
    case 0xdc:
      return {Type::array, 2, 1U << 4};
    case 0xdd:
      return {Type::array, 4, kLeast4};
    case 0xde:
      return {Type::map, 2, 1U << 4};
    case 0xdf:
      return {Type::map, 4, kLeast4};
    default:
      return {};
  }
}

std::size_t Reader::array(std::size_t least, std::size_t most) {
  return counted(size_of(Type::array, least, most), 1);
}

std::size_t Reader::map(std::size_t most) { return counted(size_of(Type::map, 0, most), 2); }

std::uint64_t Reader::key(std::optional<std::uint64_t>& previous) {
  const std::uint64_t key = head_of(Type::positive);
  if (failed()) return 0;
  if (previous && key <= *previous) {
    fail(key == *previous ? Errc::duplicate_key : Errc::unexpected_key);
    return 0;
  }
  previous = key;
  return key;
}

std::uint64_t Reader::unsigned_number(std::uint64_t most) {
  const std::uint64_t value = head_of(Type::positive);
  if (value <= most) return value;
  fail(Errc::out_of_range);
  return 0;
}

std::int64_t Reader::signed_number() {
  const Head number = head();
  if (number.type != Type::positive && number.type != Type::negative) {
    fail(Errc::wrong_type);
    return 0;
  }
  if (number.value > INT64_MAX) {
    fail(Errc::out_of_range);
    return 0;
  }
  const auto value = static_cast<std::int64_t>(number.value);
  return number.type == Type::negative ? -1 - value : value;
}

bool Reader::boolean() { return head_of(Type::boolean) != 0; }

ByteView Reader::binary(std::size_t least, std::size_t most) {
  return take(size_of(Type::binary, least, most));
}

std::string_view Reader::text(std::size_t most) {
  const ByteView bytes = take(size_of(Type::text, 0, most));
  if (is_utf8(bytes)) return as_text(bytes);
  fail(Errc::bad_text);
  return {};
}

Fingerprint Reader::fingerprint() {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  binary_into(bytes);
  return Fingerprint(bytes);
}

void Reader::binary_into(MutableByteView out) {
  const ByteView bytes = binary(out.size(), out.size());
  if (!failed()) std::ranges::copy(bytes, out.begin());
}

ByteView Reader::skip() {
  const ByteView before = rest_;
  pass(0);
  return failed() ? ByteView{} : before.first(before.size() - rest_.size());
}

void Reader::fail(Errc error) {
  if (!error_) error_ = error;
  rest_ = {};
}

Result<void> Reader::finish() {
  if (!failed() && !at_end()) fail(Errc::trailing_bytes);
  if (failed()) return std::unexpected(*error_);
  return {};
}

Reader::Head Reader::head() {
  const ByteView first = take(1);
  if (failed()) return {};
  const Byte lead = first.front();
  if (lead <= 0x7f) return {Type::positive, lead};
  if (lead <= 0x8f) return {Type::map, lead & 0x0fU};
  if (lead <= 0x9f) return {Type::array, lead & 0x0fU};
  if (lead <= 0xbf) return {Type::text, lead & 0x1fU};
  if (lead >= 0xe0) return {Type::negative, 0xffU - lead};
  if (lead == 0xc2 || lead == 0xc3) return {Type::boolean, lead & 1U};

  const Form form = form_of(lead);
  std::uint64_t argument = big_endian(form.argument_bytes);
  if (failed() || form.type == Type::refused) return {};
  if (form.type == Type::negative) {
    // In two's complement, -1 - n turns every bit; without its sign bit n was not negative.
    const std::uint64_t ones = ~std::uint64_t{0} >> (64 - 8 * form.argument_bytes);
    argument ^= ones;
    if (argument > ones >> 1) argument = 0;
  }
  if (argument < form.least) {
    fail(Errc::not_canonical);
    return {};
  }
  return {form.type, argument};
}

std::uint64_t Reader::head_of(Type type) {
  const Head found = head();
  if (found.type == type) return found.value;
  fail(Errc::wrong_type);
  return 0;
}

std::size_t Reader::size_of(Type type, std::size_t least, std::size_t most) {
  const std::uint64_t size = head_of(type);
  if (failed()) return 0;
  if (size >= least && size <= most) return static_cast<std::size_t>(size);
  fail(size > most ? Errc::too_long : Errc::out_of_range);
  return 0;
}

std::size_t Reader::counted(std::uint64_t count, std::size_t bytes_each) {
  if (count <= rest_.size() / bytes_each) return static_cast<std::size_t>(count);
  fail(Errc::truncated);
  return 0;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
  std::uint64_t value = 0;
  for (Byte byte : take(bytes)) value = value << 8 | byte;
  return value;
}

ByteView Reader::take(std::uint64_t bytes) {
  if (failed()) return {};
  if (bytes > rest_.size()) {
    fail(Errc::truncated);
    return {};
  }
  const ByteView taken = rest_.first(static_cast<std::size_t>(bytes));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

/// Passes over one value that stands inside `depth` arrays and maps.
void Reader::pass(int depth) {
  const Head found = head();
  const bool nests = found.type == Type::array || found.type == Type::map;
  if (nests && depth == kMaxDepth) return fail(Errc::too_deep);
  switch (found.type) {
    case Type::refused:
      return fail(Errc::wrong_type);
    case Type::boolean:
    case Type::positive:
    case Type::negative:
      return;
    case Type::binary:
      take(found.value);
      return;
    case Type::text:
      if (!is_utf8(take(found.value))) fail(Errc::bad_text);
      return;
    case Type::array:
      for (std::size_t left = counted(found.value, 1); left > 0 && !failed(); --left)
        pass(depth + 1);
      return;
    case Type::map: {
      std::optional<std::uint64_t> previous;
      for (std::size_t left = counted(found.value, 2); left > 0 && !failed(); --left) {
        key(previous);
        pass(depth + 1);
      }
      return;
    }
  }
}

}  // namespace kith::codec
