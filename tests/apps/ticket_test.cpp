// Tickets and contacts on the command line: two nodes, each with a store.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class TicketCommands : public testing::Test {
 protected:
  static Finished ask(const UpNode& node, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--control", node.control});
    return run_kith(arguments);
  }
  static boost::json::object ask_json(const UpNode& node, std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Finished finished = ask(node, arguments);
    EXPECT_EQ(finished.code, 0) << finished.error;
    return boost::json::parse(finished.output).as_object();
  }
  static Finished redeem(const UpNode& node, const std::string& ticket) {
    return run_kith(Invocation{.arguments = {"ticket", "redeem", "-", "--control", node.control},
                               .input = ticket});
  }
  static std::string states(const boost::json::object& answer, const char* of) {
    std::string all;
    for (const auto& one : answer.at(of).as_array())
      all += std::string(one.at("state").as_string()) + " ";
    return all;
  }

  const Folder folder_;
  UpNode issuer_{folder_, "issuer", {"--store", folder_ / "issuer.db"}};
  UpNode redeemer_{folder_, "redeemer", {"--store", folder_ / "redeemer.db"}};
};

TEST_F(TicketCommands, MakeAContactOnceAndEndIt) {
  const Finished ticket = ask(issuer_, {"ticket", "issue"});
  ASSERT_EQ(ticket.code, 0) << ticket.error;
  EXPECT_THAT(ticket.output, StartsWith("kith-ticket:"));
  EXPECT_EQ(ticket.output.find('\n'), ticket.output.size() - 1);

  const Finished redeemed = redeem(redeemer_, ticket.output);
  ASSERT_EQ(redeemed.code, 0) << redeemed.error;
  const std::string contact = redeemed.output.substr(0, redeemed.output.size() - 1);
  for (const UpNode* node : {&issuer_, &redeemer_}) {
    const auto contacts = ask_json(*node, {"contact", "list"});
    EXPECT_EQ(states(contacts, "contacts"), "open ");
    EXPECT_EQ(contacts.at("contacts").as_array().at(0).at("contact").as_string(), contact);
  }
  EXPECT_EQ(states(ask_json(issuer_, {"ticket", "list"}), "tickets"), "used ");

  const Finished again = redeem(redeemer_, ticket.output);
  EXPECT_EQ(again.code, 4);
  EXPECT_THAT(again.output, IsEmpty());
  EXPECT_THAT(again.error, HasSubstr("may be used"));

  const auto shown = ask_json(redeemer_, {"contact", "show", contact.substr(0, 8)});
  EXPECT_EQ(shown.at("node").as_string(), issuer_.address.substr(7, 52));
  ask_json(redeemer_, {"contact", "end", contact.substr(0, 8)});
  EXPECT_EQ(states(ask_json(redeemer_, {"contact", "list"}), "contacts"), "ended ");
}

/// Keys of a person, who may use another node than the own one.
struct Person {
  explicit Person(const Folder& folder, const std::string& name) : file(folder / name) {
    EXPECT_EQ(run_kith({"key", "new", file}).code, 0);
    const auto shown = boost::json::parse(run_kith({"key", "show", file, "--json"}).output);
    identity = shown.at("identity").as_string();
    public_key = shown.at("public_key").as_string();
  }

  std::string file;
  std::string identity;
  std::string public_key;
};

TEST_F(TicketCommands, ServeAnIdentityAtANodeThatIsNotItsOwn) {
  const Person ann(folder_, "ann.key");
  const UpNode hers(folder_, "hers", {"--store", folder_ / "hers.db", "--identity", ann.file});
  const auto issue = [&] {
    return ask(issuer_, {"ticket", "issue", "--for", ann.identity}).output;
  };
  EXPECT_EQ(redeem(hers, issue()).code, 4);

  const std::string node = hers.address.substr(7, 52);
  const Finished token = run_kith({"key", "vouch", ann.file, ann.public_key, "--node", node});
  ASSERT_EQ(token.code, 0) << token.error;
  const std::string file = folder_.file("ann.token", token.output);
  const auto redeem_as_ann = [&](const std::string& ticket) {
    return run_kith(Invocation{
        .arguments = {"ticket", "redeem", "-", "--identity-token", file, "--control", hers.control},
        .input = ticket});
  };
  const Finished redeemed = redeem_as_ann(issue());
  EXPECT_EQ(redeemed.code, 0) << redeemed.error;
  const auto contacts = ask_json(issuer_, {"contact", "list"});
  ASSERT_EQ(contacts.at("contacts").as_array().size(), 1U);
  EXPECT_EQ(contacts.at("contacts").as_array().at(0).at("identity").as_string(), ann.identity);

  // The token may come on standard input, too, but not both.
  const std::string ticket = issue();
  const Finished both = run_kith(Invocation{
      .arguments = {"ticket", "redeem", "-", "--identity-token", "-", "--control", hers.control},
      .input = ticket});
  EXPECT_EQ(both.code, 2);
  EXPECT_EQ(
      run_kith(Invocation{.arguments = {"ticket", "redeem", ticket.substr(0, ticket.size() - 1),
                                        "--identity-token", "-", "--control", hers.control},
                          .input = token.output})
          .code,
      0);
  folder_.file("ann.token", "nonsense");
  EXPECT_THAT(redeem_as_ann(issue()).error, HasSubstr("kith key vouch"));
}

