#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kith/bytes.hpp>

namespace kith::overlay {

// A frame is its length (u16, big-endian: letter and body), a letter and a body (docs/protocol.md
// §4.1).

inline constexpr std::size_t kFrameLengthBytes = 2;
inline constexpr std::size_t kFrameHeaderBytes = kFrameLengthBytes + 1;
/// Letter and body of a handshake frame, at most and at least: a letter and a key.
inline constexpr std::size_t kHandshakeLengthMax = 4096;
inline constexpr std::size_t kHandshakeLengthMin = 33;

/// Every frame behind the handshake is a record, and begins with this.
inline constexpr Byte kRecordLetter = 'T';

/// The reject that is no frame.  Its first two bytes, read as a length, are over the limit of
/// handshakes and not of a record's form.
inline constexpr Byte kNope[] = {'n', 'o', 'p', 'e'};
inline constexpr std::size_t kNopeLength = 0x6e6f;

/// What is known of a frame before it is there as a whole.
struct FrameHeader {
  std::size_t length = 0;
  std::optional<Byte> letter;
};

struct Frame {
  Byte letter = 0;
  ByteView body;
};

/// Cuts a stream into frames.  What it is fed is looked at where it lies; only what is left of an
/// incomplete frame is kept.  It knows no limits: whoever reads looks at the header first, and goes
/// no further if it is not as it must be.
class FrameReader {
 public:
  /// `bytes` stay where they are until `keep` is called.  @pre the bytes before were kept
  void feed(ByteView bytes);

  /// The length of the frame that comes next, as soon as that much is there, and its letter.
  [[nodiscard]] std::optional<FrameHeader> header();

  /// The next frame, if all of it is there; valid until the next call.  @pre the header was fine
  [[nodiscard]] std::optional<Frame> next();

  /// The bytes that come next, `most` at most; valid until the next call.
  [[nodiscard]] ByteView peek(std::size_t most);

  /// Copies what has not been read.
  void keep();

  /// Forgets everything.
  void clear();

  [[nodiscard]] std::size_t waiting_bytes() const {
    return kept_.size() - kept_read_ + input_.size();
  }

 private:
  Bytes kept_;
  std::size_t kept_read_ = 0;
  ByteView input_;
};

/// Writes the length and letter of a frame with a body of `body_bytes` to `out`.
/// @pre out.size() == kFrameHeaderBytes
void write_frame_header(Byte letter, std::size_t body_bytes, MutableByteView out);

}  // namespace kith::overlay
