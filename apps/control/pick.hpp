#pragma once

#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace kith::apps {

/// The one object of `list` whose text `key` begins with `prefix`.  Throws `Failure` if there is
/// none, or several; `noun` is what they are.
[[nodiscard]] const boost::json::object& pick(const boost::json::array& list, std::string_view key,
                                              std::string_view prefix, std::string_view noun);

}  // namespace kith::apps
