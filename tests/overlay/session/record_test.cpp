#include "overlay/session/record.hpp"

#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

noise::CipherState cipher() { return {crypto::chacha20_poly1305(), crypto::CipherKey{}}; }

TEST(RecordLength, IsOfTheForm) {
  for (std::size_t length = 0; length <= 0xffff; ++length) {
    const bool form = length > 17 && (length - 17) % 256 == 0 && (length - 17) / 256 <= 255;
    ASSERT_EQ(is_record_length(length), form) << length;
  }
  EXPECT_FALSE(is_record_length(kNopeLength));
}

TEST(RecordPadding, HidesTheLengthAndAlwaysFits) {
  for (std::size_t bytes = 0; bytes < kRecordPlainBytesMax; ++bytes) {
    for (RecordPadding padding :
         {RecordPadding::block256, RecordPadding::block8192, RecordPadding::padme}) {
      const std::size_t padded = padded_record_bytes(bytes, padding);
      ASSERT_GT(padded, bytes);
      ASSERT_EQ(padded % kRecordBlock, 0U);
      ASSERT_LE(padded, kRecordPlainBytesMax);
    }
    ASSERT_LE(padded_record_bytes(bytes, RecordPadding::block256), bytes + 256);
  }
  EXPECT_EQ(padded_record_bytes(1, RecordPadding::block8192), 8192U);
  EXPECT_EQ(padded_record_bytes(8191, RecordPadding::block8192), 8192U);
  EXPECT_EQ(padded_record_bytes(8192, RecordPadding::block8192), 16384U);
}

TEST(Record, PadsByPadmeToFewLengthsAndAtMostAnEighthMore) {
  // The item bytes and the byte 80, by Padmé, then to a multiple of 256.
  for (const auto& [bytes, padded] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 256},
                                                        {255, 256},
                                                        {256, 512},
                                                        {1000, 1024},
                                                        {4097, 4352},
                                                        {10'000, 10'240},
                                                        {33'000, 34'816},
                                                        {60'000, 61'440},
                                                        {65'000, 65'280}}) {
    EXPECT_EQ(padded_record_bytes(bytes, RecordPadding::padme), padded) << bytes;
  }
  std::set<std::size_t> lengths;
  for (std::size_t bytes = 0; bytes < kRecordPlainBytesMax; ++bytes) {
    const std::size_t padded = padded_record_bytes(bytes, RecordPadding::padme);
    ASSERT_LE(padded, (bytes + 1) + (bytes + 1) * 12 / 100 + kRecordBlock) << bytes;
    lengths.insert(padded);
  }
  EXPECT_LT(lengths.size(), kRecordPlainBytesMax / kRecordBlock / 2);
}

TEST(RecordWriter, SealsWhereTheItemsLie) {
  RecordWriter writer(RecordPadding::block256, nullptr);
  noise::CipherState sending = cipher();
  writer.add_message({as_bytes("hello")});
  Bytes out;
  ASSERT_TRUE(writer.seal_into(sending, out));
  EXPECT_EQ(out.size(), kFrameHeaderBytes + 256 + 16);
  EXPECT_EQ(writer.waiting_bytes(), 0U);
}

TEST(RecordWriter, AppendsToWhatIsThere) {
  RecordWriter writer(RecordPadding::block256, nullptr);
  noise::CipherState sending = cipher();
  writer.add_message({as_bytes("hello")});
  Bytes out{1, 2, 3};
  ASSERT_TRUE(writer.seal_into(sending, out));
  EXPECT_EQ(out.size(), 3 + kFrameHeaderBytes + 256 + 16);
  EXPECT_EQ(out[1], 2);
}

