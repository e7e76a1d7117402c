// What a driver does while nobody knows where the overlay is.

#include "overlay/asio/driver.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "overlay/asio/keys.hpp"
#include "overlay/asio/waiting.hpp"
#include "tests/overlay/asio/support.hpp"

namespace kith::overlay {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::Flag;
using test::kPatience;

EngineConfig engine_config() {
  const NodeKeys keys = NodeKeys::generate();
  EngineConfig config;
  config.primitives = &crypto::sodium_primitives();
  config.node_key = signing_key(keys.node_seed);
  config.static_key = dh_key(keys.static_seed);
  return config;
}

/// It is to enter through a name, and the system's resolver does not say anything about that.
struct DriverBeforeTheDoors : testing::Test {
  void SetUp() override {
    driver->start({}, {{.node = {}, .host = "node.example"}}, {});
    while (!asked->wait(0s)) ASSERT_GT(context.run_one_for(kPatience), 0U);
  }
  void TearDown() override { let_go->raise(); }

  /// What becomes of waiting for something that never is.
  Result<void> wait(Duration timeout) {
    std::optional<Result<void>> answer;
    driver->wait_for([]() -> std::optional<Result<void>> { return std::nullopt; }, timeout,
                     [&](Result<void> result) { answer = result; });
    while (!answer && context.run_one_for(kPatience) > 0) {
    }
    return answer.value_or(std::unexpected(Errc::not_found));
  }

  using Found = std::optional<Result<std::vector<Endpoint>>>;

  /// Has it looked up where `host` is; `found` must outlive the test's last turn.
  void resolve(const std::string& host, Duration timeout, Found& found) {
    driver->resolve({.node = {}, .host = host, .port = 1}, deadline_after(timeout),
                    [&found](Result<std::vector<Endpoint>> result) { found = std::move(result); });
  }

  /// The resolver's thread may outlive all else.
  std::shared_ptr<Flag> asked = std::make_shared<Flag>();
  std::shared_ptr<Flag> let_go = std::make_shared<Flag>();
  asio::io_context context;
  std::shared_ptr<Driver> driver = std::make_shared<Driver>(
      nullptr, context.get_executor(), engine_config(), std::vector<asio::ip::tcp::acceptor>(),
      Resolver([asked = asked, let_go = let_go](const Address&) -> LookedUp {
        asked->raise();
        static_cast<void>(let_go->wait());
        return std::vector{Endpoint::v4({127, 0, 0, 1}, 1)};
      }));
};

TEST_F(DriverBeforeTheDoors, AnswersWhoHasWaitedLongEnough) {
  EXPECT_EQ(wait(1ms).error(), Errc::timed_out);
  EXPECT_EQ(wait(0s).error(), Errc::timed_out);
}

TEST_F(DriverBeforeTheDoors, DoesNotFoundAnOverlay) {
  EXPECT_EQ(wait(1ms).error(), Errc::timed_out);
  EXPECT_FALSE(driver->look([](const Engine& engine) { return engine.is_ready(); }));
}

TEST_F(DriverBeforeTheDoors, LeavesWithoutTheResolver) {
  driver->leave([](Engine&, Instant) {});
  context.run_for(kPatience);
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(wait(1ms).error(), Errc::shutting_down);
}

TEST_F(DriverBeforeTheDoors, IsNotHeldUpByTheResolver) {
  Found found;
  resolve("other.example", kPatience, found);
  EXPECT_EQ(wait(1ms).error(), Errc::timed_out);
  EXPECT_FALSE(found);
  let_go->raise();
  while (!found) ASSERT_GT(context.run_one_for(kPatience), 0U);
  EXPECT_EQ(found->value(), std::vector{Endpoint::v4({127, 0, 0, 1}, 1)});
}

TEST_F(DriverBeforeTheDoors, GivesUpOnTheResolverAtTheDeadline) {
  Found found;
  resolve("other.example", 2ms, found);
  while (!found) ASSERT_GT(context.run_one_for(kPatience), 0U);
  EXPECT_EQ(found->error(), Errc::timed_out);
}

/// The resolver would not answer, least of all at once.
TEST_F(DriverBeforeTheDoors, AsksNobodyAboutANumber) {
  Found found;
  resolve("192.0.2.1", 0s, found);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->value(), std::vector{Endpoint::v4({192, 0, 2, 1}, 1)});
}

TEST_F(DriverBeforeTheDoors, TellsWhoWaitsForTheResolverThatItLeaves) {
  Found found;
  resolve("other.example", kPatience, found);
  driver->leave([](Engine&, Instant) {});
  context.run_for(kPatience);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->error(), Errc::shutting_down);
}

TEST_F(DriverBeforeTheDoors, OpensThemOnceThereIsAnAnswer) {
  bool ran = false;
  driver->submit([&](Engine&, Instant) { ran = true; });
  EXPECT_EQ(wait(1ms).error(), Errc::timed_out);
  EXPECT_FALSE(ran);
  let_go->raise();
  while (!ran) ASSERT_GT(context.run_one_for(kPatience), 0U);
  driver->leave([](Engine&, Instant) {});
  context.run_for(kPatience);
  EXPECT_TRUE(context.stopped());
}

