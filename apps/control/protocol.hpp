#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>
#include <kith/node.hpp>
#include <kith/result.hpp>

#include "apps/control/block_requests.hpp"
#include "apps/control/contact_requests.hpp"

/// What goes over a control socket: one JSON object a line.  A request is
///
///     {"ask": "status"}
///     {"ask": "peers"}
///     {"ask": "trace", "subject": "news/weather", "timeout_ms": 5000}
///
/// or one of those in apps/control/contact_requests.hpp and block_requests.hpp, and its answer
/// {"ok": {…}} or {"error": "what is wrong", "code": "timed_out"}, where `code` is the name of an
/// `Errc`.
namespace kith::apps {

inline constexpr std::size_t kControlRequestBytesMax = 4096;
inline constexpr std::size_t kControlAnswerBytesMax = std::size_t{8} << 20;

struct AskStatus {};
struct AskPeers {};
struct AskTrace {
  std::string subject;
  Duration timeout{};
};
using ControlRequest = std::variant<AskStatus, AskPeers, AskTrace, ContactsRequest, BlocksRequest>;

[[nodiscard]] boost::json::object to_json(const ControlRequest& request);
/// Reads one line, strictly.  On failure: what is wrong with it.
[[nodiscard]] std::expected<ControlRequest, std::string> parse_request(std::string_view line);

[[nodiscard]] boost::json::object to_json(const NodeStatus& status,
                                          const std::vector<std::string>& addresses);
[[nodiscard]] boost::json::object to_json(const std::vector<NodePeer>& peers);
[[nodiscard]] boost::json::object to_json(std::string_view subject, const NodeTrace& trace);

/// The line of an answer.
[[nodiscard]] std::string answer_line(boost::json::object result);
[[nodiscard]] std::string error_line(Errc code, std::string_view what);

}  // namespace kith::apps
