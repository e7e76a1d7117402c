#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <kith/result.hpp>

namespace kith::apps {

/// A text as a QR code, for a dark terminal.
struct QrCode {
  /// Two rows of modules a line; empty: there is no room for it.
  std::string lines{};
  /// What it takes, with as little around it as readers can do with.
  int columns_min = 0;
};

/// `text` drawn within `columns`; nothing: there are as many as it likes.  `Errc::too_long` for
/// what fits into none.
[[nodiscard]] Result<QrCode> qr_code(std::string_view text, std::optional<int> columns);

}  // namespace kith::apps
