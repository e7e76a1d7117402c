#include "overlay/contact_book.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/village.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using kith::test::for_each_seed;

TEST(ContactBook, ForgetsEverybodyButThoseInUse) {
  for_each_seed(20, [](Random& random) {
    test::Village village;
    ContactBook& book = village.book;
    std::vector<ContactIndex> used{village.self};
    std::vector<Fingerprint> kept{village.id(village.self)};
    std::vector<Fingerprint> forgotten;
    for (std::uint16_t i = 2; i < 60; ++i) {
      const ContactIndex contact = village.issue(i);
      const bool is_used = random.below(2) == 0;
      if (is_used) used.push_back(contact);
      (is_used ? kept : forgotten).push_back(book.id(contact));
    }
    std::ranges::sort(used);
    book.retain(used);
    EXPECT_EQ(book.size(), used.size());
    for (const Fingerprint& node : forgotten) EXPECT_FALSE(book.find(node));
    for (const Fingerprint& node : kept) {
      ASSERT_TRUE(book.find(node));
      EXPECT_EQ(book.token(*book.find(node)).fingerprint(), node);
    }
  });
}

TEST(ContactBook, GivesTheNumbersOfTheForgottenToOthers) {
  test::Village village;
  const ContactIndex gone = village.issue(2);
  village.book.retain(std::vector{village.self});
  const ContactIndex newcomer = village.issue(3);
  EXPECT_EQ(newcomer, gone);
  EXPECT_EQ(village.book.token(newcomer).fingerprint(), village.id(newcomer));
  EXPECT_EQ(village.book.endpoint(newcomer), Endpoint::v4({10, 0, 3, 1}, 3141));
}

}  // namespace
}  // namespace kith::overlay
