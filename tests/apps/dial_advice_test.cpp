#include "apps/dial_advice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::apps {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(DialAdvice, NamesTheLastStepThatWasReached) {
  EXPECT_EQ(step_before(JoinStep::connecting), "resolved");
  EXPECT_EQ(step_before(JoinStep::handshake), "connected");
  EXPECT_EQ(step_before(JoinStep::joining), "proven");
}

TEST(DialAdvice, TellsRefusalsByStepAndFlow) {
  const auto refused = [](JoinStep step, EntranceFlow flow) {
    return advice_on({.step = step, .why = Errc::refused}, flow);
  };
  EXPECT_THAT(refused(JoinStep::handshake, EntranceFlow::open), HasSubstr("flow O"));
  EXPECT_THAT(refused(JoinStep::handshake, EntranceFlow::sealed), HasSubstr("--key"));
  EXPECT_THAT(refused(JoinStep::handshake, EntranceFlow::hidden), Not(HasSubstr("--key")));
  EXPECT_THAT(refused(JoinStep::handshake, EntranceFlow::connection), HasSubstr("flow C"));
  EXPECT_THAT(refused(JoinStep::handshake, EntranceFlow::connection), HasSubstr("clock"));
  EXPECT_THAT(refused(JoinStep::joining, EntranceFlow::hidden), HasSubstr("policy"));
}

TEST(DialAdvice, ChoosesTheExitCode) {
  EXPECT_EQ(code_of({JoinStep::connecting, Errc::connection_refused}), ExitCode::no_node);
  EXPECT_EQ(code_of({JoinStep::handshake, Errc::wrong_key}), ExitCode::no_node);
  EXPECT_EQ(code_of({JoinStep::handshake, Errc::refused}), ExitCode::not_authorized);
  EXPECT_EQ(code_of({JoinStep::joining, Errc::deferred}), ExitCode::not_authorized);
  EXPECT_EQ(code_of({JoinStep::handshake, Errc::timed_out}), ExitCode::timed_out);
}

}  // namespace
}  // namespace kith::apps
