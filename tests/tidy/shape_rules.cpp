#include "tests/tidy/shape_rules.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "tests/tidy/places.hpp"
#include "tests/tidy/words.hpp"

namespace kith::tidy {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// Whether a block of statements opens at the end of `line`: a function's, or one within it.
bool opens_function(const std::string& line) {
  return line.ends_with('{') && line.find(')') != std::string::npos &&
         line.find("namespace") == std::string::npos;
}

/// The line on which the block closes that opens at the end of line `open`.
std::size_t closing_line(const std::vector<std::string>& code, std::size_t open) {
  int depth = 1;
  for (std::size_t i = open + 1; i < code.size(); ++i)
    for (const char c : code[i]) {
      if (c == '{') ++depth;
      if (c == '}' && --depth == 0) return i;
    }
  return open;
}

bool follows(std::string_view line, std::string_view mark, bool (*is_wanted)(char)) {
  for (auto at = line.find(mark); at != std::string_view::npos; at = line.find(mark, at + 1))
    if (at + mark.size() < line.size() && is_wanted(line[at + mark.size()])) return true;
  return false;
}

bool is_snake_case(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '.' || c == '/';
}

}  // namespace

void check_top_level(const Tree& tree, Findings& findings) {
  static constexpr std::string_view kAllowed[] = {"CMakeLists.txt", "README.md", "LICENSE", "core",
                                                  "tokens",         "routing",   "overlay", "apps",
                                                  "bench",          "tests",     "docs"};
  for (const std::string& name : tree.top_level)
    if (!name.starts_with('.') && std::ranges::find(kAllowed, name) == std::end(kAllowed))
      findings.push_back({name, 0, "does not belong at the top level"});
}

void check_file_length(const Subject& subject, Findings& findings) {
  const std::size_t lines = subject.views.raw.size();
  if (is_cpp(subject.file.path) && lines > kFileLinesMax)
    findings.push_back({subject.file.path, static_cast<int>(lines), "is longer than 400 lines"});
}

void check_function_length(const Subject& subject, Findings& findings) {
  if (!is_cpp(subject.file.path)) return;
  const auto& code = subject.views.code;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (!opens_function(code[i])) continue;
    if (closing_line(code, i) - i + 1 > kFunctionLinesMax)
      findings.push_back({subject.file.path, static_cast<int>(i) + 1, "is longer than 70 lines"});
  }
}

void check_namespaces(const Subject& subject, Findings& findings) {
  if (!is_cpp(subject.file.path)) return;
  for (std::size_t i = 0; i < subject.views.code.size(); ++i) {
    const std::string& line = subject.views.code[i];
    const int number = static_cast<int>(i) + 1;
    if (is_header(subject.file.path) && holds_phrase(line, "using namespace"))
      findings.push_back({subject.file.path, number, "opens a namespace in a header"});
    if (holds_phrase(line, "namespace") && holds_phrase(line, "detail"))
      findings.push_back({subject.file.path, number, "internal headers already are"});
  }
}

void check_assertions(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kNames[] = {"assert(", "NDEBUG"};
  static constexpr std::string_view kIncludes[] = {"cassert$", "assert.h$"};
  if (!is_product(subject.file.path)) return;
  forbid_phrases(subject, subject.views.code, kNames, findings);
  forbid_includes(subject, kIncludes, findings);
}

void check_left_open(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kWords[] = {"TODO", "FIXME",           "XXX",
                                                "HACK", "not implemented", "NotImplemented"};
  if (is_rule_book(subject.file.path) || subject.file.path.ends_with(".md")) return;
  forbid_phrases(subject, subject.views.without_literals, kWords, findings);
}

void check_banners(const Subject& subject, Findings& findings) {
  if (!is_cpp(subject.file.path)) return;
  for (std::size_t i = 0; i < subject.views.without_literals.size(); ++i)
    for (const std::string_view mark : {"////", "// --", "// ==", "// **", "/***", "// ##"})
      if (subject.views.without_literals[i].find(mark) != std::string::npos)
        findings.push_back({subject.file.path, static_cast<int>(i) + 1, "holds a banner"});
}

void check_workplace(const Subject& subject, Findings& findings) {
  if (is_rule_book(subject.file.path)) return;
  for (std::size_t i = 0; i < subject.views.raw.size(); ++i) {
    const std::string& line = subject.views.raw[i];
    bool found = follows(line, "issue #", is_digit) || follows(line, "issue ", is_digit);
    for (const std::string_view folder :
         {"/work/", "/farm/", "/root/", "/home/", "/tmp/", "/Users/"})
      found = found || follows(line, folder, is_letter);
    if (found)
      findings.push_back({subject.file.path, static_cast<int>(i) + 1, "speaks of one workplace"});
  }
}

void check_white_space(const Subject& subject, Findings& findings) {
  const std::string& text = subject.file.text;
  if (!text.empty() && !text.ends_with('\n'))
    findings.push_back({subject.file.path, 0, "has no line break at its end"});
  const bool may_pad = subject.file.path.ends_with(".md");
  for (std::size_t i = 0; i < subject.views.raw.size(); ++i) {
    const std::string& line = subject.views.raw[i];
    if (line.find('\r') != std::string::npos ||
        (is_cpp(subject.file.path) && line.find('\t') != std::string::npos) ||
        (!may_pad && line.ends_with(' ')))
      findings.push_back({subject.file.path, static_cast<int>(i) + 1, "holds stray white space"});
  }
}

void check_file_names(const Subject& subject, Findings& findings) {
  const std::string& path = subject.file.path;
  if (path.ends_with(".cc") || path.ends_with(".h") || path.ends_with(".hxx"))
    findings.push_back({path, 0, "sources end in .cpp and .hpp"});
  if (is_cpp(path) && !std::ranges::all_of(path, is_snake_case))
    findings.push_back({path, 0, "is not in snake_case"});
}

}  // namespace kith::tidy
