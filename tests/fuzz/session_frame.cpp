#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/assert.hpp"
#include "overlay/session/frame.hpp"

namespace kith::overlay {
namespace {

/// The bodies of the frames that `stream` holds, cut at once by the plain reading of the rule.
std::vector<Bytes> cut_plainly(ByteView stream) {
  std::vector<Bytes> bodies;
  while (stream.size() >= kFrameHeaderBytes) {
    const std::size_t length = std::size_t{stream[0]} * 256 + stream[1];
    if (length == 0 || stream.size() < 2 + length) break;
    bodies.emplace_back(stream.begin() + 3,
                        stream.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    stream = stream.subspan(2 + length);
  }
  return bodies;
}

/// The same, by the reader, in pieces of `piece` bytes.
std::vector<Bytes> cut_in_pieces(ByteView stream, std::size_t piece) {
  std::vector<Bytes> bodies;
  FrameReader reader;
  while (!stream.empty()) {
    // A copy that goes away, so that no view survives what it looks at.
    const Bytes arrived(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(
                                                             std::min(piece, stream.size())));
    stream = stream.subspan(arrived.size());
    reader.feed(arrived);
    while (const auto frame = reader.next())
      bodies.emplace_back(frame->body.begin(), frame->body.end());
    reader.keep();
  }
  return bodies;
}

}  // namespace
}  // namespace kith::overlay

/// Frames are the same however the stream is cut into reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith::overlay;
  if (size == 0) return 0;
  const kith::ByteView stream(data + 1, size - 1);
  KITH_ASSERT(cut_in_pieces(stream, 1U + data[0]) == cut_plainly(stream));
  return 0;
}
