// `kith dial`: which step was reached, and why the next one was not.

#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "apps/console/descriptor.hpp"
#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;

struct Dialed {
  int code = 0;
  std::string reached;
  std::string error;
};

/// How far one came at the one endpoint of `address`.
Dialed dial(const std::string& address, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"dial", address, "--json"});
  const Finished finished = run_kith(more);
  const auto answer = boost::json::parse(finished.output).as_object();
  const auto& attempt = answer.at("attempts").as_array().at(0).as_object();
  const auto* error = attempt.if_contains("error");
  return {.code = finished.code,
          .reached = std::string(attempt.at("reached").as_string()),
          .error = error == nullptr ? "" : std::string(error->as_string())};
}

/// Makes a key file, and says which node has that key.
std::string new_key(const std::string& path) {
  EXPECT_EQ(run_kith({"key", "new", path}).code, 0);
  const auto shown = boost::json::parse(run_kith({"key", "show", path, "--json"}).output);
  return std::string(shown.at("node").as_string());
}

/// Takes connections and says nothing.
class Silence {
 public:
  Silence() {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(any);
    auto* address = reinterpret_cast<sockaddr*>(&any);
    EXPECT_EQ(::bind(socket_.get(), address, length), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    EXPECT_EQ(::getsockname(socket_.get(), address, &length), 0);
    port_ = ntohs(any.sin_port);
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Waits for a connection.
  [[nodiscard]] apps::Descriptor accept() const {
    return apps::Descriptor(::accept(socket_.get(), nullptr, nullptr));
  }

 private:
  apps::Descriptor socket_{::socket(AF_INET, SOCK_STREAM, 0)};
  std::uint16_t port_ = 0;
};

TEST(Dial, JoinsByEachFlowThatANodeAnswers) {
  const Folder folder;
  const std::string key = folder / "key";
  const UpNode node(folder, "a", {"--policy", "known", "--known", new_key(key)});
  for (const char* flow : {"H", "S", "O"}) {
    const Dialed dialed = dial(node.address, {"--flow", flow, "--key", key});
    EXPECT_EQ(dialed.code, 0) << flow << dialed.error;
    EXPECT_EQ(dialed.reached, "joined") << flow;
  }
  EXPECT_THAT(run_kith({"dial", node.address, "--key", key}).output, HasSubstr("joined"));
}

TEST(Dial, R18_LeadsToNobodyByTheSealedFlowUnlessBothKnowEachOther) {
  const Folder folder;
  const UpNode node(folder, "a");
  const Dialed stranger = dial(node.address, {"--flow", "S"});
  EXPECT_EQ(stranger.reached, "connected");
  EXPECT_EQ(stranger.code, 4);
  EXPECT_EQ(dial(node.address).reached, "joined");

  const std::string key = folder / "key";
  const UpNode closed(folder, "b", {"--policy", "known", "--known", new_key(key)});
  const std::string unnamed = "tcp://" + closed.address.substr(closed.address.find('@') + 1);
  EXPECT_EQ(dial(unnamed, {"--flow", "S", "--key", key}).reached, "connected");
  EXPECT_EQ(dial(closed.address, {"--flow", "S", "--key", key}).reached, "joined");
}

TEST(Dial, LearnsByTheHiddenFlowWhatTheNextOneNeeds) {
  const Folder folder;
  const auto dial_twice = [](const UpNode& node, int code) {
    const Finished finished = run_kith({"dial", node.address, "--flow", "C", "--json"});
    EXPECT_EQ(finished.code, code) << finished.error;
    std::string came;
    const auto answer = boost::json::parse(finished.output).as_object();
    for (const auto& attempt : answer.at("attempts").as_array())
      came += std::string(attempt.at("flow").as_string()) + " " +
              std::string(attempt.at("reached").as_string()) + ", ";
    return came;
  };
  const UpNode node(folder, "a");
  EXPECT_EQ(dial_twice(node, 0), "H joined, C joined, ");
  EXPECT_THAT(run_kith({"dial", node.address, "--flow", "C"}).output, HasSubstr("by C: joined"));
  const UpNode without(folder, "b", {"--accept", "H,S"});
  EXPECT_EQ(dial_twice(without, 4), "H joined, C connected, ");
  const UpNode closed(folder, "c", {"--accept", "C,K"});
  EXPECT_EQ(dial_twice(closed, 4), "H connected, ");
}

TEST(Dial, HasTheRunningNodeConnectToAContact) {
  const Folder folder;
  const UpNode here(folder, "here", {"--store", folder / "here.db"});
  const auto at_here = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--control", here.control});
    return run_kith(arguments);
  };
  std::string contact;
  {
    const UpNode there(folder, "there", {"--store", folder / "there.db"});
    const std::string ticket = run_kith({"ticket", "issue", "--control", there.control}).output;
    contact = at_here({"ticket", "redeem", ticket.substr(0, ticket.size() - 1)}).output;
    ASSERT_EQ(contact.size(), 33U);
    const Finished reached = at_here({"dial", "--flow", "N", contact.substr(0, 8), "--json"});
    EXPECT_EQ(reached.code, 0) << reached.error;
    const auto answer = boost::json::parse(reached.output).as_object();
    const auto& attempt = answer.at("attempts").as_array().at(0).as_object();
    EXPECT_EQ(attempt.at("reached").as_string(), "related");
    EXPECT_TRUE(attempt.at("flow").is_null()) << "they still had the session of flow I";
    EXPECT_EQ(attempt.at("node").as_string(), there.address.substr(7, 52));
    EXPECT_THAT(at_here({"dial", "--flow", "N", contact.substr(0, 8)}).output,
                HasSubstr(": related with "));
    EXPECT_EQ(at_here({"dial", "--flow", "N", contact, "--join-timeout", "61"}).code, 2);
  }
  const Finished gone = at_here({"dial", "--flow", "N", contact.substr(0, 8)});
  EXPECT_EQ(gone.code, 3) << gone.error;
  EXPECT_THAT(gone.output, HasSubstr(", then: the node says: "));
  const Finished told = at_here({"dial", "--flow", "N", contact.substr(0, 8), "--json"});
  EXPECT_EQ(told.code, 3) << told.error;
  const auto answer = boost::json::parse(told.output).as_object();
  const auto& attempt = answer.at("attempts").as_array().at(0).as_object();
  EXPECT_THAT(std::string(attempt.at("reached").as_string()),
              testing::AnyOf("resolved", "connected"));
  EXPECT_THAT(std::string(attempt.at("error").as_string()),
              testing::AnyOf("connection_refused", "connection_lost", "unreachable"));
  EXPECT_FALSE(attempt.at("explanation").as_string().empty());
  EXPECT_EQ(at_here({"dial", "--flow", "N", "zzz"}).code, 1);
}

TEST(Dial, SaysHowFarTheRunningNodeCameWithAContact) {
  const Folder folder;
  const Silence silence;
  const UpNode here(folder, "here", {"--store", folder / "here.db"});
  std::string contact;
  {
    // The contact is to be dialed where nobody says anything.
    const UpNode there(folder, "there",
                       {"--store", folder / "there.db", "--advertise", silence.address()});
    const std::string ticket = run_kith({"ticket", "issue", "--control", here.control}).output;
    const Finished made = run_kith(
        {"ticket", "redeem", ticket.substr(0, ticket.size() - 1), "--control", there.control});
    ASSERT_EQ(made.code, 0) << made.error;
    contact = made.output.substr(0, made.output.size() - 1);
  }
  const auto dial_contact = [&](const char* flow, std::vector<std::string> more) {
    more.insert(more.begin(), {"dial", contact, "--flow", flow, "--join-timeout", "1", "--control",
                               here.control});
    return run_kith(more);
  };
  const Finished told = dial_contact("N", {"--json"});
  EXPECT_EQ(told.code, 6) << told.error;
  const auto answer = boost::json::parse(told.output).as_object();
  const auto& attempt = answer.at("attempts").as_array().at(0).as_object();
  EXPECT_EQ(attempt.at("reached").as_string(), "connected");
  EXPECT_EQ(attempt.at("flow").as_string(), "N");
  EXPECT_EQ(attempt.at("endpoint").as_string(), silence.address());
  EXPECT_EQ(attempt.at("error").as_string(), "timed_out");
  EXPECT_THAT(dial_contact("K", {}).output,
              HasSubstr(contact + " by N at " + silence.address() + ": connected, then: "));
}

TEST(Dial, SpendsNoTicket) {
  const Finished finished = run_kith({"dial", "--flow", "I", "kith-ticket:x"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("kith ticket redeem"));
}

TEST(Dial, SaysThatNobodyListens) {
  const Folder folder;
  std::string address;
  {
    const UpNode node(folder, "a");
    address = node.address;
  }
  const Dialed dialed = dial(address);
  EXPECT_EQ(dialed.code, 3);
  EXPECT_EQ(dialed.reached, "resolved");
  EXPECT_EQ(dialed.error, "connection_refused");
}

TEST(Dial, SaysThatAFlowIsNotAnswered) {
  const Folder folder;
  const std::string key = folder / "key";
  const UpNode node(folder, "a", {"--accept", "C,S", "--policy", "known", "--known", new_key(key)});
  const Dialed hidden = dial(node.address, {"--flow", "H"});
  EXPECT_EQ(hidden.reached, "connected");
  EXPECT_NE(hidden.code, 0);
  EXPECT_EQ(dial(node.address, {"--flow", "S", "--key", key}).reached, "joined");
  const UpNode stealth(folder, "b", {"--profile", "stealth"});
  const Dialed unheard = dial(stealth.address);
  EXPECT_EQ(unheard.reached, "connected");
  EXPECT_NE(unheard.code, 0);
}

TEST(Dial, SaysThatAnotherNodeAnswers) {
  const Folder folder;
  const UpNode node(folder, "a");
  const std::string elsewhere =
      "kith://" + std::string(52, 'a') + node.address.substr(node.address.find('@'));
  const Dialed dialed = dial(elsewhere);
  EXPECT_EQ(dialed.code, 3);
  EXPECT_EQ(dialed.reached, "connected");
  EXPECT_EQ(dialed.error, "wrong_key");
}

TEST(Dial, SaysThatAPolicyRefuses) {
  const Folder folder;
  const UpNode node(folder, "a", {"--policy", "known", "--known", std::string(52, 'a')});
  const Dialed dialed = dial(node.address);
  EXPECT_EQ(dialed.code, 4);
  EXPECT_EQ(dialed.reached, "proven");
}

TEST(Dial, SaysThatANameIsUnknown) {
  const Finished finished = run_kith({"dial", "tcp://nobody.invalid:1"});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.error, HasSubstr("nobody.invalid"));
}

TEST(Dial, SaysThatItWasInterrupted) {
  const Silence silence;
  Program dialing({"dial", silence.address()});
  const apps::Descriptor connection = silence.accept();
  dialing.signal(SIGINT);
  EXPECT_EQ(dialing.wait(), 1);
  EXPECT_THAT(dialing.error(), HasSubstr("interrupted"));
}

TEST(Dial, UsesNoKeyOfWhomItDials) {
  const Folder folder;
  const std::string key = folder / "key";
  new_key(key);
  const UpNode node(folder, "a", {"--key", key});
  const Finished finished = run_kith({"dial", node.address, "--key", key});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("is the key of the very node"));
}

}  // namespace
}  // namespace kith::test
