#include "apps/console/json.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "apps/console/output.hpp"
#include "apps/console/table.hpp"
#include "core/codec/utf8.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string words_of(const json::value& value) {
  if (value.is_null()) return "";
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  if (value.is_string()) return std::string(value.as_string());
  if (!value.is_array()) return json::serialize(value);
  std::string words;
  for (const auto& element : value.as_array())
    words += (words.empty() ? "" : " ") + words_of(element);
  return words;
}

void add_lines(const json::object& object, const std::string& prefix, Lines& lines) {
  for (const auto& entry : object) {
    std::string name = prefix + std::string(entry.key());
    std::ranges::replace(name, '_', ' ');
    if (const auto* inner = entry.value().if_object()) {
      add_lines(*inner, name + " ", lines);
    } else if (std::string words = words_of(entry.value()); !words.empty()) {
      lines.emplace_back(std::move(name), std::move(words));
    }
  }
}

}  // namespace

std::string to_lines(const json::object& object) {
  Lines lines;
  add_lines(object, "", lines);
  return in_two_columns(lines);
}

json::value text_or_null(const Fingerprint& fingerprint) {
  return fingerprint.is_zero() ? json::value(nullptr) : json::value(fingerprint.to_string());
}

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
