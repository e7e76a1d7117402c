#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <boost/json/object.hpp>
#include <kith/time.hpp>

namespace kith::apps {

/// Whether `request` has exactly these members.
[[nodiscard]] bool has_just(const boost::json::object& request,
                            std::initializer_list<std::string_view> names);

/// As many as a fingerprint has in text.
inline constexpr std::size_t kFingerprintBytesMax = 64;

/// The text in the member `name`; nothing if it is of another type or longer than `bytes_max`.
[[nodiscard]] std::optional<std::string_view> text_in(const boost::json::object& request,
                                                      std::string_view name, std::size_t bytes_max);

/// The time in the member `name`, a whole number of milliseconds from 1 on; nothing if it is none
/// or more than `most`.
[[nodiscard]] std::optional<Duration> milliseconds_in(const boost::json::object& request,
                                                      std::string_view name, Duration most);

}  // namespace kith::apps
