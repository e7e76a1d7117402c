#include "apps/control/block_requests.hpp"

#include <utility>

#include <boost/json/array.hpp>

#include "apps/console/wording.hpp"
#include "apps/control/answers.hpp"
#include "apps/control/fields.hpp"
#include "core/overloaded.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

using ParsedBlocks = std::expected<BlocksRequest, std::string>;

Result<Fingerprint> who_in(const json::object& request) {
  return Fingerprint::parse(text_in(request, "who", kFingerprintBytesMax).value_or(""));
}

ParsedBlocks parse_add(const json::object& request) {
  const auto who = who_in(request);
  const auto life = milliseconds_in(request, "life_ms", kBlockLifeMax);
  if (!has_just(request, {"ask", "who", "life_ms"}) || !who)
    return std::unexpected("'add_block' takes a fingerprint as 'who', and 'life_ms'");
  if (!life) return std::unexpected("'life_ms' must be a number from 1 to a hundred years");
  return AddBlock{.who = *who, .life = *life};
}

ParsedBlocks parse_remove(const json::object& request) {
  const auto who = who_in(request);
  if (!has_just(request, {"ask", "who"}) || !who)
    return std::unexpected("'remove_block' takes a fingerprint as 'who'");
  return RemoveBlock{*who};
}

ParsedBlocks parse_ask(const json::object& request) {
  if (!has_just(request, {"ask"})) return std::unexpected("this request takes nothing but 'ask'");
  return AskBlocks{};
}

}  // namespace

json::object to_json(const BlocksRequest& request) {
  return std::visit(
      Overloaded{[](const AddBlock& ask) {
                   return json::object{{"ask", "add_block"},
                                       {"who", ask.who.to_string()},
                                       {"life_ms", ask.life / std::chrono::milliseconds(1)}};
                 },
                 [](const AskBlocks&) { return json::object{{"ask", "blocks"}}; },
                 [](const RemoveBlock& ask) {
                   return json::object{{"ask", "remove_block"}, {"who", ask.who.to_string()}};
                 }},
      request);
}

std::optional<ParsedBlocks> parse_blocks_request(std::string_view name,
                                                 const json::object& request) {
  if (name == "add_block") return parse_add(request);
  if (name == "remove_block") return parse_remove(request);
  if (name == "blocks") return parse_ask(request);
  return std::nullopt;
}

json::object to_json(const std::vector<Blocked>& blocks) {
  json::array list;
  for (const Blocked& block : blocks)
    list.push_back(
        json::object{{"who", block.who.to_string()}, {"expires_at", date_of(block.until)}});
  return {{"blocks", std::move(list)}};
}

std::string answer_about(BlockList list, const BlocksRequest& request) {
  return std::visit(
      Overloaded{[&](const AddBlock& ask) {
                   const auto added = list.add(ask.who, ask.life, kOwnTimeout);
                   if (!added && added.error() == Errc::out_of_range)
                     return error_line(added.error(), "that is this node itself, or nobody");
                   return line_of(added, "", kNothingMore);
                 },
                 [&](const AskBlocks&) {
                   return line_of(list.list(kOwnTimeout), "",
                                  [](const auto& blocks) { return to_json(*blocks); });
                 },
                 [&](const RemoveBlock& ask) {
                   return line_of(list.remove(ask.who, kOwnTimeout), "it is not blocked",
                                  kNothingMore);
                 }},
      request);
}

}  // namespace kith::apps
