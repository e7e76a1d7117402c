#include "core/fingerprint_book.hpp"

#include <map>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

Fingerprint numbered(Byte number) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  bytes.back() = number;
  return Fingerprint(bytes);
}

TEST(FingerprintBook, GivesEqualFingerprintsOneNumber) {
  FingerprintBook book(SipKey{});
  const auto first = book.intern(numbered(1));
  const auto second = book.intern(numbered(2));
  EXPECT_NE(first, second);
  EXPECT_EQ(book.intern(numbered(1)), first);
  EXPECT_EQ(book[first], numbered(1));
  EXPECT_EQ(book[second], numbered(2));
}

TEST(FingerprintBook, KeepsAnEntryUntilItsLastReferenceIsGivenBack) {
  FingerprintBook book(SipKey{});
  const auto index = book.intern(numbered(1));
  book.retain(index);
  book.release(index);
  EXPECT_EQ(book.find(numbered(1)), index);
  book.release(index);
  EXPECT_EQ(book.find(numbered(1)), std::nullopt);
  EXPECT_EQ(book.size(), 0U);
}

TEST(FingerprintBook, GivesAFreedNumberToTheNextNewcomer) {
  FingerprintBook book(SipKey{});
  const auto gone = book.intern(numbered(1));
  const auto stays = book.intern(numbered(2));
  book.release(gone);
  EXPECT_EQ(book.intern(numbered(3)), gone);
  EXPECT_EQ(book[gone], numbered(3));
  EXPECT_EQ(book[stays], numbered(2));
}

TEST(FingerprintBook, KeepsFingerprintsInPlaceAsItGrows) {
  FingerprintBook book(SipKey{});
  const Fingerprint* first = &book[book.intern(numbered(0))];
  SeededRandom random(1);
  for (int i = 0; i < 10'000; ++i) {
    std::array<Byte, Fingerprint::kBytes> bytes{};
    random.fill(bytes);
    static_cast<void>(book.intern(Fingerprint(bytes)));
  }
  EXPECT_EQ(first, &book[*book.find(numbered(0))]);
}

TEST(FingerprintBook, CountsReferencesLikeAMap) {
  test::for_each_seed(1'000, [](Random& random) {
    FingerprintBook book(SipKey{});
    std::map<Fingerprint, std::size_t> model;
    for (int step = 0; step < 60; ++step) {
      const Fingerprint id = numbered(static_cast<Byte>(random.below(12)));
      const auto found = book.find(id);
      ASSERT_EQ(found.has_value(), model.contains(id));
      if (!found || random.below(2) == 0) {
        const auto index = book.intern(id);
        ++model[id];
        ASSERT_TRUE(!found || index == *found);
        ASSERT_EQ(book[index], id);
      } else {
        book.release(*found);
        if (--model[id] == 0) model.erase(id);
      }
      ASSERT_EQ(book.size(), model.size());
      for (const auto& [known, references] : model) ASSERT_EQ(book[*book.find(known)], known);
    }
  });
}

}  // namespace
}  // namespace kith
