#include <ostream>

#include <gtest/gtest.h>

#include "tests/tidy/rules.hpp"

namespace kith::tidy {

void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

namespace {

/// The tree this test was built from keeps every rule.
class Tidy : public testing::TestWithParam<Rule> {};

TEST_P(Tidy, IsKeptInTheWholeTree) {
  static const Tree tree = read_tree(KITH_SOURCE_DIR);
  ASSERT_NE(tree.find("CMakeLists.txt"), nullptr);
  for (const Finding& finding : check(GetParam(), tree))
    ADD_FAILURE() << finding.path << ':' << finding.line << ": " << finding.what
                  << "  (rule: " << GetParam().says << ')';
}

INSTANTIATE_TEST_SUITE_P(Rule, Tidy, testing::ValuesIn(rules()),
                         [](const auto& rule) { return std::string(rule.param.name); });

}  // namespace
}  // namespace kith::tidy
