#include "overlay/relations/queries.hpp"

#include <algorithm>
#include <utility>

#include "core/take_front.hpp"

namespace kith::overlay {

Result<QueryId> Queries::ask(const JoinTarget& target, std::string_view topic, ByteView payload) {
  if (ours_.size() >= config_.queries_max) return std::unexpected(Errc::limit_reached);
  const auto id = static_cast<QueryId>(next_query_);
  Bytes message = encode(QueryMessage{next_query_, topic, payload});
  // What a reader would refuse is not sent.
  if (const auto legible = decode_query(message); !legible) return std::unexpected(legible.error());
  ++next_query_;
  ours_.emplace(id, Ours{std::move(message), {}});
  outputs_.emplace_back(QueryDial{id, target});
  return id;
}

void Queries::on_opened(QueryId query, ConnectionId connection) {
  const auto it = ours_.find(query);
  if (it == ours_.end()) return;
  it->second.connection = connection;
  outputs_.emplace_back(QuerySend{connection, std::exchange(it->second.message, {})});
}

void Queries::on_failed(QueryId query, Errc why) {
  if (ours_.erase(query) > 0) outputs_.emplace_back(QueryFailed{query, why});
}

Result<void> Queries::on_query(ConnectionId connection, bool is_public, ByteView message) {
  const auto query = decode_query(message);
  if (!query) return std::unexpected(query.error());
  const auto pending = static_cast<std::size_t>(
      std::ranges::count(theirs_, connection, [](const auto& it) { return it.second.connection; }));
  if (pending >= (is_public ? 1 : config_.inquiries_of_session_max))
    return std::unexpected(Errc::protocol_error);
  const Theirs theirs{connection, query->number, is_public};
  if (!config_.topics.contains(query->topic)) {
    reply(theirs, QueryStatus::unknown_topic, {});
  } else if (theirs_.size() >= config_.inquiries_max) {
    reply(theirs, QueryStatus::refused, {});
  } else {
    const auto inquiry = static_cast<Inquiry>(next_inquiry_++);
    theirs_.emplace(inquiry, theirs);
    outputs_.emplace_back(
        QueryArrived{inquiry, connection, std::string(query->topic), query->payload});
  }
  return {};
}

Result<void> Queries::answer(Inquiry inquiry, QueryStatus status, ByteView payload) {
  if (payload.size() > kReplyPayloadBytesMax) return std::unexpected(Errc::too_long);
  const auto asked = theirs_.extract(inquiry);
  if (asked) reply(asked.mapped(), status, status == QueryStatus::answered ? payload : ByteView{});
  return {};
}

void Queries::reply(const Theirs& to, QueryStatus status, ByteView payload) {
  outputs_.emplace_back(QuerySend{to.connection, encode(ReplyMessage{to.number, status, payload})});
  if (to.is_public) outputs_.emplace_back(QueryDone{to.connection});
}

Result<void> Queries::on_reply(ConnectionId connection, ByteView message) {
  const auto said = decode_reply(message);
  if (!said) return std::unexpected(said.error());
  const auto it = ours_.find(static_cast<QueryId>(said->number));
  if (said->number > UINT32_MAX || it == ours_.end() || it->second.connection != connection)
    return std::unexpected(Errc::protocol_error);
  outputs_.emplace_back(QueryAnswered{it->first, said->status, said->payload});
  outputs_.emplace_back(QueryDone{connection});
  ours_.erase(it);
  return {};
}

void Queries::on_closed(ConnectionId connection, Errc why) {
  std::erase_if(theirs_, [&](const auto& it) { return it.second.connection == connection; });
  for (auto it = ours_.begin(); it != ours_.end();) {
    if (it->second.connection != connection) {
      ++it;
      continue;
    }
    outputs_.emplace_back(QueryFailed{it->first, why});
    it = ours_.erase(it);
  }
}

std::optional<QueriesOutput> Queries::poll_output() { return take_front(outputs_); }

}  // namespace kith::overlay