/// One place is taken by the name that it is to enter through.
TEST_F(DriverBeforeTheDoors, LeavesPlacesAtTheResolverForEntrances) {
  std::vector<Found> found(Resolver::kMinorUnderWayMax);
  for (Found& each : found) resolve("other.example", kPatience, each);
  while (!found.back()) ASSERT_GT(context.run_one_for(kPatience), 0U);
  EXPECT_EQ(found.back()->error(), Errc::limit_reached);
  EXPECT_FALSE(found.front());
  driver->leave([](Engine&, Instant) {});
  context.run_for(kPatience);
}

TEST_F(DriverBeforeTheDoors, LetsOnlySoManyWait) {
  std::size_t timed_out = 0;
  std::optional<Result<void>> refused;
  bool did = false;
  const auto never = []() -> std::optional<Result<void>> { return std::nullopt; };
  for (std::size_t i = 0; i < Driver::kWaitsMax; ++i) {
    EXPECT_TRUE(driver->wait_for(never, 1ms, [&](const Result<void>& result) {
      if (!result && result.error() == Errc::timed_out) ++timed_out;
    }));
  }
  ask<void>(
      driver, kPatience, [&](const Slot<void>&, Engine&, Instant) { did = true; },
      [&](Result<void> result) { refused = result; });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error(), Errc::limit_reached);
  while (timed_out < Driver::kWaitsMax) ASSERT_GT(context.run_one_for(kPatience), 0U);
  EXPECT_EQ(wait(1ms).error(), Errc::timed_out);
  driver->leave([](Engine&, Instant) {});
  context.run_for(kPatience);
  EXPECT_FALSE(did);
}

TEST_F(DriverBeforeTheDoors, DoesNothingForWhoDoesNotWaitAnyMore) {
  bool did = false;
  std::optional<Result<void>> answer;
  ask<void>(
      driver, 1ms, [&](const Slot<void>&, Engine&, Instant) { did = true; },
      [&](Result<void> result) { answer = result; });
  while (!answer) ASSERT_GT(context.run_one_for(kPatience), 0U);
  EXPECT_EQ(answer->error(), Errc::timed_out);
  bool ran = false;
  driver->submit([&](Engine&, Instant) { ran = true; });
  let_go->raise();
  while (!ran) ASSERT_GT(context.run_one_for(kPatience), 0U);
  EXPECT_FALSE(did);
  driver->leave([](Engine&, Instant) {});
  context.run_for(kPatience);
}

/// It is to enter through a name, which leads to where the test says.
struct DriverThatEntersByAName : testing::Test {
  /// What the resolver says; its threads may outlive all else.
  class Answer {
   public:
    void set(const Node& node) {
      set(literal_endpoint(Address::parse(node.addresses().front()).value()).value());
    }
    void set(const Endpoint& endpoint) {
      const std::lock_guard lock(mutex_);
      endpoint_ = endpoint;
    }
    [[nodiscard]] LookedUp get() {
      const std::lock_guard lock(mutex_);
      ++asked_;
      return std::vector{endpoint_};
    }
    [[nodiscard]] bool was_asked() const {
      const std::lock_guard lock(mutex_);
      return asked_ > 0;
    }

   private:
    mutable std::mutex mutex_;
    Endpoint endpoint_ = Endpoint::v4({127, 0, 0, 1}, 1);
    int asked_ = 0;
  };

  void TearDown() override {
    driver->leave([](Engine&, Instant) {});
    context.run_for(kPatience);
    EXPECT_TRUE(context.stopped());
  }

  void start() { driver->start({}, {{.node = {}, .host = "node.example"}}, {}); }
  /// Goes on until `done`; whether that came in time.
  [[nodiscard]] bool run_until(const auto& done) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!done())
      if (context.run_one_until(end) == 0) return false;
    return true;
  }
  [[nodiscard]] bool is_ready() const {
    return driver->look([](const Engine& engine) { return engine.is_ready(); });
  }
  [[nodiscard]] static EngineConfig client() {
    EngineConfig config = engine_config();
    config.role = Participation::client;
    return config;
  }

  std::shared_ptr<Answer> answer = std::make_shared<Answer>();
  asio::io_context context;
  std::shared_ptr<Driver> driver = std::make_shared<Driver>(
      nullptr, context.get_executor(), client(), std::vector<asio::ip::tcp::acceptor>(),
      Resolver([answer = answer](const Address&) { return answer->get(); }));
};

TEST_F(DriverThatEntersByAName, AsksAgainWhereThatLeadsIfNobodyIsThere) {
  const Node node(test::on_loopback());
  start();
  ASSERT_TRUE(run_until([&] { return answer->was_asked(); }));
  answer->set(node);
  EXPECT_TRUE(run_until([&] { return is_ready(); }));
}

TEST_F(DriverThatEntersByAName, AsksAgainWhereThatLeadsOnceItIsAlone) {
  auto first = std::make_unique<Node>(test::on_loopback());
  const Node second(test::on_loopback());
  answer->set(*first);
  start();
  ASSERT_TRUE(run_until([&] { return is_ready(); }));
  answer->set(second);
  first.reset();
  ASSERT_TRUE(run_until([&] { return !is_ready(); }));
  EXPECT_TRUE(run_until([&] { return is_ready(); }));
}

}  // namespace
}  // namespace kith::overlay
