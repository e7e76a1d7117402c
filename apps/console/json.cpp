#include "apps/console/json.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "apps/console/output.hpp"
#include "core/codec/utf8.hpp"

namespace kith::apps {

void write_json(const boost::json::value& value) { write_line(boost::json::serialize(value)); }

std::string to_base64(ByteView bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t taken = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < taken ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= taken ? kAlphabet[bits >> (18 - 6 * i) & 0x3F] : '=';
  }
  return text;
}

void add_payload(boost::json::object& object, ByteView payload) {
  const bool is_text = codec::is_utf8(payload);
  object["encoding"] = is_text ? "utf-8" : "base64";
  if (is_text)
    object["payload"] = as_text(payload);
  else
    object["payload"] = to_base64(payload);
}

}  // namespace kith::apps
