// Realms on the command line: the leader vouches for some, and is asked about others.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;

class RealmCommands : public testing::Test {
 protected:
  struct Keys {
    std::string file;
    std::string node;
    std::string identity;
    std::string public_key;
  };

  [[nodiscard]] Keys make_keys(const std::string& name) const {
    const Finished made = run_kith({"key", "new", folder_ / name, "--json"});
    EXPECT_EQ(made.code, 0) << made.error;
    const auto said = boost::json::parse(made.output).as_object();
    const auto text = [&](const char* key) { return std::string(said.at(key).as_string()); };
    return {folder_ / name, text("node"), text("identity"), text("public_key")};
  }
  /// The leader's word for an identity at a node.
  [[nodiscard]] std::string vouch(const Keys& who, const Keys& at) const {
    const Finished said =
        run_kith({"key", "vouch", leader_.file, who.public_key, "--node", at.node, "--json"});
    EXPECT_EQ(said.code, 0) << said.error;
    return std::string(boost::json::parse(said.output).at("identity_token").as_string());
  }
  [[nodiscard]] std::vector<std::string> in_realm(std::vector<std::string> more) const {
    more.insert(more.end(), {"--realm-leader", leader_.public_key});
    return more;
  }
  /// `up` with its own keys and the leader's word for them.
  [[nodiscard]] std::vector<std::string> member(const std::string& name,
                                                std::vector<std::string> more) const {
    const Keys keys = make_keys(name);
    more.insert(more.end(), {"--key", keys.file, "--identity-token", vouch(keys, keys)});
    return in_realm(std::move(more));
  }

  const Folder folder_;
  const Keys leader_ = make_keys("leader.key");
};

TEST_F(RealmCommands, R40_LetInAPersonAtANodeForWhichTheLeaderVouches) {
  UpNode founder(folder_, "founder", member("founder.key", {"--policy", "realm"}));
  const Keys node = make_keys("node.key");
  const Keys person = make_keys("person.key");
  Program subscriber(
      in_realm({"sub", "news", "--join", founder.address, "--count", "1", "--key", node.file,
                "--identity", person.file, "--identity-token", vouch(person, node), "--json"}));
  const Keys other = make_keys("other.key");
  const Finished published =
      run_kith(in_realm({"pub", "news", "sunny", "--join", founder.address, "--key", other.file,
                         "--identity-token", vouch(other, other)}));
  EXPECT_EQ(published.code, 0) << published.error;
  EXPECT_EQ(subscriber.wait(), 0) << subscriber.error();
  EXPECT_THAT(subscriber.output(), HasSubstr("sunny"));
  EXPECT_THAT(subscriber.output(), HasSubstr(other.identity));
}

TEST_F(RealmCommands, R40_RefuseAWordThatIsForAnotherNodeOrNobody) {
  UpNode founder(folder_, "founder", member("founder.key", {"--policy", "realm"}));
  const Keys node = make_keys("node.key");
  const Keys person = make_keys("person.key");
  const std::vector<std::string> join = {"sub",   "news",    "--join",     founder.address,
                                         "--key", node.file, "--identity", person.file};
  std::vector<std::string> elsewhere = join;
  elsewhere.insert(elsewhere.end(), {"--identity-token", vouch(person, person)});
  const Finished wrong = run_kith(in_realm(elsewhere));
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.error, HasSubstr("names another node"));
  const Finished unvouched = run_kith(in_realm(join));
  EXPECT_EQ(unvouched.code, 4) << unvouched.error;
  EXPECT_THAT(unvouched.error, HasSubstr("not authorized"));
}

TEST_F(RealmCommands, R43_AskTheLeaderAboutWhoIsNotKnown) {
  const Keys friend_keys = make_keys("friend.key");
  const Keys stranger = make_keys("stranger.key");
  UpNode leader(
      folder_, "leader",
      in_realm({"--key", leader_.file, "--policy", "realm", "--known", friend_keys.identity}));
  UpNode door(folder_, "door",
              member("door.key", {"--join", leader.address, "--policy", "realm-ask"}));
  door.wait_until_ready();
  const auto join_as = [&](const Keys& keys) {
    return in_realm({"pub", "news", "sunny", "--join", door.address, "--key", keys.file,
                     "--join-timeout", "30"});
  };
  const Keys listener = make_keys("listener.key");
  Program subscriber(in_realm({"sub", "news", "--join", leader.address, "--key", listener.file,
                               "--identity-token", vouch(listener, listener), "--count", "1"}));
  const Finished refused = run_kith(join_as(stranger));
  EXPECT_EQ(refused.code, 4) << refused.error;
  EXPECT_THAT(refused.error, HasSubstr("does not let this identity in"));
  const Finished admitted = run_kith(join_as(friend_keys));
  EXPECT_EQ(admitted.code, 0) << admitted.error;
  EXPECT_EQ(subscriber.wait(), 0) << subscriber.error();
}

TEST_F(RealmCommands, R43_SayThatTheLeaderHasNotAnswered) {
  UpNode door(folder_, "door", member("door.key", {"--policy", "realm-ask"}));
  const Finished waiting =
      run_kith(in_realm({"sub", "news", "--join", door.address, "--join-timeout", "1"}));
  EXPECT_EQ(waiting.code, 4) << waiting.error;
  EXPECT_THAT(waiting.error, HasSubstr("not authorized yet"));
  EXPECT_THAT(waiting.error, HasSubstr("offline"));
}

TEST_F(RealmCommands, KeepTheOverlaysOwnSubjectsToThemselves) {
  const Finished finished = run_kith({"sub", "kith/realm-leader"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("for the overlay itself"));
}

}  // namespace
}  // namespace kith::test
