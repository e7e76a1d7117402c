#include "overlay/session/frame.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::overlay {

void FrameReader::feed(ByteView bytes) {
  KITH_ASSERT(input_.empty());
  input_ = bytes;
}

ByteView FrameReader::peek(std::size_t most) {
  if (kept_read_ == kept_.size()) {
    kept_.clear();
    kept_read_ = 0;
    return input_.first(std::min(most, input_.size()));
  }
  if (const std::size_t kept = kept_.size() - kept_read_; kept < most) {
    const std::size_t wanted = std::min(most - kept, input_.size());
    append(kept_, input_.first(wanted));
    input_ = input_.subspan(wanted);
  }
  const ByteView rest = ByteView(kept_).subspan(kept_read_);
  return rest.first(std::min(most, rest.size()));
}

std::optional<FrameHeader> FrameReader::header() {
  const ByteView start = peek(kFrameHeaderBytes);
  if (start.size() < kFrameLengthBytes) return std::nullopt;
  FrameHeader header{.length = std::size_t{start[0]} << 8U | start[1], .letter = std::nullopt};
  if (start.size() == kFrameHeaderBytes) header.letter = start[2];
  return header;
}

std::optional<Frame> FrameReader::next() {
  const auto head = header();
  if (!head || !head->letter || head->length == 0) return std::nullopt;
  const std::size_t frame_bytes = kFrameLengthBytes + head->length;
  const ByteView frame = peek(frame_bytes);
  if (frame.size() < frame_bytes) return std::nullopt;
  // `peek` looks at what was kept, if anything was; it stays where it is until the next call.
  if (kept_.empty()) {
    input_ = input_.subspan(frame_bytes);
  } else {
    kept_read_ += frame_bytes;
  }
  return Frame{.letter = *head->letter, .body = frame.subspan(kFrameHeaderBytes)};
}

void FrameReader::keep() {
  if (waiting_bytes() == 0) {
    clear();
    return;
  }
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(kept_read_));
  kept_read_ = 0;
  append(kept_, input_);
  input_ = {};
}

void FrameReader::clear() {
  kept_ = Bytes();
  kept_read_ = 0;
  input_ = {};
}

void write_frame_header(Byte letter, std::size_t body_bytes, MutableByteView out) {
  const std::size_t length = body_bytes + 1;
  KITH_ASSERT(out.size() == kFrameHeaderBytes && length <= 0xffff);
  out[0] = static_cast<Byte>(length >> 8U);
  out[1] = static_cast<Byte>(length);
  out[2] = letter;
}

}  // namespace kith::overlay
