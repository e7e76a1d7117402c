#include "overlay/relations/queries.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/bytes_of.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using kith::test::bytes_of;

constexpr ConnectionId kOne{1};
constexpr ConnectionId kOther{2};
const JoinTarget kTarget{Endpoint::v4({10, 0, 0, 1}, 3141), {}};

Bytes query(std::uint64_t number, std::string_view topic) {
  return encode(QueryMessage{number, topic, bytes_of("now?")});
}

template <class Wanted>
Wanted next(Queries& queries) {
  auto output = queries.poll_output();
  EXPECT_TRUE(output && std::holds_alternative<Wanted>(*output));
  return std::get<Wanted>(*std::move(output));
}

struct QueriesTest : testing::Test {
  Queries queries{{.topics = {"time"}}};
};

TEST_F(QueriesTest, AreDialedAskedAndAnswered) {
  const auto id = queries.ask(kTarget, "time", bytes_of("now?"));
  ASSERT_TRUE(id);
  EXPECT_EQ(next<QueryDial>(queries).query, *id);
  queries.on_opened(*id, kOne);
  const auto sent = next<QuerySend>(queries);
  const auto asked = decode_query(sent.message);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->topic, "time");
  const Bytes reply = encode(ReplyMessage{asked->number, QueryStatus::answered, bytes_of("noon")});
  ASSERT_TRUE(queries.on_reply(kOne, reply));
  EXPECT_EQ(next<QueryAnswered>(queries).query, *id);
  EXPECT_EQ(next<QueryDone>(queries).connection, kOne);
  // It was asked once.
  EXPECT_FALSE(queries.on_reply(kOne, reply));
}

TEST_F(QueriesTest, TakeNoReplyFromAnotherSession) {
  const auto id = queries.ask(kTarget, "time", {});
  static_cast<void>(next<QueryDial>(queries));
  queries.on_opened(*id, kOne);
  const auto number = decode_query(next<QuerySend>(queries).message)->number;
  EXPECT_FALSE(queries.on_reply(kOther, encode(ReplyMessage{number, QueryStatus::refused, {}})));
  EXPECT_FALSE(queries.on_reply(kOne, encode(ReplyMessage{number + 1, QueryStatus::refused, {}})));
  EXPECT_FALSE(queries.on_reply(
      kOne, encode(ReplyMessage{number + (1ULL << 32), QueryStatus::refused, {}})));
  EXPECT_TRUE(queries.on_reply(kOne, encode(ReplyMessage{number, QueryStatus::refused, {}})));
}

TEST_F(QueriesTest, FailWithTheirSession) {
  const auto never = queries.ask(kTarget, "time", {});
  static_cast<void>(next<QueryDial>(queries));
  queries.on_failed(*never, Errc::refused);
  EXPECT_EQ(next<QueryFailed>(queries).why, Errc::refused);
  const auto asked = queries.ask(kTarget, "time", {});
  static_cast<void>(next<QueryDial>(queries));
  queries.on_opened(*asked, kOne);
  static_cast<void>(next<QuerySend>(queries));
  queries.on_closed(kOther, Errc::closed);
  EXPECT_FALSE(queries.poll_output());
  queries.on_closed(kOne, Errc::timed_out);
  EXPECT_EQ(next<QueryFailed>(queries).query, *asked);
}

TEST_F(QueriesTest, HaveLimits) {
  EXPECT_EQ(queries.ask(kTarget, std::string(65, 't'), {}).error(), Errc::too_long);
  EXPECT_EQ(queries.ask(kTarget, "time", Bytes(1025)).error(), Errc::too_long);
  EXPECT_EQ(queries.ask(kTarget, "\xff", {}).error(), Errc::bad_text);
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(queries.ask(kTarget, "time", {}));
  EXPECT_EQ(queries.ask(kTarget, "time", {}).error(), Errc::limit_reached);
}

TEST_F(QueriesTest, OfOthersAreAnsweredOnce) {
  ASSERT_TRUE(queries.on_query(kOne, true, query(7, "time")));
  const auto arrived = next<QueryArrived>(queries);
  EXPECT_EQ(arrived.topic, "time");
  EXPECT_EQ(queries.answer(arrived.inquiry, QueryStatus::answered, Bytes(4097)).error(),
            Errc::too_long);
  EXPECT_TRUE(queries.answer(arrived.inquiry, QueryStatus::answered, bytes_of("noon")));
  const auto sent = next<QuerySend>(queries);
  EXPECT_EQ(decode_reply(sent.message)->number, 7U);
  EXPECT_EQ(next<QueryDone>(queries).connection, kOne);
  EXPECT_TRUE(queries.answer(arrived.inquiry, QueryStatus::answered, bytes_of("noon")));
  EXPECT_FALSE(queries.poll_output());
}

TEST_F(QueriesTest, OfAnUnknownTopicAreNotPutToTheApplication) {
  ASSERT_TRUE(queries.on_query(kOne, true, query(7, "weather")));
  const auto sent = next<QuerySend>(queries);
  EXPECT_EQ(decode_reply(sent.message)->status, QueryStatus::unknown_topic);
}

TEST_F(QueriesTest, OfOneSessionAreLimited) {
  EXPECT_TRUE(queries.on_query(kOne, true, query(1, "time")));
  EXPECT_FALSE(queries.on_query(kOne, true, query(2, "time")));
  for (std::uint64_t i = 0; i < 8; ++i)
    EXPECT_TRUE(queries.on_query(kOther, false, query(i, "time")));
  EXPECT_FALSE(queries.on_query(kOther, false, query(9, "time")));
}

TEST_F(QueriesTest, OfOthersAreForgottenWithTheirSession) {
  ASSERT_TRUE(queries.on_query(kOne, true, query(7, "time")));
  const auto arrived = next<QueryArrived>(queries);
  queries.on_closed(kOne, Errc::connection_lost);
  EXPECT_TRUE(queries.answer(arrived.inquiry, QueryStatus::answered, {}));
  EXPECT_FALSE(queries.poll_output());
}

/// Whatever comes in whatever order: no query is told of twice, none is left without an end.
TEST(QueriesProperty, EveryQueryEndsOnce) {
  test::for_each_seed(200, [](SeededRandom& random) {
    Queries queries{{.topics = {"time"}}};
    std::map<QueryId, int> ends;
    std::vector<QueryId> asked;
    const auto drain = [&] {
      while (const auto output = queries.poll_output()) {
        if (const auto* answered = std::get_if<QueryAnswered>(&*output)) ++ends[answered->query];
        if (const auto* failed = std::get_if<QueryFailed>(&*output)) ++ends[failed->query];
      }
    };
    for (int step = 0; step < 200; ++step) {
      const auto connection = static_cast<ConnectionId>(random.below(5));
      const auto number = random.below(30);
      switch (random.below(6)) {
        case 0:
          if (const auto id = queries.ask(kTarget, "time", {})) asked.push_back(*id);
          break;
        case 1:
        case 2:
          queries.on_opened(static_cast<QueryId>(number), connection);
          break;
        case 3:
          static_cast<void>(
              queries.on_reply(connection, encode(ReplyMessage{number, QueryStatus::refused, {}})));
          break;
        case 4:
          queries.on_closed(connection, Errc::closed);
          break;
        default:
          queries.on_failed(static_cast<QueryId>(number), Errc::refused);
      }
      drain();
    }
    for (const QueryId id : asked) queries.on_failed(id, Errc::refused);
    drain();
    ASSERT_EQ(ends.size(), asked.size());
    for (const auto& [id, count] : ends) ASSERT_EQ(count, 1);
  });
}

}  // namespace
}  // namespace kith::overlay
