#include "overlay/session/frame.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

Bytes frame(Byte letter, ByteView body) {
  Bytes bytes(kFrameHeaderBytes);
  write_frame_header(letter, body.size(), bytes);
  append(bytes, body);
  return bytes;
}

TEST(FrameReader, CutsAStreamTheSameWayHoweverItArrives) {
  kith::test::for_each_seed(300, [](Random& random) {
    std::vector<Bytes> bodies;
    Bytes stream;
    for (std::uint64_t i = random.below(8); i > 0; --i) {
      Bytes& body = bodies.emplace_back(random.below(random.below(2) == 0 ? 4 : 3'000));
      random.fill(body);
      append(stream, frame(static_cast<Byte>(i), body));
    }
    const std::size_t unfinished = stream.size();
    append(stream, frame('x', Bytes(10)));
    stream.resize(unfinished + random.below(12));

    FrameReader reader;
    std::vector<Bytes> read;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t bytes = std::min(stream.size() - at, 1 + random.below(1'500));
      const Bytes arrived(stream.begin() + static_cast<std::ptrdiff_t>(at),
                          stream.begin() + static_cast<std::ptrdiff_t>(at + bytes));
      reader.feed(arrived);
      // Now and then nobody reads for a while.
      if (random.below(4) != 0) {
        while (const auto next = reader.next())
          read.emplace_back(next->body.begin(), next->body.end());
      }
      reader.keep();
      at += bytes;
    }
    while (const auto next = reader.next()) read.emplace_back(next->body.begin(), next->body.end());
    ASSERT_EQ(read, bodies);
    ASSERT_EQ(reader.waiting_bytes(), stream.size() - unfinished);
  });
}

TEST(FrameReader, TellsTheHeaderBeforeTheBodyIsThere) {
  FrameReader reader;
  const Bytes start{0x10, 0x02, 'H'};
  reader.feed(ByteView(start).first(1));
  EXPECT_FALSE(reader.header());
  reader.keep();
  reader.feed(ByteView(start).subspan(1, 1));
  ASSERT_TRUE(reader.header());
  EXPECT_EQ(reader.header()->length, 0x1002U);
  EXPECT_FALSE(reader.header()->letter);
  reader.keep();
  reader.feed(ByteView(start).subspan(2));
  EXPECT_EQ(reader.header()->letter, Byte{'H'});
  EXPECT_FALSE(reader.next());
}

TEST(FrameReader, DoesNotCopyWhatIsWhole) {
  FrameReader reader;
  const Bytes stream = frame('T', Bytes(100));
  reader.feed(stream);
  const auto next = reader.next();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body.data(), stream.data() + kFrameHeaderBytes);
}

TEST(FrameReader, LooksAheadWithoutTaking) {
  FrameReader reader;
  const Bytes bytes{'n', 'o', 'p', 'e'};
  reader.feed(ByteView(bytes).first(2));
  reader.keep();
  reader.feed(ByteView(bytes).subspan(2));
  EXPECT_TRUE(std::ranges::equal(reader.peek(5), bytes));
  EXPECT_EQ(reader.waiting_bytes(), 4U);
}

TEST(FrameReader, HasNoFrameOfLengthZero) {
  FrameReader reader;
  const Bytes bytes{0, 0, 0, 0};
  reader.feed(bytes);
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace kith::overlay
