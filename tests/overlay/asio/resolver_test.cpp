#include "overlay/asio/resolver.hpp"

#include <array>
#include <future>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/asio/support.hpp"

namespace kith::overlay {
namespace {

using test::Flag;

Endpoint numbered(Byte last) { return Endpoint::v4({192, 0, 2, last}, 3141); }

Address named(std::string host) { return {.node = {}, .host = std::move(host)}; }

/// One that nobody gets an answer from before `let_go`, which its threads may outlive.
Resolver slow(const std::shared_ptr<Flag>& let_go) {
  return Resolver([let_go](const Address&) -> LookedUp {
    static_cast<void>(let_go->wait());
    return std::vector{numbered(1)};
  });
}

TEST(ResolverTest, SaysWhatItFoundInOrder) {
  const Resolver resolver([](const Address& address) -> LookedUp {
    EXPECT_EQ(address.host, "node.example");
    return std::vector{numbered(2), numbered(1), numbered(2)};
  });
  EXPECT_EQ(endpoints_of(resolver.ask(named("node.example")).get()).value(),
            (std::vector{numbered(1), numbered(2)}));
}

TEST(ResolverTest, KeepsTheOrderOfAnAnswer) {
  const Resolver resolver(
      [](const Address&) -> LookedUp { return std::vector{numbered(2), numbered(1)}; });
  EXPECT_EQ(resolver.ask(named("node.example")).get().value(),
            (std::vector{numbered(2), numbered(1)}));
}

TEST(ResolverTest, SaysThatThereIsNoSuchHost) {
  const Resolver resolver([](const Address&) -> LookedUp {
    return std::unexpected(make_error_code(boost::system::errc::no_such_device_or_address));
  });
  EXPECT_EQ(endpoints_of(resolver.ask(named("node.example")).get()).error(), Errc::unreachable);
}

TEST(ResolverTest, AsksOnlySoMuchAtOnce) {
  const auto let_go = std::make_shared<Flag>();
  const Resolver resolver = slow(let_go);
  std::vector<std::future<LookedUp>> answers;
  for (std::size_t i = 0; i < Resolver::kUnderWayMax; ++i)
    answers.push_back(resolver.ask(named("node.example")));
  EXPECT_EQ(endpoints_of(resolver.ask(named("node.example")).get()).error(), Errc::limit_reached);
  let_go->raise();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_TRUE(resolver.ask(named("node.example")).get());
}

TEST(ResolverTest, LeavesPlacesForMoreThanMinorQuestions) {
  const auto let_go = std::make_shared<Flag>();
  const Resolver resolver = slow(let_go);
  std::vector<std::future<LookedUp>> answers;
  for (std::size_t i = 0; i < Resolver::kMinorUnderWayMax; ++i)
    answers.push_back(resolver.ask_minor(named("node.example")));
  EXPECT_EQ(endpoints_of(resolver.ask_minor(named("node.example")).get()).error(),
            Errc::limit_reached);
  answers.push_back(resolver.ask(named("node.example")));
  let_go->raise();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

}  // namespace
}  // namespace kith::overlay