TEST(RecordWriter, PassesItsBuffersOn) {
  BufferPool pool;
  RecordWriter writer(RecordPadding::block256, &pool);
  noise::CipherState sending = cipher();
  Bytes out;
  const auto send = [&] {
    out.clear();
    writer.add_message({Bytes(10'000)});
    const Bytes* where = &out;
    ASSERT_TRUE(writer.seal_into(sending, out));
    ASSERT_FALSE(where->empty());
  };
  send();
  send();
  // Two buffers go round between the writer and the transport from now on.
  const Byte* first = out.data();
  send();
  const Byte* second = out.data();
  for (int i = 0; i < 20; ++i) {
    send();
    ASSERT_TRUE(out.data() == first || out.data() == second);
  }
}

TEST(RecordWriter, DoesNotCutAMessageThatFitsIntoTheNextRecord) {
  RecordWriter writer(RecordPadding::block256, nullptr);
  noise::CipherState sending = cipher();
  writer.add_message({Bytes(60'000)});
  writer.add_message({Bytes(10'000)});
  Bytes out;
  ASSERT_TRUE(writer.seal_into(sending, out));
  FrameReader frames;
  frames.feed(out);
  EXPECT_EQ(frames.next()->body.size(), 60'160U + 16);
  EXPECT_EQ(frames.next()->body.size(), 10'240U + 16);
}

TEST(RecordWriter, EndsBeforeTheNumbersDo) {
  RecordWriter writer(RecordPadding::block256, nullptr);
  noise::CipherState sending = cipher();
  sending.set_nonce(kRecordsMax - 1);
  Bytes out;
  writer.add_item(ItemKind::confirm, {});
  EXPECT_TRUE(writer.seal_into(sending, out));
  writer.add_item(ItemKind::confirm, {});
  EXPECT_EQ(writer.seal_into(sending, out).error(), Errc::exhausted);
}

TEST(RecordReader, EndsBeforeTheNumbersDo) {
  noise::CipherState receiving = cipher();
  receiving.set_nonce(kRecordsMax);
  RecordReader reader;
  EXPECT_EQ(reader.open(receiving, Bytes(272), nullptr).error(), Errc::exhausted);
}

/// Reads every message out of a stream of records.
std::vector<Bytes> messages_in(ByteView stream, noise::CipherState& receiving) {
  FrameReader frames;
  frames.feed(stream);
  RecordReader reader;
  std::vector<Bytes> messages;
  while (const auto frame = frames.next()) {
    EXPECT_TRUE(reader.open(receiving, frame->body, nullptr));
    while (true) {
      const auto item = reader.next(1U << 20U);
      EXPECT_TRUE(item);
      if (!item || !*item) break;
      if ((*item)->kind != ItemKind::message) continue;
      messages.emplace_back((*item)->body.begin(), (*item)->body.end());
    }
  }
  return messages;
}

TEST(RecordWriter, IsReadBackWhateverItWasGiven) {
  kith::test::for_each_seed(100, [](Random& random) {
    const auto padding = static_cast<RecordPadding>(random.below(3));
    RecordWriter writer(padding, nullptr);
    noise::CipherState sending = cipher();
    std::vector<Bytes> sent;
    Bytes stream;
    for (std::uint64_t i = random.below(60); i > 0; --i) {
      if (random.below(5) == 0) writer.add_item(ItemKind::ping, encode_ping(i));
      Bytes& message = sent.emplace_back(random.below(random.below(8) == 0 ? 150'000 : 2'000));
      random.fill(message);
      const ByteView view = message;
      const std::size_t cut = random.below(message.size() + 1);
      writer.add_message({view.first(cut), view.subspan(cut)});
      if (random.below(10) == 0) {
        Bytes part;
        ASSERT_TRUE(writer.seal_into(sending, part));
        append(stream, part);
      }
    }
    ASSERT_TRUE(writer.seal_into(sending, stream));
    noise::CipherState receiving = cipher();
    ASSERT_EQ(messages_in(stream, receiving), sent);
  });
}

TEST(BufferPool, GivesBackWhatItWasGivenWithinItsLimits) {
  BufferPool pool;
  Bytes large(BufferPool::kBufferBytesMax * 2);
  BufferPool::give_back(&pool, large);
  EXPECT_EQ(large.capacity(), 0U);
  EXPECT_EQ(BufferPool::take(&pool).capacity(), 0U);
  for (std::size_t i = 0; i < 2 * BufferPool::kBuffersMax; ++i) {
    Bytes buffer(100, 'x');
    BufferPool::give_back(&pool, buffer);
  }
  for (std::size_t i = 0; i < BufferPool::kBuffersMax; ++i) {
    const Bytes buffer = BufferPool::take(&pool);
    EXPECT_TRUE(buffer.empty());
    EXPECT_GE(buffer.capacity(), 100U);
  }
  EXPECT_EQ(BufferPool::take(&pool).capacity(), 0U);
  EXPECT_EQ(BufferPool::take(nullptr).capacity(), 0U);
}

}  // namespace
}  // namespace kith::overlay
