#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/codec/reader.hpp"
#include "tests/core/codec/model.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::codec::test {
namespace {

bool reader_takes(ByteView bytes) {
  Reader reader(bytes);
  reader.skip();
  return reader.finish().has_value();
}

/// Both decoders must agree on whether `bytes` are one canonical value, and on which.
void compare_with_model(ByteView bytes) {
  const auto value = model_decode(bytes);
  ASSERT_EQ(reader_takes(bytes), value.has_value()) << to_hex(bytes);
  if (value) {
    ASSERT_TRUE(reads_as(bytes, *value)) << to_hex(bytes);
  }
}

/// Calls `visit` with every string of `length` letters of `alphabet`.
template <class Visit>
void for_each_string(const Bytes& alphabet, std::size_t length, Visit visit) {
  Bytes string(length, alphabet.front());
  std::vector<std::size_t> digits(length, 0);
  for (;;) {
    visit(ByteView(string));
    std::size_t at = 0;
    while (at < length && ++digits[at] == alphabet.size()) digits[at++] = 0;
    if (at == length) return;
    for (std::size_t i = 0; i <= at; ++i) string[i] = alphabet[digits[i]];
  }
}

Bytes every_byte() {
  Bytes bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<Byte>(byte));
  return bytes;
}

TEST(CodecLaws, AgreeWithTheModelOnEveryInputOfTwoBytes) {
  for (std::size_t length = 1; length <= 2; ++length)
    for_each_string(every_byte(), length, compare_with_model);
}

TEST(CodecLaws, AgreeWithTheModelOnEveryInputOfFiveBytesThatMatter) {
  // One byte at least on each side of every border of msgpack's table.
  const Bytes borders = {0x00, 0x01, 0x1f, 0x20, 0x7f, 0x80, 0x81, 0x82, 0x90, 0x91, 0xa0,
                         0xa1, 0xbf, 0xc0, 0xc2, 0xc3, 0xc4, 0xc5, 0xcc, 0xcd, 0xd0, 0xd1,
                         0xd9, 0xda, 0xdc, 0xde, 0xdf, 0xe0, 0xed, 0xf4, 0xff};
  for (std::size_t length = 3; length <= 4; ++length)
    for_each_string(borders, length, compare_with_model);
  const Bytes few = {0x00, 0x01, 0x7f, 0x81, 0x82, 0x91, 0x92, 0xa1, 0xc4, 0xcc, 0xce, 0xd2, 0xff};
  for_each_string(few, 5, compare_with_model);
}

TEST(CodecLaws, AgreeWithTheModelOnDamagedValues) {
  kith::test::for_each_seed(2000, [](Random& random) {
    Bytes bytes = write(random_value(random, 2));
    for (std::uint64_t damage = random.below(4); damage > 0 && !bytes.empty(); --damage)
      bytes[random.below(bytes.size())] = static_cast<Byte>(random.below(256));
    compare_with_model(bytes);
  });
}

TEST(CodecLaws, WhatIsWrittenReadsBackAndIsCanonical) {
  kith::test::for_each_seed(2000, [](Random& random) {
    const Value value = random_value(random, 3);
    const Bytes bytes = write(value);
    EXPECT_TRUE(reads_as(bytes, value));
    EXPECT_TRUE(reader_takes(bytes));
    EXPECT_EQ(model_decode(bytes), value);
  });
}

TEST(CodecLaws, EveryTruncationFails) {
  kith::test::for_each_seed(300, [](Random& random) {
    const Bytes bytes = write(random_value(random, 2));
    // All prefixes of a long value would cost its square.
    const std::size_t step = 1 + bytes.size() / 500;
    for (std::size_t size = 0; size < bytes.size(); size += step) {
      Reader reader(ByteView(bytes).first(size));
      reader.skip();
      ASSERT_EQ(reader.finish(), Result<void>(std::unexpected(Errc::truncated))) << size;
    }
  });
}

/// A header that promises much, with little behind it.
Bytes hostile(Random& random) {
  constexpr std::array<Byte, 14> kLeads = {0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb, 0xdc,
                                           0xdd, 0xde, 0xdf, 0x9f, 0x8f, 0xbf, 0x91};
  Bytes bytes;
  for (std::uint64_t nesting = random.below(12); nesting > 0; --nesting) bytes.push_back(0x91);
  bytes.push_back(kLeads[random.below(kLeads.size())]);
  for (std::uint64_t size = random.below(5); size > 0; --size)
    bytes.push_back(random.below(2) == 0 ? 0xff : static_cast<Byte>(random.below(256)));
  Bytes tail(random.below(64));
  random.fill(tail);
  append(bytes, tail);
  return bytes;
}

TEST(CodecLaws, TenThousandHostileHeadersMakeTheReaderAllocateNothing) {
  kith::test::for_each_seed(10'000, [](Random& random) {
    const Bytes bytes = hostile(random);
    const kith::test::Allocations allocations;
    const bool taken = reader_takes(bytes);
    Reader parts(bytes);
    for (int i = 0; i < 16; ++i) {
      parts.array(0, SIZE_MAX);
      parts.map(SIZE_MAX);
      parts.text(SIZE_MAX);
      parts.binary(0, SIZE_MAX);
    }
    EXPECT_EQ(allocations.count(), 0U) << to_hex(bytes);
    EXPECT_EQ(taken, model_decode(bytes).has_value()) << to_hex(bytes);
  });
}

TEST(CodecLaws, TheAllocationCounterCounts) {
  const kith::test::Allocations allocations;
  {
    const Bytes some(5000);
  }
  EXPECT_GE(allocations.count(), 1U);
  EXPECT_GE(allocations.peak_bytes(), 5000U);
}

}  // namespace
}  // namespace kith::codec::test
