#pragma once

#include "core/fingerprint_book.hpp"

namespace kith::routing {

/// Names a contact: the number of its fingerprint in the book of whoever owns the table.
using ContactIndex = FingerprintBook::Index;

}  // namespace kith::routing
