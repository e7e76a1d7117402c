#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <kith/result.hpp>

namespace kith::apps {

/// `text` as a QR code for a terminal that is dark: two rows of modules in a line of half blocks, a
/// light margin of four modules around.  `Errc::too_long` for what fits into none.
[[nodiscard]] Result<std::string> qr_code(std::string_view text);

}  // namespace kith::apps
