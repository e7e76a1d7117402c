#include "overlay/asio/keeper.hpp"

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "overlay/engine.hpp"
#include "tests/overlay/store/store_samples.hpp"
#include "tests/overlay/store/store_tampering.hpp"

namespace kith::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// One that keeps a ticket, and what it logged as an error.
class KeeperOfOneTicket : public testing::Test {
 protected:
  KeeperOfOneTicket() {
    EXPECT_TRUE(keeper_.keep(
        overlay::StoreTicket{
            .hash = numbered(1), .uuid = {}, .terms = {}, .expires_at = kIssuedAt + kLife},
        kIssuedAt));
  }

  [[nodiscard]] bool is_good() { return keeper_.check(numbered(1), kIssuedAt).has_value(); }

  static constexpr std::chrono::hours kLife{1};

  StoreFolder folder_;
  std::string path_ = folder_ / "store";
  std::vector<std::string> complaints_;
  overlay::Keeper keeper_{path_, [this](LogLevel level, std::string_view line) {
                            if (level == LogLevel::error) complaints_.emplace_back(line);
                          }};
};

TEST_F(KeeperOfOneTicket, FindsIt) {
  EXPECT_TRUE(is_good());
  EXPECT_THAT(complaints_, ElementsAre());
}

TEST_F(KeeperOfOneTicket, HasTheStoreForItselfAlone) {
  const auto another = [](const std::string& path) { overlay::Keeper(path, {}); };
  const auto is_in_use = testing::ThrowsMessage<StartError>(HasSubstr("another node runs with it"));
  EXPECT_THAT([&] { another(path_); }, is_in_use);
  std::filesystem::create_directory_symlink(folder_ / "", folder_ / "linked_folder");
  EXPECT_THAT([&] { another(folder_ / "linked_folder/store"); }, is_in_use);
  another(folder_ / "one of its own");
  another(folder_ / "one of its own");
}

TEST_F(KeeperOfOneTicket, SaysOnceThatTheStoreIsDamaged) {
  change(path_, "DROP TRIGGER tickets_update; UPDATE tickets SET expires_at = expires_at + 1");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_good());
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("is damaged")));
}

/// The engine may have other reasons not to take it, such as another token of the same number.
TEST_F(KeeperOfOneTicket, OrphansNoRelationshipOfTheKeysThatItsNodeHas) {
  const auto related_for = [](Duration life) {
    Cast cast;
    RelationshipParams params = cast.relationship_params();
    params.realm = {};
    params.life = life;
    const auto proposal =
        propose_relationship(params, cast.person_key, crypto::ed25519(), cast.random);
    return countersign(*proposal, cast.friend_key, crypto::ed25519(), kIssuedAt).value();
  };
  const RelationshipToken kept = related_for(kLife);
  const RelationshipToken taken = related_for(2 * kLife);
  ASSERT_EQ(kept.terms().id, taken.terms().id);
  const overlay::KeepRelationship made{
      .question = {}, .relationship = kept, .endpoints = {}, .certificate = {}};
  ASSERT_TRUE(keeper_.keep(made, kIssuedAt));
  Cast cast;
  overlay::EngineConfig config;
  config.primitives = &crypto::sodium_primitives();
  config.node_key = std::move(cast.node_key);
  config.identity_key = std::move(cast.person_key);
  config.static_key = config.primitives->dh->generate(cast.random);
  overlay::Engine engine(std::move(config), cast.random, {TimePoint{}, kIssuedAt});
  ASSERT_TRUE(engine.add_relationship(taken, {}));
  keeper_.restore(engine);
  const auto contacts = keeper_.contacts(engine.id());
  ASSERT_TRUE(contacts);
  ASSERT_EQ(contacts->size(), 1U);
  EXPECT_FALSE(contacts->front().is_orphaned);
}

