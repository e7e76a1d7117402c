#include <algorithm>
#include <csignal>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Two nodes on loopback, for clients to join through.
class PubSub : public testing::Test {
 protected:
  PubSub() { second_.wait_until_ready(); }

  Invocation sub(std::vector<std::string> more) const {
    more.insert(more.begin(), {"sub", "news", "--join", first_.address});
    return {.arguments = std::move(more)};
  }
  Invocation pub(std::vector<std::string> more, std::string input = "") const {
    more.insert(more.begin(), {"pub", "news", "--join", second_.address});
    return {.arguments = std::move(more), .input = std::move(input)};
  }

  const Folder folder_;
  UpNode first_{folder_, "first"};
  UpNode second_{folder_, "second", {"--join", first_.address}};
};

TEST_F(PubSub, CarriesAMessage) {
  Program subscriber(sub({"--count", "1"}));
  const Finished published = run_kith(pub({"sunny"}));
  EXPECT_EQ(published.code, 0) << published.error;
  EXPECT_THAT(published.output, IsEmpty());
  EXPECT_THAT(published.error, HasSubstr("sent 1 message to 1 receiver: 1 delivered"));
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "sunny\n");
  EXPECT_THAT(subscriber.error(), HasSubstr("received 1 message, the first"));
}

TEST_F(PubSub, CarriesEveryLineToEveryReceiver) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i)
    lines += std::to_string(i) + std::string(i % 7 == 0 ? 300 : 0, 'x') + "\n";
  const std::string file = folder_.file("lines", lines);
  Program one(sub({"--count", "20000"}));
  Program two(sub({"--count", "20000"}));
  const Finished published = run_kith(pub({"--lines", "--receivers", "2"}, ""));
  // Nothing was read: nothing is sent, and nothing is wrong.
  EXPECT_EQ(published.code, 0) << published.error;
  Invocation with_lines = pub({"--lines", "--receivers", "2", "--json", "--quiet"});
  with_lines.input_ends = false;
  Program publisher(with_lines);
  publisher.write_input(lines);
  publisher.end_input();
  // They are delivered when somebody has read them.
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(two.wait(), 0);
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
  EXPECT_THAT(publisher.output(), HasSubstr("\"delivered\":40000"));
  EXPECT_EQ(one.output(), lines);
  EXPECT_EQ(two.output(), lines);
}

TEST_F(PubSub, CarriesEmptyLinesAndALastOneWithoutABreak) {
  Program subscriber(sub({"--count", "4"}));
  EXPECT_EQ(run_kith(pub({"--lines"}, "\n\na\nlast")).code, 0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "\n\na\nlast\n");
}

TEST_F(PubSub, CountsAsDeliveredWhatTheSubscriberTook) {
  std::string lines;
  for (int i = 0; i < 1'000; ++i) lines += std::to_string(i) + "\n";
  Program subscriber(sub({"--count", "10"}));
  const Finished published = run_kith(pub({"--lines", "--json", "--match-timeout", "1"}, lines));
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  EXPECT_THAT(published.output, HasSubstr("\"delivered\":10,"));
  EXPECT_NE(published.code, 0) << published.error;
}

TEST_F(PubSub, CountsAsDeliveredWhatAnInterruptedSubscriberWrote) {
  Program subscriber(sub({}));
  Invocation endless = pub({"--lines", "--json", "--match-timeout", "1"});
  endless.input_ends = false;
  Program publisher(endless);
  std::jthread lines([&] {
    for (int i = 0; i < 200'000; ++i) publisher.write_input(std::to_string(i) + "\n");
    publisher.end_input();
  });
  subscriber.wait_for_output("5000");
  subscriber.signal(SIGINT);
  EXPECT_EQ(subscriber.wait(), 0);
  publisher.wait();
  lines.join();
  const auto count = std::ranges::count(subscriber.output(), '\n');
  EXPECT_THAT(publisher.output(), HasSubstr("\"delivered\":" + std::to_string(count) + ","));
}

TEST_F(PubSub, SaysThatNotAllReceiversStayed) {
  Program staying(sub({"--count", "2"}));
  Program leaving(sub({"--count", "1"}));
  Invocation slowly = pub({"--lines", "--receivers", "2"});
  slowly.input_ends = false;
  Program publisher(slowly);
  publisher.write_input("a\n");
  EXPECT_EQ(leaving.wait(), 0);
  publisher.wait_for_error("no longer receives");
  publisher.write_input("b\n");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 1);
  EXPECT_THAT(publisher.error(), HasSubstr("1 of 4 deliveries failed: of 1 the receiver had left"));
  EXPECT_EQ(staying.wait(), 0);
}

TEST_F(PubSub, SaysThatAReceiverHoldsBack) {
  Program subscriber(sub({}));
  Invocation slowly = pub({"--lines", "--ttl", "1"});
  slowly.input_ends = false;
  Program publisher(slowly);
  publisher.wait_for_error("matched");
  subscriber.signal(SIGSTOP);
  publisher.write_input("a\nb\n");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 6);
  EXPECT_THAT(publisher.error(), HasSubstr("2 deliveries under way: a receiver still holds back"));
  EXPECT_THAT(publisher.error(), testing::Not(HasSubstr("had left")));
}

