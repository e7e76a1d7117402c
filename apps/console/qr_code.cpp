#include "apps/console/qr_code.hpp"

#include <memory>

#include <qrencode.h>

#include <kith/bytes.hpp>

namespace kith::apps {
namespace {

/// What readers need around it (ISO/IEC 18004 §6.3.8).
constexpr int kMargin = 4;

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

Result<std::string> qr_code(std::string_view text) {
  const ByteView bytes = as_bytes(text);
  const Code code(QRcode_encodeData(static_cast<int>(bytes.size()), bytes.data(), 0, QR_ECLEVEL_L));
  if (!code) return std::unexpected(Errc::too_long);
  std::string drawn;
  for (int row = -kMargin; row < code->width + kMargin; row += 2) {
    for (int column = -kMargin; column < code->width + kMargin; ++column)
      drawn += block(is_dark(*code, row, column), is_dark(*code, row + 1, column));
    drawn += '\n';
  }
  return drawn;
}

}  // namespace kith::apps
