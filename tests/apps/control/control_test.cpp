#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "apps/control/place.hpp"
#include "apps/failure.hpp"
#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using apps::Descriptor;
using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

/// What the node answers to `request`; empty if it hangs up.
std::string answer_to(const std::string& control, std::string_view request) {
  const Descriptor socket = apps::connect_control(control);
  if (!socket.is_open()) return "nobody answers";
  ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char part[4096];
  for (ssize_t got = 0; !answer.ends_with('\n'); answer.append(part, static_cast<std::size_t>(got)))
    if ((got = ::recv(socket.get(), part, sizeof(part), 0)) <= 0) break;
  return answer;
}

TEST(ControlSocket, IsForItsUserAlone) {
  const Folder folder;
  // Whatever the user's own habits are.
  const mode_t before = ::umask(0);
  const Descriptor socket = apps::listen_control(folder / "s");
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "s"), 0600U);
}

TEST(ControlSocket, TakesThePlaceOfOneThatWasLeftBehind) {
  const Folder folder;
  {
    const Descriptor dead = apps::listen_control(folder / "s");
  }
  ASSERT_NE(mode_of(folder / "s"), 0U);
  const Descriptor socket = apps::listen_control(folder / "s");
  EXPECT_TRUE(apps::connect_control(folder / "s").is_open());
}

TEST(ControlSocket, LeavesLiveOnesAndOtherFilesAlone) {
  const Folder folder;
  const Descriptor live = apps::listen_control(folder / "s");
  EXPECT_THROW(static_cast<void>(apps::listen_control(folder / "s")), apps::Failure);
  EXPECT_TRUE(apps::connect_control(folder / "s").is_open());
  folder.file("f", "precious");
  EXPECT_THROW(static_cast<void>(apps::listen_control(folder / "f")), apps::Failure);
  EXPECT_EQ(read_file(folder / "f"), "precious");
  EXPECT_THROW(static_cast<void>(apps::listen_control(folder / std::string(200, 'x'))),
               apps::Failure);
}

TEST(ControlSocket, DoesNotWaitForOneThatTakesNobodyAnyMore) {
  const Folder folder;
  std::filesystem::create_directory(folder / "kith");
  ::chmod((folder / "kith").c_str(), 0700);
  const std::string path = folder / "kith/1.sock";
  const Descriptor stopped = apps::listen_control(path);
  std::vector<Descriptor> waiting;
  int error = 0;
  do {
    waiting.push_back(apps::connect_control(path));
    error = errno;
  } while (waiting.back().is_open());
  EXPECT_EQ(error, apps::kControlIsSilent);
  EXPECT_THROW(static_cast<void>(apps::listen_control(path)), apps::Failure);
  const Finished asked = run_kith(
      Invocation{.arguments = {"status"}, .environment = {{"XDG_RUNTIME_DIR", folder / ""}}});
  EXPECT_EQ(asked.code, 6);
  EXPECT_THAT(asked.error, HasSubstr("does not answer"));
}

TEST(ControlSocket, LeavesTheSocketOfAnotherProgramAlone) {
  const Folder folder;
  const std::string path = folder / "s";
  const Descriptor datagrams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::ranges::copy(path, std::begin(address.sun_path));
  ASSERT_EQ(::bind(datagrams.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            0);
  EXPECT_THROW(static_cast<void>(apps::listen_control(path)), apps::Failure);
  EXPECT_NE(mode_of(path), 0U);
}

TEST(Control, AnswersWhatIsAskedAndNothingElse) {
  const Folder folder;
  const UpNode node(folder, "s");
  EXPECT_THAT(answer_to(node.control, "{\"ask\":\"status\"}\n"), HasSubstr("{\"ok\":{\"node\":"));
  EXPECT_THAT(answer_to(node.control, "{\"ask\":\"stop\"}\n"), HasSubstr("protocol_error"));
  EXPECT_THAT(answer_to(node.control, "GET / HTTP/1.1\n"), HasSubstr("protocol_error"));
  EXPECT_EQ(answer_to(node.control, std::string(10'000, 'x')), "");
  EXPECT_THAT(answer_to(node.control, "{\"ask\":\"peers\"}\n"),
              HasSubstr("{\"ok\":{\"peers\":[]}}"));
}

TEST(Control, BearsManyWhoSayNothing) {
  const Folder folder;
  const UpNode node(folder, "s");
  std::vector<Descriptor> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(apps::connect_control(node.control));
  silent.clear();
  // Those who went away make room, sooner or later.
  std::string answer;
  for (int i = 0; i < 10'000 && !answer.starts_with("{\"ok\""); ++i)
    answer = answer_to(node.control, "{\"ask\":\"status\"}\n");
  EXPECT_THAT(answer, HasSubstr("{\"ok\""));
}

TEST(Control, IsFoundWhereItUsuallyIs) {
  const Folder folder;
  // Often enough the variable ends in a slash.
  for (const std::string& place : {folder / "", folder / "/"}) {
    const std::map<std::string, std::string> here{{"XDG_RUNTIME_DIR", place}};
    Program node(Invocation{.arguments = {"up", "--listen", "tcp://127.0.0.1:0", "--json"},
                            .environment = here});
    const auto address = boost::json::parse(node.wait_for_output("control")).as_object();
    const std::string control(address.at("control").as_string());
    EXPECT_THAT(control, testing::StartsWith(folder / "kith/"));
    EXPECT_EQ(run_kith(Invocation{.arguments = {"status"}, .environment = here}).code, 0);
    node.signal(SIGTERM);
    EXPECT_EQ(node.wait(), 0);
  }
}

TEST(Control, DoesNotWaitForANodeThatIsStopped) {
  const Folder folder;
  const UpNode node(folder, "s");
  node.program.signal(SIGSTOP);
  const Finished finished = run_kith({"status", "--control", node.control});
  node.program.signal(SIGCONT);
  EXPECT_EQ(finished.code, 6);
  EXPECT_THAT(finished.error, HasSubstr("does not answer"));
}

TEST(Control, SaysWhatToDoWhereThereIsNoPlace) {
  const Folder folder;
  const Finished without =
      run_kith(Invocation{.arguments = {"up", "--listen", "tcp://127.0.0.1:0"},
                          .environment = {{"XDG_RUNTIME_DIR", folder / "gone"}}});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.error, HasSubstr("XDG_RUNTIME_DIR"));
  EXPECT_THAT(without.error, HasSubstr("--control"));
  const Finished named =
      run_kith({"up", "--listen", "tcp://127.0.0.1:0", "--control", folder / "gone/s"});
  EXPECT_EQ(named.code, 1);
  EXPECT_THAT(named.error, HasSubstr("cannot listen there"));
  EXPECT_THAT(named.error, HasSubstr("by --control"));
}

TEST(Control, RefusesAFolderThatOthersMayUse) {
  const Folder folder;
  std::filesystem::create_directory(folder / "kith");
  ::chmod((folder / "kith").c_str(), 0777);
  const Finished finished =
      run_kith(Invocation{.arguments = {"up", "--listen", "tcp://127.0.0.1:0"},
                          .environment = {{"XDG_RUNTIME_DIR", folder / ""}}});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.error, HasSubstr("not ours alone"));
}

}  // namespace
}  // namespace kith::test
