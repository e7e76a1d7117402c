#pragma once

#include "tests/tidy/rules.hpp"

/// Rules about who may include what.
namespace kith::tidy {

/// Look down only: apps, overlay, {routing, tokens}, core.
void check_layers(const Subject& subject, Findings& findings);
/// Public headers include std and each other; `asio.hpp` alone Asio.
void check_public_headers(const Subject& subject, Findings& findings);
/// `<kith/x.hpp>` for public, `"folder/x.hpp"` from the root for internal headers.
void check_include_spelling(const Subject& subject, Findings& findings);
void check_pragma_once(const Subject& subject, Findings& findings);
/// Each library is named in one room of the house only.
void check_rooms(const Subject& subject, Findings& findings);
/// Every public header is listed where the library is built.
void check_headers_listed(const Tree& tree, Findings& findings);
/// Every source is listed where its folder is built.
void check_sources_listed(const Tree& tree, Findings& findings);

}  // namespace kith::tidy
