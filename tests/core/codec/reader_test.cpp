#include "core/codec/reader.hpp"

#include <gtest/gtest.h>

#include <array>

namespace kith::codec {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

/// How reading with `read` ends.
template <class Read>
Result<void> outcome(const Bytes& bytes, Read read) {
  Reader reader(bytes);
  read(reader);
  return reader.finish();
}

Result<void> skipped(std::string_view text) {
  return outcome(hex(text), [](Reader& r) { r.skip(); });
}

const auto kFails = [](Errc error) { return Result<void>(std::unexpected(error)); };

TEST(Reader, ReadsEachType) {
  const Bytes bytes =
      hex("9801"
          "e0"
          "c3"
          "a3616263"
          "c4020102"
          "8105c2"
          "d1ff7f"
          "cf0000000100000000");
  Reader reader(bytes);
  EXPECT_EQ(reader.array(8, 8), 8U);
  EXPECT_EQ(reader.unsigned_number(), 1U);
  EXPECT_EQ(reader.signed_number(), -32);
  EXPECT_TRUE(reader.boolean());
  EXPECT_EQ(reader.text(3), "abc");
  EXPECT_EQ(to_hex(reader.binary(2, 2)), "0102");
  EXPECT_EQ(reader.map(1), 1U);
  std::optional<std::uint64_t> previous;
  EXPECT_EQ(reader.key(previous), 5U);
  EXPECT_FALSE(reader.boolean());
  EXPECT_EQ(reader.signed_number(), -129);
  EXPECT_EQ(reader.unsigned_number(), std::uint64_t{1} << 32);
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.finish());
}

TEST(Reader, ViewsPointIntoTheInput) {
  const Bytes bytes = hex("c403010203");
  Reader reader(bytes);
  EXPECT_EQ(reader.binary(0, 9).data(), bytes.data() + 2);
}

TEST(Reader, RefusesEveryFormThatIsNotTheShortest) {
  for (const char* longer : {"cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff", "d0e0", "d1ff80",
                             "d2ffff8000", "d3ffffffff80000000",
                             "d91f"
                             "00000000000000000000000000000000000000000000000000000000000000",
                             "da0001"
                             "61",
                             "db00000001"
                             "61",
                             "c50001"
                             "00",
                             "c600000001"
                             "00",
                             "dc0001"
                             "00",
                             "dd00000001"
                             "00",
                             "de0001"
                             "0000",
                             "df00000001"
                             "0000"})
    EXPECT_EQ(skipped(longer), kFails(Errc::not_canonical)) << longer;
}

TEST(Reader, RefusesTheLargestSizeThatAShorterFormHolds) {
  for (const auto& [head, content] :
       std::initializer_list<std::pair<const char*, std::size_t>>{{"c500ff", 0xff},
                                                                  {"c60000ffff", 0xffff},
                                                                  {"da00ff", 0xff},
                                                                  {"db0000ffff", 0xffff},
                                                                  {"dc000f", 15},
                                                                  {"dd0000ffff", 0xffff},
                                                                  {"de000f", 30},
                                                                  {"df0000ffff", 2 * 0xffff}}) {
    Bytes bytes = hex(head);
    bytes.resize(bytes.size() + content);
    EXPECT_EQ(outcome(bytes, [](Reader& r) { r.skip(); }), kFails(Errc::not_canonical)) << head;
  }
}

TEST(Reader, RefusesPositiveNumbersInNegativeForms) {
  for (const char* positive : {"d000", "d07f", "d10100", "d200010000", "d30000000100000000"})
    EXPECT_EQ(skipped(positive), kFails(Errc::not_canonical)) << positive;
}

TEST(Reader, RefusesNilFloatsAndExtensions) {
  for (const char* other : {"c0", "c1", "c70100ff", "c8000100ff", "c90000000100ff", "ca00000000",
                            "cb0000000000000000", "d40000", "d5000000", "d600", "d700", "d800"})
    EXPECT_EQ(skipped(other), kFails(Errc::wrong_type)) << other;
}

TEST(Reader, RefusesKeysThatRepeatOrDescend) {
  EXPECT_EQ(skipped("8201c201c2"), kFails(Errc::duplicate_key));
  EXPECT_EQ(skipped("8202c201c2"), kFails(Errc::unexpected_key));
  EXPECT_EQ(skipped("81a16101"), kFails(Errc::wrong_type));
  EXPECT_TRUE(skipped("8201c202c2"));
}

TEST(Reader, KeepsTheKeysOfNestedMapsApart) { EXPECT_TRUE(skipped("820581010106c2")); }

TEST(Reader, RefusesTextThatIsNotUtf8) {
  for (const char* bad : {"a180", "a1ff", "a2c080", "a2c3c3", "a3e08080", "a3eda080", "a3efbf41",
                          "a4f0808080", "a4f4908080", "a4f5808080", "a1c3", "a2e282"}) {
    EXPECT_EQ(skipped(bad), kFails(Errc::bad_text)) << bad;
    EXPECT_EQ(outcome(hex(bad), [](Reader& r) { r.text(9); }), kFails(Errc::bad_text)) << bad;
  }
}

