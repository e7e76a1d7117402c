#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"

namespace kith::codec {
namespace {

constexpr std::size_t kStepsMax = 16;

/// Reads one value of the kind that `step` selects, and writes it again.
void copy_value(Byte step, Reader& reader, Writer& writer) {
  switch (step % 9) {
    case 0:
      writer.array(reader.array(step / 64, 64));
      break;
    case 1:
      writer.map(reader.map(step));
      break;
    case 2:
      writer.unsigned_number(reader.unsigned_number());
      break;
    case 3:
      writer.signed_number(reader.signed_number());
      break;
    case 4:
      writer.boolean(reader.boolean());
      break;
    case 5:
      writer.binary(reader.binary(0, 16U * step));
      break;
    case 6:
      writer.text(reader.text(16U * step));
      break;
    case 7:
      writer.fingerprint(reader.fingerprint());
      break;
    default:
      writer.raw(reader.skip());
      break;
  }
}

/// What was read in full is, written again, the bytes that were read; and a fault sticks.
void copy_values(ByteView steps, ByteView input) {
  Bytes copy;
  Reader reader(input);
  Writer writer(copy);
  for (const Byte step : steps) {
    copy_value(step, reader, writer);
    if (reader.failed()) break;
    const auto read = input.first(input.size() - reader.rest().size());
    KITH_ASSERT(std::ranges::equal(copy, read));
  }
  if (!reader.failed()) return;
  KITH_ASSERT(reader.unsigned_number() == 0 && reader.text(8).empty() && reader.skip().empty());
  KITH_ASSERT(!reader.finish());
}

}  // namespace
}  // namespace kith::codec

/// The first byte says how many of those after it select what is read from the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const kith::ByteView input(data + 1, size - 1);
  const std::size_t steps = std::min(data[0] % kith::codec::kStepsMax, input.size());
  kith::codec::copy_values(input.first(steps), input.subspan(steps));
  return 0;
}
