#include "apps/control/protocol.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <kith/subject.hpp>

#include "apps/console/wording.hpp"
#include "apps/control/fields.hpp"
#include "core/overloaded.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 2;

std::unexpected<std::string> wrong(std::string what) { return std::unexpected(std::move(what)); }

std::expected<ControlRequest, std::string> parse_trace(const json::object& request) {
  if (!has_just(request, {"ask", "subject", "timeout_ms"}))
    return wrong("'trace' takes 'subject' and 'timeout_ms', and nothing else");
  const json::string* subject = request.at("subject").if_string();
  if (subject == nullptr || !subject_id({}, *subject))
    return wrong("'subject' must be 1 to 255 bytes of text");
  const auto timeout = milliseconds_in(request, "timeout_ms", kOthersTimeoutMax);
  if (!timeout) return wrong("'timeout_ms' must be a number from 1 to 60000");
  return AskTrace{.subject = std::string(*subject), .timeout = *timeout};
}

json::object to_json(const NodePeer& peer) {
  json::object object;
  object["node"] = peer.node.to_string();
  object["endpoint"] = peer.endpoint;
  object["is_client"] = peer.is_client;
  object["dialed_by_us"] = peer.dialed_by_us;
  object["in_table"] = peer.in_table;
  object["missed_pings"] = peer.missed_pings;
  if (peer.round_trip)
    object["round_trip_seconds"] = in_seconds(*peer.round_trip);
  else
    object["round_trip_seconds"] = nullptr;
  object["connected_seconds"] = in_seconds(peer.connected_for);
  return object;
}

}  // namespace

json::object to_json(const ControlRequest& request) {
  return std::visit(Overloaded{[](const AskStatus&) { return json::object{{"ask", "status"}}; },
                               [](const AskPeers&) { return json::object{{"ask", "peers"}}; },
                               [](const AskTrace& ask) {
                                 return json::object{
                                     {"ask", "trace"},
                                     {"subject", ask.subject},
                                     {"timeout_ms", ask.timeout / std::chrono::milliseconds(1)}};
                               },
                               [](const ContactsRequest& ask) { return to_json(ask); },
                               [](const BlocksRequest& ask) { return to_json(ask); }},
                    request);
}

std::expected<ControlRequest, std::string> parse_request(std::string_view line) {
  if (line.size() > kControlRequestBytesMax) return wrong("the request is too long");
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::error_code error;
  const json::value value = json::parse(line, error, {}, options);
  const json::object* request = error ? nullptr : value.if_object();
  if (request == nullptr) return wrong("a request is one JSON object in one line");
  const json::value* ask = request->if_contains("ask");
  const json::string* name = ask == nullptr ? nullptr : ask->if_string();
  if (name == nullptr) return wrong("a request needs 'ask'");
  if (*name == "trace") return parse_trace(*request);
  if (auto contacts = parse_contacts_request(*name, *request)) return std::move(*contacts);
  if (auto blocks = parse_blocks_request(*name, *request)) return std::move(*blocks);
  if (*name != "status" && *name != "peers") return wrong("this kith does not know that 'ask'");
  if (!has_just(*request, {"ask"})) return wrong("this request takes nothing but 'ask'");
  if (*name == "status") return AskStatus{};
  return AskPeers{};
}

json::object to_json(const NodeStatus& status, const std::vector<std::string>& addresses) {
  json::object object;
  object["node"] = status.node.to_string();
  object["identity"] = status.identity.to_string();
  object["addresses"] = json::array(addresses.begin(), addresses.end());
  object["ready"] = status.ready;
  object["sessions"] = status.sessions;
  object["half_open"] = status.half_open;
  object["spares"] = status.spares;
  object["clients"] = status.clients;
  object["intents_held"] = status.intents_held;
  object["subjects_coordinated"] = status.subjects_coordinated;
  object["subscriptions"] = status.subscriptions;
  object["publishers"] = status.publishers;
  object["network_size_estimate"] = status.network_size_estimate;
  object["routed"] = status.routed;
  object["bytes_in"] = status.bytes_in;
  object["bytes_out"] = status.bytes_out;
  return object;
}

json::object to_json(const std::vector<NodePeer>& peers) {
  json::array list;
  for (const NodePeer& peer : peers) list.push_back(to_json(peer));
  return {{"peers", std::move(list)}};
}

json::object to_json(std::string_view subject, const NodeTrace& trace) {
  json::array hops;
  for (const Fingerprint& node : trace.hops) hops.emplace_back(node.to_string());
  json::object object;
  object["subject"] = subject;
  object["key"] = trace.key.to_string();
  object["hops"] = std::move(hops);
  object["round_trip_seconds"] = in_seconds(trace.round_trip);
  return object;
}

std::string answer_line(json::object result) {
  return json::serialize(json::object{{"ok", std::move(result)}}) + '\n';
}

std::string error_line(Errc code, std::string_view what) {
  return json::serialize(json::object{{"error", what}, {"code", name(code)}}) + '\n';
}

}  // namespace kith::apps