TEST(Reader, TakesNestingUpToItsLimit) {
  EXPECT_TRUE(skipped("919191919191919100"));
  EXPECT_EQ(skipped("91919191919191919100"), kFails(Errc::too_deep));
  EXPECT_EQ(skipped("919191919191919180"), kFails(Errc::too_deep));
  EXPECT_TRUE(
      skipped("810181018101810181018101810181"
              "01c2"));
  EXPECT_EQ(skipped("810181018101810181018101810181"
                    "0180"),
            kFails(Errc::too_deep));
}

TEST(Reader, ReportsWhichLimitIsBroken) {
  const auto reads = [](auto read) { return [read](Reader& r) { static_cast<void>(read(r)); }; };
  EXPECT_EQ(outcome(hex("920000"), reads([](Reader& r) { return r.array(0, 1); })),
            kFails(Errc::too_long));
  EXPECT_EQ(outcome(hex("920000"), reads([](Reader& r) { return r.array(3, 4); })),
            kFails(Errc::out_of_range));
  EXPECT_EQ(outcome(hex("8201000200"), reads([](Reader& r) { return r.map(1); })),
            kFails(Errc::too_long));
  EXPECT_EQ(outcome(hex("05"), reads([](Reader& r) { return r.unsigned_number(4); })),
            kFails(Errc::out_of_range));
  EXPECT_EQ(outcome(hex("cf8000000000000000"), reads([](Reader& r) { return r.signed_number(); })),
            kFails(Errc::out_of_range));
  EXPECT_EQ(outcome(hex("c4020102"), reads([](Reader& r) { return r.binary(0, 1); })),
            kFails(Errc::too_long));
  EXPECT_EQ(outcome(hex("c4020102"), reads([](Reader& r) { return r.fingerprint(); })),
            kFails(Errc::out_of_range));
  EXPECT_EQ(outcome(hex("a26162"), reads([](Reader& r) { return r.text(1); })),
            kFails(Errc::too_long));
}

TEST(Reader, BelievesNoCountThatTheInputCannotHold) {
  for (const char* liar :
       {"ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "9f00", "8f0000"})
    EXPECT_EQ(skipped(liar), kFails(Errc::truncated)) << liar;
  EXPECT_EQ(outcome(hex("dd00100000"), [](Reader& r) { EXPECT_EQ(r.array(0, SIZE_MAX), 0U); }),
            kFails(Errc::truncated));
  EXPECT_EQ(outcome(hex("8300000100"), [](Reader& r) { EXPECT_EQ(r.map(SIZE_MAX), 0U); }),
            kFails(Errc::truncated));
}

TEST(Reader, AsksForTheTypeItWasToldToRead) {
  const Bytes number = hex("01");
  EXPECT_EQ(outcome(number, [](Reader& r) { r.text(9); }), kFails(Errc::wrong_type));
  EXPECT_EQ(outcome(number, [](Reader& r) { r.binary(0, 9); }), kFails(Errc::wrong_type));
  EXPECT_EQ(outcome(number, [](Reader& r) { r.array(0, 9); }), kFails(Errc::wrong_type));
  EXPECT_EQ(outcome(number, [](Reader& r) { r.map(9); }), kFails(Errc::wrong_type));
  EXPECT_EQ(outcome(number, [](Reader& r) { r.boolean(); }), kFails(Errc::wrong_type));
  EXPECT_EQ(outcome(hex("ff"), [](Reader& r) { r.unsigned_number(); }), kFails(Errc::wrong_type));
  EXPECT_EQ(outcome(hex("c2"), [](Reader& r) { r.signed_number(); }), kFails(Errc::wrong_type));
}

TEST(Reader, KeepsItsFirstFaultAndYieldsNothingAfterIt) {
  const Bytes bytes =
      hex("c2"
          "a3616263"
          "05");
  Reader reader(bytes);
  EXPECT_EQ(reader.unsigned_number(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.text(9), "");
  EXPECT_EQ(reader.unsigned_number(), 0U);
  EXPECT_TRUE(reader.skip().empty());
  reader.fail(Errc::expired);
  EXPECT_EQ(reader.finish(), kFails(Errc::wrong_type));
}

TEST(Reader, LeavesTheTargetOfACopyAloneOnFailure) {
  std::array<Byte, 2> out = {7, 7};
  EXPECT_EQ(outcome(hex("c40101"), [&](Reader& r) { r.binary_into(out); }),
            kFails(Errc::out_of_range));
  EXPECT_EQ(out, (std::array<Byte, 2>{7, 7}));
}

TEST(Reader, RefusesBytesBehindTheEnd) {
  EXPECT_EQ(skipped("0000"), kFails(Errc::trailing_bytes));
  EXPECT_EQ(skipped(""), kFails(Errc::truncated));
}

TEST(Reader, SkipYieldsTheEncodingOfOneValue) {
  const Bytes bytes =
      hex("9201a162"
          "03");
  Reader reader(bytes);
  EXPECT_EQ(to_hex(reader.skip()), "9201a162");
  EXPECT_EQ(reader.unsigned_number(), 3U);
  EXPECT_TRUE(reader.finish());
}

}  // namespace
}  // namespace kith::codec
