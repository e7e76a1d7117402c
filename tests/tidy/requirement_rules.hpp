#pragma once

#include "tests/tidy/rules.hpp"

/// Rules about the table of requirements in docs/protocol.md.
namespace kith::tidy {

inline constexpr int kRequirements = 78;

/// Every requirement has one row; what the row names is there, and a test is named after it.
void check_requirements(const Tree& tree, Findings& findings);

}  // namespace kith::tidy
