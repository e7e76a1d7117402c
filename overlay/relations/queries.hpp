#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

#include "overlay/engine_config.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/relations/messages.hpp"

namespace kith::overlay {

/// Numbers the queries of others.
enum class Inquiry : std::uint64_t {};

// What queries ask of their node.

/// Dial, and then tell `on_opened`, or `on_failed`.
struct QueryDial {
  QueryId query;
  JoinTarget target;
};
struct QuerySend {
  ConnectionId connection;
  Bytes message;
};
/// The session has done what it was for.
struct QueryDone {
  ConnectionId connection;
};
/// Put it to the application; `answer` answers.  The payload points into the message.
struct QueryArrived {
  Inquiry inquiry;
  ConnectionId connection;
  std::string topic;
  ByteView payload;
};

using QueriesOutput =
    std::variant<QueryDial, QuerySend, QueryDone, QueryArrived, QueryAnswered, QueryFailed>;

struct QueriesConfig {
  /// What this node answers to anybody; empty: nothing.
  std::set<std::string, std::less<>> topics;
  /// Queries of one session that the application thinks about.
  std::size_t inquiries_of_session_max = 8;
  std::size_t inquiries_max = 1024;
  /// Of ours, without a reply.
  std::size_t queries_max = 64;
};

/// Questions that a node answers for anybody, whether it knows the asker or not: asks them of
/// others, and takes those of others to the application (docs/protocol.md §10).
///
///     ours     ask --dialed--> opened, query sent --reply--> done
///     theirs   query --> arrived --answer--> reply; the session ends if it was for that alone
class Queries {
 public:
  explicit Queries(QueriesConfig config) : config_(std::move(config)) {}

  // Commands.

  /// `Errc::too_long`, `Errc::bad_text` or `Errc::limit_reached`.
  [[nodiscard]] Result<QueryId> ask(const JoinTarget& target, std::string_view topic,
                                    ByteView payload);
  /// `Errc::too_long` for a payload over the limit, with which nothing is answered; unknown and
  /// late inquiries are ignored.
  Result<void> answer(Inquiry inquiry, QueryStatus status, ByteView payload);

  // Inputs.

  /// The session dialed for `query` is open.
  void on_opened(QueryId query, ConnectionId connection);
  /// It did not come about.
  void on_failed(QueryId query, Errc why);
  /// `Errc` if the message has no place: close the session then.  `is_public`: the session is for
  /// this one query and ends behind the reply.
  Result<void> on_query(ConnectionId connection, bool is_public, ByteView message);
  Result<void> on_reply(ConnectionId connection, ByteView message);
  void on_closed(ConnectionId connection, Errc why);

  // Outputs.

  [[nodiscard]] std::optional<QueriesOutput> poll_output();

  // Getters.

  [[nodiscard]] bool answers_any() const { return !config_.topics.empty(); }

 private:
  struct Ours {
    Bytes message;  ///< Until it is sent.
    std::optional<ConnectionId> connection;
  };
  struct Theirs {
    ConnectionId connection{};
    std::uint64_t number = 0;
    bool is_public = false;
  };

  void reply(const Theirs& to, QueryStatus status, ByteView payload);

  QueriesConfig config_;
  std::map<QueryId, Ours> ours_;
  std::map<Inquiry, Theirs> theirs_;
  std::uint32_t next_query_ = 1;
  std::uint64_t next_inquiry_ = 1;
  std::deque<QueriesOutput> outputs_;
};

}  // namespace kith::overlay
