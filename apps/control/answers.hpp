#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "apps/control/protocol.hpp"

namespace kith::apps {

/// For what the node does by itself; less than whoever asks waits for an answer.
inline constexpr Duration kOwnTimeout = std::chrono::seconds(4);

/// The line of `result`, or what is wrong; `missing` if it was not found.
template <class T>
std::string line_of(const Result<T>& result, std::string_view missing, const auto& to_object) {
  if (result) return answer_line(to_object(result));
  const Errc why = result.error();
  return error_line(why, why == Errc::not_found ? missing : describe(why));
}

/// Of what was done and has no result.
inline constexpr auto kNothingMore = [](const auto&) { return boost::json::object(); };

}  // namespace kith::apps
