#include "core/noise/hkdf.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::noise {
namespace {

using boost::json::value;
using test::bytes_at;

std::string hex_of(const HkdfOutput& output, const crypto::Hash& hash) {
  return to_hex(output.view().first(hash.hash_bytes()));
}

const crypto::Hash& hash_named(std::string_view name) {
  return name == "SHA256" ? crypto::sha256() : crypto::blake2b();
}

TEST(Hkdf, MatchesTheKnownAnswers) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("hkdf").as_array()) {
    const crypto::Hash& hash = hash_named(test::text_at(answer, "hash"));
    HkdfOutput first, second, third;
    hkdf(hash, bytes_at(answer, "chaining_key"), bytes_at(answer, "ikm"),
         {&first, &second, &third});
    EXPECT_EQ(hex_of(first, hash), test::text_at(answer, "out1"));
    EXPECT_EQ(hex_of(second, hash), test::text_at(answer, "out2"));
    EXPECT_EQ(hex_of(third, hash), test::text_at(answer, "out3"));
  }
}

TEST(Hkdf, GivesTheSameFirstOutputsHoweverManyAreAsked) {
  for (const crypto::Hash* hash : {&crypto::blake2b(), &crypto::sha256()}) {
    const Bytes chaining_key(hash->hash_bytes(), 5);
    HkdfOutput two[2], three[3];
    hkdf(*hash, chaining_key, as_bytes("input"), {&two[0], &two[1]});
    hkdf(*hash, chaining_key, as_bytes("input"), {&three[0], &three[1], &three[2]});
    EXPECT_EQ(hex_of(two[0], *hash), hex_of(three[0], *hash));
    EXPECT_EQ(hex_of(two[1], *hash), hex_of(three[1], *hash));
  }
}

TEST(Hkdf, MayReplaceTheChainingKeyInPlace) {
  const crypto::Hash& hash = crypto::blake2b();
  HkdfOutput chaining_key, apart, second, second_in_place;
  hkdf(hash, chaining_key.view(), as_bytes("input"), {&apart, &second});
  hkdf(hash, chaining_key.view(), as_bytes("input"), {&chaining_key, &second_in_place});
  EXPECT_EQ(hex_of(chaining_key, hash), hex_of(apart, hash));
  EXPECT_EQ(hex_of(second_in_place, hash), hex_of(second, hash));
}

}  // namespace
}  // namespace kith::noise
