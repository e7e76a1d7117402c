#include "apps/control/fields.hpp"

#include <algorithm>
#include <cstdint>

namespace kith::apps {

bool has_just(const boost::json::object& request, std::initializer_list<std::string_view> names) {
  return request.size() == names.size() &&
         std::ranges::all_of(names, [&](auto name) { return request.contains(name); });
}

std::optional<std::string_view> text_in(const boost::json::object& request, std::string_view name,
                                        std::size_t bytes_max) {
  const auto* value = request.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->size() > bytes_max) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

std::optional<Duration> milliseconds_in(const boost::json::object& request, std::string_view name,
                                        Duration most) {
  const auto* value = request.if_contains(name);
  const std::int64_t* count = value == nullptr ? nullptr : value->if_int64();
  if (count == nullptr || *count < 1 || *count > most / std::chrono::milliseconds(1))
    return std::nullopt;
  return std::chrono::milliseconds(*count);
}

}  // namespace kith::apps
