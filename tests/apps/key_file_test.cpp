#include "apps/key_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/failure.hpp"
#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using apps::Failure;
using apps::read_key_file;
using apps::write_key_file;
using testing::HasSubstr;

NodeKeys some_keys(Byte first) {
  NodeKeys keys;
  keys.node_seed[0] = first;
  keys.static_seed[31] = first;
  return keys;
}

std::string why_not_read(const std::string& path) {
  try {
    static_cast<void>(read_key_file(path));
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "read";
}

TEST(KeyFile, KeepsKeys) {
  const Folder folder;
  write_key_file(folder / "k", some_keys(7), false);
  const NodeKeys read = read_key_file(folder / "k");
  EXPECT_EQ(read.node_seed, some_keys(7).node_seed);
  EXPECT_EQ(read.static_seed, some_keys(7).static_seed);
}

TEST(KeyFile, IsReadableByItsOwnerAlone) {
  const Folder folder;
  const mode_t before = ::umask(0);
  write_key_file(folder / "k", some_keys(7), false);
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "k").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST(KeyFile, IsNotReplacedUnlessAsked) {
  const Folder folder;
  write_key_file(folder / "k", some_keys(7), false);
  EXPECT_THROW(write_key_file(folder / "k", some_keys(8), false), Failure);
  EXPECT_EQ(read_key_file(folder / "k").node_seed, some_keys(7).node_seed);
  write_key_file(folder / "k", some_keys(8), true);
  EXPECT_EQ(read_key_file(folder / "k").node_seed, some_keys(8).node_seed);
  const std::filesystem::directory_iterator entries(folder / "");
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "a draft was left behind";
}

TEST(KeyFile, ReplacesNothingButAPlainFile) {
  const Folder folder;
  ::mkfifo((folder / "pipe").c_str(), 0600);
  std::filesystem::create_symlink(folder / "pipe", folder / "link");
  for (const char* name : {"pipe", "link"})
    EXPECT_THROW(write_key_file(folder / name, some_keys(7), true), Failure);
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  const std::filesystem::directory_iterator entries(folder / "");
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 2) << "a draft was left behind";
}

TEST(KeyFile, IsNotReadThroughALink) {
  const Folder folder;
  write_key_file(folder / "k", some_keys(7), false);
  std::filesystem::create_symlink(folder / "k", folder / "link");
  EXPECT_THAT(why_not_read(folder / "link"), HasSubstr("symbolic link"));
  // Nor written through one.
  EXPECT_THROW(write_key_file(folder / "link", some_keys(8), false), Failure);
  EXPECT_EQ(read_key_file(folder / "k").node_seed, some_keys(7).node_seed);
}

TEST(KeyFile, IsNotReadIfOthersMay) {
  const Folder folder;
  write_key_file(folder / "k", some_keys(7), false);
  ::chmod((folder / "k").c_str(), 0640);
  EXPECT_THAT(why_not_read(folder / "k"), HasSubstr("chmod 600"));
}

TEST(KeyFile, IsRefusedIfItIsAnythingElse) {
  const Folder folder;
  EXPECT_THAT(why_not_read(folder / "none"), HasSubstr("kith key new"));
  EXPECT_THAT(why_not_read(folder / ""), HasSubstr("not a plain file"));
  ::mkfifo((folder / "pipe").c_str(), 0600);
  EXPECT_THAT(why_not_read(folder / "pipe"), HasSubstr("not a plain file"));

  write_key_file(folder / "k", some_keys(7), false);
  const std::string good = read_file(folder / "k");
  for (std::size_t size = 0; size < good.size(); size += 7) {
    ::chmod(folder.file("bad", good.substr(0, size)).c_str(), 0600);
    EXPECT_THAT(why_not_read(folder / "bad"), HasSubstr("damaged")) << size;
  }
  for (const std::string& bad : {good + "x", good + good, " " + good}) {
    folder.file("bad", bad);
    EXPECT_THAT(why_not_read(folder / "bad"), HasSubstr("damaged"));
  }
}

TEST(KeyCommand, ShowsWhoTheKeysAreAndNoSecrets) {
  const Folder folder;
  const Finished made = run_kith({"key", "new", folder / "k", "--json"});
  EXPECT_EQ(made.code, 0) << made.error;
  const Finished shown = run_kith({"key", "show", folder / "k", "--json"});
  EXPECT_EQ(shown.output, made.output);
  const NodeKeys keys = read_key_file(folder / "k");
  EXPECT_THAT(shown.output, HasSubstr("\"node\":\"" + keys.node().to_string()));
  EXPECT_THAT(shown.output, HasSubstr("\"identity\":\"" + keys.identity().to_string()));
  for (const auto& seed : {keys.node_seed, keys.static_seed}) {
    EXPECT_EQ(shown.output.find(to_base32(seed)), std::string::npos);
    EXPECT_EQ(shown.output.find(to_hex(seed)), std::string::npos);
  }
}

TEST(KeyCommand, RefusesToReplaceWithoutForce) {
  const Folder folder;
  ASSERT_EQ(run_kith({"key", "new", folder / "k"}).code, 0);
  const std::string before = read_file(folder / "k");
  const Finished refused = run_kith({"key", "new", folder / "k"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error, HasSubstr("--force"));
  EXPECT_EQ(read_file(folder / "k"), before);
  EXPECT_EQ(run_kith({"key", "new", folder / "k", "--force"}).code, 0);
  EXPECT_NE(read_file(folder / "k"), before);
}

TEST(KeyCommand, FailsWhereItCannotWrite) {
  const Folder folder;
  const Finished finished = run_kith({"key", "new", folder / "no/such/folder"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.error, HasSubstr("No such file"));
}

TEST(KeyCommand, GivesANodeTheSamePlaceEachTime) {
  const Folder folder;
  ASSERT_EQ(run_kith({"key", "new", folder / "k"}).code, 0);
  const std::string node = read_key_file(folder / "k").node().to_string();
  for (const char* name : {"first", "second"})
    EXPECT_THAT(UpNode(folder, name, {"--key", folder / "k"}).address, HasSubstr(node));
}

}  // namespace
}  // namespace kith::test
