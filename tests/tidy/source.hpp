#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kith::tidy {

/// One text file of the tree.
struct SourceFile {
  /// From the root, with slashes: "routing/table.cpp".
  std::string path;
  std::string text;
};

/// What the rules look at, so that each can be shown a tree of its own.
struct Tree {
  std::vector<SourceFile> files;
  /// The names of the top level.
  std::vector<std::string> top_level;

  [[nodiscard]] const SourceFile* find(std::string_view path) const;
};

/// The text files below `root`; what is built, fetched or kept by git is passed over.
[[nodiscard]] Tree read_tree(const std::filesystem::path& root);

struct Include {
  int line = 0;
  /// `core/random.hpp`, without the marks around it.
  std::string name;
  bool quoted = false;
};

/// A file as the rules read it.  All views have the same lines, so that a finding has a number.
struct Views {
  std::vector<std::string> raw;
  /// String and character literals emptied.
  std::vector<std::string> without_literals;
  /// Comments blanked as well.
  std::vector<std::string> code;
  std::vector<Include> includes;
};

[[nodiscard]] Views views_of(std::string_view text);

}  // namespace kith::tidy
