#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source.hpp"

namespace kith::tidy {

/// A place where a rule is broken.
struct Finding {
  std::string path;
  /// Counted from 1; 0 where the whole file is meant.
  int line = 0;
  std::string what;
};

/// One file under the eyes of the rules, with the tree around it.
struct Subject {
  const Tree& tree;
  const SourceFile& file;
  const Views& views;
};

using Findings = std::vector<Finding>;

/// A rule of docs/architecture.md or of the style that a program can check.
struct Rule {
  std::string_view name;
  /// What it asks for, in a sentence.
  std::string_view says;
  /// Adds what is wrong with one file.  Null where only the tree as a whole is looked at.
  void (*check_file)(const Subject&, Findings&) = nullptr;
  void (*check_tree)(const Tree&, Findings&) = nullptr;
};

[[nodiscard]] const std::vector<Rule>& rules();

[[nodiscard]] Findings check(const Rule& rule, const Tree& tree);

}  // namespace kith::tidy
