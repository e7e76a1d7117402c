#include "apps/control/protocol.hpp"

#include <string>

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

namespace kith::apps {
namespace {

TEST(ControlRequest, IsReadAsItWasWritten) {
  for (const ControlRequest& request :
       {ControlRequest(AskStatus{}), ControlRequest(AskPeers{}),
        ControlRequest(AskTrace{.subject = "news/größer", .timeout = std::chrono::seconds(5)})}) {
    const auto read = parse_request(boost::json::serialize(to_json(request)));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->index(), request.index());
    if (const auto* trace = std::get_if<AskTrace>(&*read)) {
      EXPECT_EQ(trace->subject, "news/größer");
      EXPECT_EQ(trace->timeout, std::chrono::seconds(5));
    }
  }
}

TEST(ControlRequest, IsRefusedUnlessItIsExact) {
  for (const std::string& line : {
           std::string(""),
           std::string("x"),
           std::string("[]"),
           std::string("{}"),
           std::string("null"),
           std::string(R"({"ask":1})"),
           std::string(R"({"ask":"stop"})"),
           std::string(R"({"ask":"status","more":1})"),
           std::string(R"({"ask":"status"} x)"),
           std::string(R"({"ask":"trace"})"),
           std::string(R"({"ask":"trace","subject":"a"})"),
           std::string(R"({"ask":"trace","subject":"","timeout_ms":5})"),
           std::string(R"({"ask":"trace","subject":3,"timeout_ms":5})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":0})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":60001})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":"5"})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":5,"x":1})"),
           "{\"ask\":\"trace\",\"subject\":\"" + std::string(256, 'a') + "\",\"timeout_ms\":5}",
           std::string(2'000, '[') + std::string(2'000, ']'),
           std::string(kControlRequestBytesMax + 1, ' '),
       })
    EXPECT_FALSE(parse_request(line)) << line;
}

TEST(ControlAnswer, IsOneLine) {
  const std::string line = error_line(Errc::timed_out, "a\nb");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find("\"code\":\"timed_out\""), std::string::npos);
}

}  // namespace
}  // namespace kith::apps
