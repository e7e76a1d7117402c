#include "tests/tidy/rules.hpp"

#include "tests/tidy/include_rules.hpp"
#include "tests/tidy/requirement_rules.hpp"
#include "tests/tidy/shape_rules.hpp"
#include "tests/tidy/world_rules.hpp"

namespace kith::tidy {

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {"layers", "look down only: apps, overlay, {routing, tokens}, core", check_layers},
      {"public_headers", "a public header includes std and public headers", check_public_headers},
      {"include_spelling", "<kith/x.hpp> is public, \"folder/x.hpp\" internal",
       check_include_spelling},
      {"pragma_once", "a header begins with #pragma once", check_pragma_once},
      {"rooms", "each library is named in one room only", check_rooms},
      {"headers_listed", "every public header is in a file set", nullptr, check_headers_listed},
      {"sources_listed", "every source is built, every fuzz target run", nullptr,
       check_sources_listed},
      {"world", "the protocol never touches the world", check_world},
      {"control_flow", "no exceptions and no coroutines in the protocol", check_control_flow},
      {"ownership", "shared_ptr only in overlay/asio and apps", check_ownership},
      {"random_numbers", "random numbers are the same everywhere", check_random_numbers},
      {"unordered_iteration", "nobody walks over an unordered container",
       check_unordered_iteration},
      {"pointer_order", "nothing is ordered by address", check_pointer_order},
      {"test_time", "tests do not sleep, and know no real time", check_test_time},
      {"test_teeth", "every test runs and can fail", check_test_teeth},
      {"top_level", "the top level holds what docs/architecture.md says", nullptr, check_top_level},
      {"file_length", "400 lines a file", check_file_length},
      {"function_length", "70 lines a function", check_function_length},
      {"namespaces", "no using namespace in headers, no detail", check_namespaces},
      {"assertions", "KITH_ASSERT is on in every build", check_assertions},
      {"left_open", "nothing is left for later", check_left_open},
      {"banners", "comments are sentences", check_banners},
      {"workplace", "no machine's paths, no workplace's words", check_workplace},
      {"white_space", "white space is plain", check_white_space},
      {"file_names", "files are named in snake_case", check_file_names},
      {"requirements", "each requirement has a row with its files and tests", nullptr,
       check_requirements},
  };
  return kRules;
}

Findings check(const Rule& rule, const Tree& tree) {
  Findings findings;
  if (rule.check_tree != nullptr) rule.check_tree(tree, findings);
  if (rule.check_file == nullptr) return findings;
  for (const SourceFile& file : tree.files) {
    const Views views = views_of(file.text);
    rule.check_file({.tree = tree, .file = file, .views = views}, findings);
  }
  return findings;
}

}  // namespace kith::tidy
