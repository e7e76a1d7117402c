#pragma once

#include <cstddef>

#include "tests/tidy/rules.hpp"

/// Rules about how the house and its pages look.
namespace kith::tidy {

inline constexpr std::size_t kFileLinesMax = 400;
inline constexpr std::size_t kFunctionLinesMax = 70;

void check_top_level(const Tree& tree, Findings& findings);
void check_file_length(const Subject& subject, Findings& findings);
void check_function_length(const Subject& subject, Findings& findings);
/// No `using namespace` in headers, no `detail` namespaces.
void check_namespaces(const Subject& subject, Findings& findings);
/// One assertion, on in every build.
void check_assertions(const Subject& subject, Findings& findings);
/// Nothing left for later.
void check_left_open(const Subject& subject, Findings& findings);
/// No banners in comments.
void check_banners(const Subject& subject, Findings& findings);
/// No paths of a machine, no words of a workplace.
void check_workplace(const Subject& subject, Findings& findings);
/// No tabs, no spaces at the end of a line, a line break at the end of the file.
void check_white_space(const Subject& subject, Findings& findings);
/// Lower-case names with underscores.
void check_file_names(const Subject& subject, Findings& findings);

}  // namespace kith::tidy