TEST_F(PubSub, SaysThatAMessageIsTooLong) {
  Program subscriber(sub({}));
  const Finished published = run_kith(pub({"--lines"}, "short\n" + std::string(1'100'000, 'x')));
  EXPECT_EQ(published.code, 1);
  EXPECT_THAT(published.error, HasSubstr("line 2 of the input is too long"));
  EXPECT_THAT(published.error, HasSubstr("1048512 bytes"));
  // What was accepted before is delivered.
  EXPECT_EQ(subscriber.wait_for_output(), "short");
}

TEST_F(PubSub, ReadsNoMoreThanAMessageHolds) {
  const Program subscriber(sub({}));
  for (const auto& [flags, what] :
       {std::pair<std::vector<std::string>, std::string>{{}, "the input is too long"},
        {{"--lines"}, "line 1 of the input is too long"}}) {
    Invocation endless = pub(flags, std::string(1'100'000, 'x'));
    endless.input_ends = false;
    Program publisher(endless);
    EXPECT_EQ(publisher.wait(), 1);
    EXPECT_THAT(publisher.error(), HasSubstr(what));
    EXPECT_THAT(publisher.error(), HasSubstr("1048512 bytes"));
  }
}

TEST_F(PubSub, CarriesALineAsLongAsAMessageMayBe) {
  const std::string longest(1'048'512, 'x');
  Program subscriber(sub({"--count", "1"}));
  Program publisher(pub({"--lines"}, longest + "\n"));
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_TRUE(subscriber.output() == longest + "\n");
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
}

TEST_F(PubSub, CarriesBytesAsTheyAre) {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i) bytes += static_cast<char>(i * 7 + i / 256);
  Program subscriber(sub({"--raw", "--count", "1"}));
  // It is delivered when somebody has read it.
  Program publisher(pub({}, bytes));
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), bytes);
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
}

TEST_F(PubSub, CarriesAnEmptyMessage) {
  Program subscriber(sub({"--count", "1"}));
  EXPECT_EQ(run_kith(pub({}, "")).code, 0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "\n");
}

TEST_F(PubSub, SaysThatTheDiskIsFull) {
  Invocation full = sub({});
  full.output_file = "/dev/full";
  Program subscriber(full);
  const Finished published = run_kith(pub({"x", "--ttl", "5"}));
  // Nor was the publisher told that it is written.
  EXPECT_EQ(published.code, 1);
  EXPECT_EQ(subscriber.wait(), 1);
  EXPECT_THAT(subscriber.error(), HasSubstr("No space left"));
}

TEST_F(PubSub, SaysThatAFileMayNotGrow) {
  Invocation limited = sub({});
  limited.output_file = folder_.file("received", "");
  Program subscriber(limited);
  EXPECT_EQ(run_kith(pub({"x"})).code, 0);
  subscriber.forbid_growing_files();
  EXPECT_EQ(run_kith(pub({"y", "--ttl", "5"})).code, 1);
  EXPECT_EQ(subscriber.wait(), 1);
  EXPECT_THAT(subscriber.error(), HasSubstr("File too large"));
  EXPECT_EQ(read_file(*limited.output_file), "x\n");
}

