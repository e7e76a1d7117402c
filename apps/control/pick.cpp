#include "apps/control/pick.hpp"

#include <fmt/format.h>

#include "apps/console/output.hpp"
#include "apps/failure.hpp"

namespace kith::apps {

const boost::json::object& pick(const boost::json::array& list, std::string_view key,
                                std::string_view prefix, std::string_view noun) {
  if (prefix.empty()) throw Failure(ExitCode::usage, fmt::format("say which {}", noun));
  const boost::json::object* picked = nullptr;
  for (const auto& element : list) {
    const auto& object = element.as_object();
    if (!std::string_view(object.at(key).as_string()).starts_with(prefix)) continue;
    if (picked != nullptr)
      throw Failure(ExitCode::usage, fmt::format("several {}s begin with {}; say more of it", noun,
                                                 without_controls(prefix)));
    picked = &object;
  }
  if (picked == nullptr)
    throw Failure(ExitCode::error, fmt::format("the node has no {} that begins with {}", noun,
                                               without_controls(prefix)));
  return *picked;
}

}  // namespace kith::apps
