#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>
#include <kith/block_list.hpp>

/// What is asked about the block list over a control socket:
///
///     {"ask": "add_block", "who": "…", "life_ms": 31536000000}
///     {"ask": "blocks"}
///     {"ask": "remove_block", "who": "…"}
namespace kith::apps {

struct AddBlock {
  Fingerprint who;
  Duration life{};
};
struct AskBlocks {};
struct RemoveBlock {
  Fingerprint who;
};
using BlocksRequest = std::variant<AddBlock, AskBlocks, RemoveBlock>;

[[nodiscard]] boost::json::object to_json(const BlocksRequest& request);
/// Nothing if `name` is no question about the block list.  On failure: what is wrong.
[[nodiscard]] std::optional<std::expected<BlocksRequest, std::string>> parse_blocks_request(
    std::string_view name, const boost::json::object& request);

[[nodiscard]] boost::json::object to_json(const std::vector<Blocked>& blocks);

/// Does what is asked, and waits for it; the line to answer.
[[nodiscard]] std::string answer_about(BlockList list, const BlocksRequest& request);

}  // namespace kith::apps
