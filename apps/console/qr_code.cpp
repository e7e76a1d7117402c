#include "apps/console/qr_code.hpp"

#include <algorithm>
#include <memory>

#include <qrencode.h>

#include <kith/bytes.hpp>

namespace kith::apps {
namespace {

/// What belongs around it (ISO/IEC 18004 §6.3.8), and what readers can do with.
constexpr int kMargin = 4;
constexpr int kMarginMin = 1;

struct FreeCode {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using Code = std::unique_ptr<QRcode, FreeCode>;

/// Modules around it are light, too.
bool is_dark(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
  return (code.data[row * code.width + column] & 1) != 0;
}

/// Two modules above each other: what is light is drawn.
std::string_view block(bool upper_is_dark, bool lower_is_dark) {
  if (upper_is_dark) return lower_is_dark ? " " : "▄";
  return lower_is_dark ? "▀" : "█";
}

}  // namespace

Result<QrCode> qr_code(std::string_view text, std::optional<int> columns) {
  const ByteView bytes = as_bytes(text);
  const Code code(QRcode_encodeData(static_cast<int>(bytes.size()), bytes.data(), 0, QR_ECLEVEL_L));
  if (!code) return std::unexpected(Errc::too_long);
  QrCode drawing{.columns_min = code->width + 2 * kMarginMin};
  if (columns && *columns < drawing.columns_min) return drawing;
  const int margin = columns ? std::min(kMargin, (*columns - code->width) / 2) : kMargin;
  for (int row = -margin; row < code->width + margin; row += 2) {
    for (int column = -margin; column < code->width + margin; ++column)
      drawing.lines += block(is_dark(*code, row, column), is_dark(*code, row + 1, column));
    drawing.lines += '\n';
  }
  return drawing;
}

}  // namespace kith::apps