TEST_F(TicketCommands, LeadToAnIdentityAtTheIssuersNode) {
  const Person bob(folder_, "bob.key");
  const UpNode his(folder_, "his", {"--store", folder_ / "his.db", "--identity", bob.file});
  EXPECT_NE(redeem(redeemer_, ask(his, {"ticket", "issue"}).output).code, 0);
  const Finished redeemed =
      run_kith(Invocation{.arguments = {"ticket", "redeem", "-", "--partner", bob.public_key,
                                        "--control", redeemer_.control},
                          .input = ask(his, {"ticket", "issue"}).output});
  ASSERT_EQ(redeemed.code, 0) << redeemed.error;
  const auto contacts = ask_json(redeemer_, {"contact", "list"});
  EXPECT_EQ(contacts.at("contacts").as_array().at(0).at("identity").as_string(), bob.identity);
}

TEST_F(TicketCommands, SayThatATicketIsOfTheNodeItself) {
  const Finished refused = redeem(issuer_, ask(issuer_, {"ticket", "issue"}).output);
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.error, HasSubstr("of this node itself"));
}

TEST_F(TicketCommands, RevokeATicket) {
  const auto issued = ask_json(issuer_, {"ticket", "issue", "--life", "1h"});
  const std::string hash(issued.at("hash").as_string());
  const Finished shown =
      run_kith({"ticket", "show", std::string(issued.at("ticket").as_string()), "--json"});
  EXPECT_TRUE(boost::json::parse(shown.output).is_object()) << shown.error;
  EXPECT_EQ(states(ask_json(issuer_, {"ticket", "list"}), "tickets"), "open ");
  ask_json(issuer_, {"ticket", "revoke", hash.substr(0, 10)});
  EXPECT_EQ(states(ask_json(issuer_, {"ticket", "list"}), "tickets"), "revoked ");
  EXPECT_NE(redeem(redeemer_, std::string(issued.at("ticket").as_string())).code, 0);
  EXPECT_EQ(ask(issuer_, {"ticket", "revoke", "zzz"}).code, 1);
}

TEST_F(TicketCommands, DrawATicketApartFromItsText) {
  const Finished ticket = ask(issuer_, {"ticket", "issue", "--qr"});
  ASSERT_EQ(ticket.code, 0) << ticket.error;
  EXPECT_THAT(ticket.output, StartsWith("kith-ticket:"));
  EXPECT_THAT(ticket.error, HasSubstr("█"));
}

TEST_F(TicketCommands, SayThatAContactIsOfOtherKeys) {
  const std::string contact = redeem(redeemer_, ask(issuer_, {"ticket", "issue"}).output).output;
  ASSERT_EQ(contact.size(), 33U);
  issuer_.program.signal(SIGINT);
  ASSERT_EQ(issuer_.program.wait(), 0);
  // Without --key it is another node after each start.
  const UpNode another(folder_, "another", {"--store", folder_ / "issuer.db"});
  EXPECT_EQ(states(ask_json(another, {"contact", "list"}), "contacts"), "orphaned ");
  EXPECT_THAT(ask(another, {"contact", "list"}).output, HasSubstr("  orphaned  "));
  const Finished ended = ask(another, {"contact", "end", contact.substr(0, 8)});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.error, HasSubstr("--key"));
  const Finished dialed = ask(another, {"dial", "--flow", "N", contact.substr(0, 8)});
  EXPECT_EQ(dialed.code, 1);
  EXPECT_THAT(dialed.output, HasSubstr("--key"));
}

TEST_F(TicketCommands, SayThatTheStoreMayNotGrow) {
  issuer_.program.forbid_growing_files();
  const Finished ticket = ask(issuer_, {"ticket", "issue"});
  EXPECT_EQ(ticket.code, 1);
  EXPECT_THAT(ticket.error, HasSubstr("could not be written"));
  issuer_.program.wait_for_error("store " + folder_ / "issuer.db");
  issuer_.program.signal(SIGINT);
  EXPECT_EQ(issuer_.program.wait(), 0);
}

TEST_F(TicketCommands, SayThatThereIsNoStoreOrNoNode) {
  const UpNode forgetful(folder_, "forgetful");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"ticket", "issue"}, {"ticket", "list"}, {"contact", "list"}}) {
    const Finished finished = ask(forgetful, arguments);
    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.error, HasSubstr("--store"));
  }
  EXPECT_EQ(run_kith({"ticket", "list", "--control", folder_ / "nobody"}).code, 3);
}

TEST(StartOnADamagedStore, EndsWithACodeOfItsOwn) {
  const Folder folder;
  const std::string store = folder.file("s.db", std::string(8192, 'x'));
  std::filesystem::permissions(store, std::filesystem::perms(0600));
  const Finished finished = run_kith(
      {"up", "--listen", "tcp://127.0.0.1:0", "--control", folder / "s", "--store", store});
  EXPECT_EQ(finished.code, 7);
  EXPECT_THAT(finished.error, HasSubstr(store));
  EXPECT_EQ(read_file(store), std::string(8192, 'x'));
}

}  // namespace
}  // namespace kith::test