/// As long as this is there, no file can grow.
class NoRoom {
 public:
  NoRoom() : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit none{.rlim_cur = 1, .rlim_max = limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;
  ~NoRoom() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  void (*before_)(int);
  rlimit limit_{};
};

TEST_F(KeeperOfOneTicket, WritesLaterWhatTheStoreDidNotTake) {
  constexpr crypto::DhPublicKey kDialer{1};
  keeper_.note(overlay::DialTimeSeen{kDialer, kIssuedAt});
  {
    const NoRoom full;
    keeper_.flush();
  }
  EXPECT_FALSE(complaints_.empty());
  keeper_.flush();
  EXPECT_EQ(overlay::Store(path_).latest_times(2)->size(), 1U);
}

/// A keeper that is there, gone, and there again.
class KeeperAfterARestart : public testing::Test {
 protected:
  void restart() {
    keeper_.reset();
    keeper_.emplace(path_, [](LogLevel, std::string_view line) { ADD_FAILURE() << line; });
  }

  [[nodiscard]] overlay::EngineConfig restored(const std::vector<Address>& entrances = {}) {
    restart();
    overlay::EngineConfig config;
    keeper_->restore(config, entrances, kIssuedAt);
    return config;
  }

  StoreFolder folder_;
  std::string path_ = folder_ / "store";
  std::optional<overlay::Keeper> keeper_;
  const Endpoint entrance_ = Endpoint::v4({192, 0, 2, 1}, 3141);
};

TEST_F(KeeperAfterARestart, GivesBackTheGreatestTimesOfDialersAndItsOwn) {
  constexpr crypto::DhPublicKey kOne{1};
  constexpr crypto::DhPublicKey kOther{2};
  const auto at = [](int seconds) { return kIssuedAt + std::chrono::seconds(seconds); };
  restart();
  keeper_->note(overlay::DialTimeSeen{kOne, at(5)});
  keeper_->note(overlay::DialTimeSeen{kOne, at(3)});
  keeper_->note(overlay::DialTimeSeen{kOther, at(1)});
  keeper_->note(overlay::DialTimeUsed{at(8)});
  keeper_->flush();
  keeper_->note(overlay::DialTimeSeen{kOther, at(2)});
  keeper_->note(overlay::DialTimeSeen{kOne, at(4)});
  keeper_->note(overlay::DialTimeUsed{at(9)});
  keeper_->note(overlay::DialTimeUsed{at(10)});
  keeper_->flush();
  keeper_->flush();
  const overlay::EngineConfig config = restored();
  EXPECT_THAT(config.known_dial_times,
              UnorderedElementsAre(testing::Pair(kOne, at(5)), testing::Pair(kOther, at(2))));
  EXPECT_EQ(config.last_dial_time, at(10));
}

TEST_F(KeeperAfterARestart, GivesBackWhoWasMetFirstWhere) {
  restart();
  keeper_->keep(overlay::EntranceLearned{entrance_, numbered(1)}, kIssuedAt);
  keeper_->keep(overlay::EntranceLearned{entrance_, numbered(2)}, kIssuedAt);
  EXPECT_THAT(restored().known_entrances, ElementsAre(testing::Pair(entrance_, numbered(1))));
}

TEST_F(KeeperAfterARestart, BelievesWhoeverIsNamedRatherThanItsMemory) {
  restart();
  keeper_->keep(overlay::EntranceLearned{entrance_, numbered(1)}, kIssuedAt);
  const std::string where = "@" + entrance_.to_string();
  const auto as_before = Address::parse("kith://" + numbered(1).to_string() + where);
  const auto another = Address::parse("kith://" + numbered(2).to_string() + where);
  ASSERT_TRUE(as_before && another);
  EXPECT_THAT(restored({*as_before}).known_entrances,
              ElementsAre(testing::Pair(entrance_, numbered(1))));
  EXPECT_THAT(restored({*another}).known_entrances, ElementsAre());
}

}  // namespace
}  // namespace kith::test