TEST_F(PubSub, PrintsNothingButJson) {
  Program subscriber(sub({"--json", "--count", "3"}));
  const Finished published = run_kith(pub({"--lines", "--json", "--quiet"}, "a\n\"\\\n\xFF\n"));
  EXPECT_EQ(published.code, 0);
  EXPECT_THAT(published.error, IsEmpty());
  EXPECT_TRUE(boost::json::parse(published.output).is_object());
  EXPECT_EQ(subscriber.wait(), 0);
  std::istringstream lines(subscriber.output());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_TRUE(boost::json::parse(line).as_object().contains("payload")) << line;
  EXPECT_EQ(count, 3);
}

TEST_F(PubSub, ReceivesASubjectThatIsNamedTwiceOnce) {
  Program subscriber(sub({"news", "--count", "2"}));
  EXPECT_EQ(run_kith(pub({"--lines"}, "a\nb\n")).code, 0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "a\nb\n");
}

TEST_F(PubSub, SaysThatNobodyMatches) {
  const Finished published = run_kith(pub({"x", "--match-timeout", "0.2"}));
  EXPECT_EQ(published.code, 5);
  EXPECT_THAT(published.error, HasSubstr("--match-timeout"));
  const Finished subscribed = run_kith(sub({"--first-match-timeout", "0.2"}));
  EXPECT_EQ(subscribed.code, 5);
  EXPECT_THAT(subscribed.error, HasSubstr("--first-match-timeout"));
}

TEST_F(PubSub, SaysThatTimeIsUp) {
  EXPECT_EQ(run_kith(sub({"--timeout", "0.2"})).code, 6);
  EXPECT_EQ(run_kith(sub({"--timeout", "0.2", "--count", "3"})).code, 6);
}

TEST_F(PubSub, EndsQuietlyWhenNobodyReadsTheSubscriber) {
  Program subscriber(sub({}));
  Invocation slowly = pub({"--lines"});
  slowly.input_ends = false;
  Program publisher(slowly);
  publisher.wait_for_error("matched");
  subscriber.close_output();
  publisher.write_input("a\n");
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_THAT(subscriber.error(), testing::Not(HasSubstr("Broken pipe")));
}

TEST_F(PubSub, SharesTheSettingsOfANodeThatRuns) {
  const std::string key = folder_ / "key";
  ASSERT_EQ(run_kith({"key", "new", key}).code, 0);
  const UpNode node(folder_, "third", {"--key", key, "--join", first_.address});
  const std::string listen = "tcp://" + node.address.substr(node.address.find('@') + 1);
  const std::map<std::string, std::string> shared = {
      {"KITH_LISTEN", listen}, {"KITH_PROFILE", "stealth"}, {"KITH_STORE", folder_ / "store"}};
  Invocation receiving = sub({"--count", "1"});
  Invocation sending = pub({"sunny"});
  receiving.environment = sending.environment = shared;
  Program subscriber(receiving);
  EXPECT_EQ(run_kith(sending).code, 0);
  EXPECT_EQ(subscriber.wait(), 0) << subscriber.error();
  const Finished mirrored = run_kith({.arguments = {"pub", "news", "x", "--join", node.address},
                                      .environment = {{"KITH_KEY", key}}});
  EXPECT_EQ(mirrored.code, 2);
  EXPECT_THAT(mirrored.error, HasSubstr("is the key of the very node"));
}

TEST_F(PubSub, SaysThatANodeDoesNotAnswerStrangers) {
  const UpNode node(folder_, "closed", {"--accept", "C"});
  const Finished refused = run_kith({"pub", "news", "x", "--join", node.address});
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.error, HasSubstr("does not answer flow H"));
}

