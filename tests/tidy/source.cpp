#include "tests/tidy/source.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace kith::tidy {
namespace {

namespace fs = std::filesystem;

bool is_passed_over(std::string_view name) {
  return name == ".git" || name == "__pycache__" || name == "corpus" || name == "build" ||
         name.starts_with("build-");
}

bool is_text(const fs::path& path) {
  static constexpr std::array kExtensions{".hpp", ".cpp", ".txt",  ".cmake", ".md",
                                          ".sh",  ".py",  ".toml", ".in",    ""};
  return std::ranges::find(kExtensions, path.extension().string()) != kExtensions.end();
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// Walks C++ source once and blanks what is not code.
class Blanker {
 public:
  explicit Blanker(std::string_view text)
      : text_(text), without_literals_(text), without_comments_(text) {
    while (at_ < text_.size()) step();
  }

  [[nodiscard]] std::string_view without_literals() const { return without_literals_; }

  /// Neither literals nor comments.
  [[nodiscard]] std::string code() const {
    std::string code = without_literals_;
    for (std::size_t i = 0; i < code.size(); ++i)
      if (without_comments_[i] == ' ') code[i] = ' ';
    return code;
  }

 private:
  void step() {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("#include")) return skip_to(rest.find('\n'));
    if (rest.starts_with("//")) return blank(without_comments_, rest.find('\n'));
    if (rest.starts_with("/*")) return blank(without_comments_, end_of(rest, "*/", 2));
    if (rest.starts_with("R\"")) return raw_string(rest);
    if (rest.front() == '"') return quoted(rest);
    // A quote between digits separates them.
    if (rest.front() == '\'' && !is_digit_before()) return quoted(rest);
    ++at_;
  }

  void raw_string(std::string_view rest) {
    const auto open = rest.find('(');
    if (open == std::string_view::npos) return skip_to(rest.size());
    std::string close(1, ')');
    close.append(rest.substr(2, open - 2)).append(1, '"');
    blank(without_literals_, end_of(rest, close, open));
  }

  void quoted(std::string_view rest) {
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != rest.front() && rest[end] != '\n')
      end += rest[end] == '\\' ? 2U : 1U;
    blank(without_literals_, std::min(end + 1, rest.size()));
  }

  void blank(std::string& view, std::size_t count) {
    count = std::min(count, text_.size() - at_);
    for (std::size_t i = at_; i < at_ + count; ++i)
      if (view[i] != '\n') view[i] = ' ';
    at_ += count;
  }

  void skip_to(std::size_t count) { at_ += std::min(count, text_.size() - at_); }

  [[nodiscard]] bool is_digit_before() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0;
  }

  static std::size_t end_of(std::string_view rest, std::string_view mark, std::size_t from) {
    const auto at = rest.find(mark, from);
    return at == std::string_view::npos ? rest.size() : at + mark.size();
  }

  std::string_view text_;
  std::string without_literals_;
  std::string without_comments_;
  std::size_t at_ = 0;
};

std::vector<Include> includes_of(const std::vector<std::string>& lines) {
  std::vector<Include> includes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (!line.starts_with("#include")) continue;
    const auto open = line.find_first_of("<\"");
    if (open == std::string::npos) continue;
    const auto close = line.find_first_of(">\"", open + 1);
    if (close == std::string::npos) continue;
    includes.push_back({.line = static_cast<int>(i) + 1,
                        .name = line.substr(open + 1, close - open - 1),
                        .quoted = line[open] == '"'});
  }
  return includes;
}

}  // namespace

const SourceFile* Tree::find(std::string_view path) const {
  const auto it = std::ranges::find(files, path, &SourceFile::path);
  return it == files.end() ? nullptr : &*it;
}

Tree read_tree(const fs::path& root) {
  Tree tree;
  for (const auto& entry : fs::directory_iterator(root))
    if (!is_passed_over(entry.path().filename().string()))
      tree.top_level.push_back(entry.path().filename());
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator();
       ++it) {
    const bool passed_over = is_passed_over(it->path().filename().string());
    if (it->is_directory() && passed_over) it.disable_recursion_pending();
    if (passed_over || !it->is_regular_file() || !is_text(it->path())) continue;
    tree.files.push_back(
        {it->path().lexically_relative(root).generic_string(), contents(it->path())});
  }
  std::ranges::sort(tree.files, {}, &SourceFile::path);
  std::ranges::sort(tree.top_level);
  return tree;
}

Views views_of(std::string_view text) {
  const Blanker blanker(text);
  Views views{.raw = lines_of(text),
              .without_literals = lines_of(blanker.without_literals()),
              .code = lines_of(blanker.code()),
              .includes = {}};
  views.includes = includes_of(views.without_literals);
  return views;
}

}  // namespace kith::tidy