TEST_F(PubSub, SaysHowManyMessagesAnInterruptedSubscriberLacks) {
  Program subscriber(sub({"--count", "2"}));
  EXPECT_EQ(run_kith(pub({"x"})).code, 0);
  EXPECT_EQ(subscriber.wait_for_output(), "x");
  subscriber.signal(SIGINT);
  EXPECT_EQ(subscriber.wait(), 1);
  EXPECT_THAT(subscriber.error(), HasSubstr("interrupted after 1 of 2 messages"));
}

TEST_F(PubSub, EndsAnEndlessSubscriberByCtrlC) {
  Program subscriber(sub({}));
  EXPECT_EQ(run_kith(pub({"x"})).code, 0);
  EXPECT_EQ(subscriber.wait_for_output(), "x");
  subscriber.signal(SIGINT);
  EXPECT_EQ(subscriber.wait(), 0);
}

TEST_F(PubSub, EndsAPublisherByCtrlCOnceEverythingIsDelivered) {
  Program subscriber(sub({"--count", "1"}));
  Invocation endless = pub({"--lines"}, "a\n");
  endless.input_ends = false;
  Program publisher(endless);
  EXPECT_EQ(subscriber.wait_for_output(), "a");
  publisher.signal(SIGINT);
  EXPECT_EQ(publisher.wait(), 1);
  EXPECT_THAT(publisher.error(), HasSubstr("sent 1 message "));
  EXPECT_THAT(publisher.error(), HasSubstr("interrupted"));
}

TEST_F(PubSub, FindsTheNodeOfThisMachine) {
  const std::string control = first_.control;
  Program subscriber(
      Invocation{.arguments = {"sub", "news", "--control", control, "--count", "1"}});
  EXPECT_EQ(run_kith({"pub", "news", "x", "--control", control}).code, 0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "x\n");
}

TEST_F(PubSub, KeepsWhoMayJoinToThoseItKnows) {
  ASSERT_EQ(run_kith({"key", "new", folder_ / "friend"}).code, 0);
  const std::string shown = run_kith({"key", "show", folder_ / "friend", "--json"}).output;
  const auto known = boost::json::parse(shown).as_object();
  UpNode closed(folder_, "closed",
                {"--policy", "known", "--known", std::string(known.at("identity").as_string()),
                 "--known", std::string(known.at("node").as_string())});
  Program own(Invocation{.arguments = {"sub", "news", "--join", closed.address, "--key",
                                       folder_ / "friend", "--first-match-timeout", "1"}});
  EXPECT_EQ(own.wait(), 5) << own.error();
  const Finished stranger =
      run_kith({"sub", "news", "--join", closed.address, "--join-timeout", "5"});
  EXPECT_EQ(stranger.code, 4) << stranger.error;
}

TEST_F(PubSub, SaysThatAnotherNodeAnswers) {
  const std::string place = first_.address.substr(first_.address.find('@'));
  const std::string stranger = second_.address.substr(0, second_.address.find('@')) + place;
  const Finished finished = run_kith({"sub", "news", "--join", stranger});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.error, HasSubstr("another node than " + stranger + " names"));
}

TEST(PubSubAlone, SaysThatNoNodeAnswers) {
  const Folder folder;
  std::string gone;
  {
    gone = UpNode(folder, "gone").address;
  }
  for (const char* command : {"sub", "pub"}) {
    std::vector<std::string> arguments{command, "news", "--join", gone, "--join-timeout", "0.5"};
    // That it waits no longer for receivers does not count before it has been taken in.
    if (command == std::string("pub"))
      arguments.insert(arguments.end(), {"x", "--match-timeout", "0.1"});
    arguments.emplace_back("--quiet");
    const Finished finished = run_kith(Invocation{.arguments = std::move(arguments)});
    EXPECT_EQ(finished.code, 3) << command;
    EXPECT_THAT(finished.error, HasSubstr(gone));
    EXPECT_THAT(finished.error, HasSubstr("within 500.0 ms"));
    EXPECT_EQ(std::ranges::count(finished.error, '\n'), 1) << finished.error;
  }
}

}  // namespace
}  // namespace kith::test
