#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <ostream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::tidy {
namespace {

using testing::IsEmpty;
using testing::Not;

std::string repeated(std::string_view line, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line;
  return text;
}

/// A file that breaks a rule, and the same thought as it should be.
struct Proof {
  std::string_view rule;
  SourceFile broken;
  SourceFile sound;
};

const std::vector<Proof> kIncludeProofs = {
    {"layers",
     {"core/x.cpp", "#include \"overlay/engine.hpp\"\n"},
     {"overlay/x.cpp", "#include \"core/random.hpp\"\n"}},
    {"layers",
     {"routing/table.cpp", "#include \"tokens/verify.hpp\"\n"},
     {"routing/table.cpp", "#include \"routing/bucket.hpp\"\n"}},
    {"layers",
     {"tokens/x.cpp", "#include <kith/node.hpp>\n"},
     {"tokens/x.cpp", "#include <kith/bytes.hpp>\n"}},
    {"layers",
     {"overlay/engine.cpp", "#include \"overlay/asio/driver.hpp\"\n"},
     {"overlay/asio/driver.cpp", "#include \"overlay/engine.hpp\"\n"}},
    {"layers",
     {"overlay/engine.cpp", "#include \"overlay/store/store.hpp\"\n"},
     {"overlay/asio/driver.cpp", "#include \"overlay/store/store.hpp\"\n"}},
    {"layers",
     {"overlay/store/x.cpp", "#include \"overlay/asio/driver.hpp\"\n"},
     {"overlay/store/x.cpp", "#include \"tokens/ticket_token.hpp\"\n"}},
    {"layers",
     {"apps/x.cpp", "#include \"tests/support/y.hpp\"\n"},
     {"tests/apps/x_test.cpp", "#include \"apps/x.hpp\"\n"}},
    {"public_headers",
     {"core/include/kith/x.hpp", "#pragma once\n#include \"core/random.hpp\"\n"},
     {"core/include/kith/x.hpp", "#pragma once\n#include <kith/bytes.hpp>\n"}},
    {"public_headers",
     {"overlay/include/kith/node.hpp", "#pragma once\n#include <boost/asio/any_io_executor.hpp>\n"},
     {"overlay/include/kith/asio.hpp",
      "#pragma once\n#include <boost/asio/any_io_executor.hpp>\n"}},
    {"include_spelling",
     {"core/x.cpp", "#include \"random.hpp\"\n"},
     {"core/x.cpp", "#include \"core/random.hpp\"\n"}},
    {"include_spelling",
     {"core/x.cpp", "#include <core/random.hpp>\n"},
     {"core/x.cpp", "#include <random>\n"}},
    {"include_spelling",
     {"core/x.cpp", "#include \"core/include/kith/bytes.hpp\"\n"},
     {"core/x.cpp", "#include <kith/bytes.hpp>\n"}},
    {"include_spelling",
     {"core/x.cpp", "#include <kith/nowhere.hpp>\n"},
     {"core/x.cpp", "#include <kith/node.hpp>\n"}},
    {"include_spelling",
     {"core/x.cpp", "#include \"core/../core/random.hpp\"\n"},
     {"core/x.cpp", "#include \"core/random.hpp\"\n"}},
    {"pragma_once",
     {"core/x.hpp", "#ifndef X\n#define X\n#endif\n"},
     {"core/x.hpp", "// What it is.\n#pragma once\n"}},
    {"rooms",
     {"tokens/x.cpp", "#include <sodium.h>\n"},
     {"core/crypto/x.cpp", "#include <sodium.h>\n"}},
    {"rooms",
     {"overlay/x.cpp", "const int ready = sodium_init();\n"},
     {"tests/core/x_test.cpp", "const int ready = sodium_init();\n"}},
    {"rooms",
     {"overlay/x.cpp", "#include <boost/asio.hpp>\n"},
     {"overlay/asio/x.cpp", "#include <boost/asio.hpp>\n"}},
    {"rooms",
     {"overlay/asio/x.cpp", "#include <spdlog/spdlog.h>\n"},
     {"apps/x.cpp", "#include <spdlog/spdlog.h>\n"}},
    {"rooms",
     {"overlay/asio/x.cpp", "#include <sqlite3.h>\n"},
     {"overlay/store/x.cpp", "#include <sqlite3.h>\n"}},
    {"rooms",
     {"apps/x.cpp", "sqlite3_close(database);\n"},
     {"overlay/store/x.cpp", "sqlite3_close(database);\n"}},
    {"rooms",
     {"core/x.cpp", "#include <msgpack.hpp>\n"},
     {"core/x.cpp", "#include \"core/codec/reader.hpp\"\n"}},
    {"headers_listed",
     {"routing/include/kith/x.hpp", "#pragma once\n"},
     {"core/include/kith/bytes.hpp", "#pragma once\n"}},
    {"sources_listed", {"core/forgotten.cpp", "\n"}, {"core/x.cpp", "\n"}},
    {"sources_listed", {"tests/fuzz/forgotten.cpp", "\n"}, {"tests/fuzz/text.cpp", "\n"}},
};

const std::vector<Proof> kWorldProofs = {
    {"world",
     {"overlay/x.cpp", "auto now = std::chrono::steady_clock::now();\n"},
     {"overlay/asio/x.cpp", "auto now = std::chrono::steady_clock::now();\n"}},
    {"world",
     {"core/x.cpp", "auto now = SomeClock::now();\n"},
     {"core/x.cpp", "void on_deadline(TimePoint now);\n"}},
    {"world",
     {"routing/x.cpp", "#include <sys/socket.h>\n"},
     {"apps/x.cpp", "#include <sys/socket.h>\n"}},
    {"world",
     {"tokens/x.cpp", "#include <arpa/inet.h>\n"},
     {"core/endpoint.cpp", "#include <arpa/inet.h>\n"}},
    {"world",
     {"core/codec/x.cpp", "randombytes_buf(out, 8);\n"},
     {"core/crypto/x.cpp", "randombytes_buf(out, 8);\n"}},
    {"world",
     {"overlay/sim/x.cpp", "std::jthread worker;\n"},
     {"overlay/sim/x.cpp", "// A std::jthread would make two runs differ.\n"}},
    {"world",
     {"overlay/x.cpp", "std::mutex guard_;\n"},
     {"overlay/x.cpp", "const char* kWord = \"std::mutex\";\n"}},
    {"world",
     {"overlay/sim/x.cpp", "std::ifstream file(path);\n"},
     {"overlay/store/x.cpp", "std::ifstream file(path);\n"}},
    {"world",
     {"overlay/store/x.cpp", "auto now = std::chrono::system_clock::now();\n"},
     {"overlay/store/x.cpp", "void spend(WallTime now);\n"}},
    {"world",
     {"overlay/store/x.cpp", "#include <sys/socket.h>\n"},
     {"overlay/store/x.cpp", "#include <sys/stat.h>\n"}},
    {"world",
     {"overlay/store/x.cpp", "std::mutex guard_;\n"},
     {"overlay/store/x.cpp", "std::filesystem::path folder;\n"}},
    {"world",
     {"routing/x.cpp", "std::printf(\"%d\", 1);\n"},
     {"core/assert.cpp", "std::fprintf(stderr, \"%d\", 1);\n"}},
    {"world",
     {"core/x.cpp", "const char* home = std::getenv(\"HOME\");\n"},
     {"apps/x.cpp", "const char* home = std::getenv(\"HOME\");\n"}},
    {"control_flow",
     {"tokens/x.cpp", "  throw std::runtime_error(\"no\");\n"},
     {"tokens/x.cpp", "  return std::unexpected(Errc::expired);  // Never throw here.\n"}},
    {"control_flow",
     {"tokens/x.cpp", "  } catch (...) {\n"},
     {"tokens/guarded_policy.cpp", "  } catch (...) {\n"}},
    {"control_flow",
     {"overlay/x.cpp", "  co_await timer;\n"},
     {"overlay/asio/x.cpp", "  co_await timer;\n"}},
    {"ownership",
     {"overlay/session/x.hpp", "#pragma once\nstd::shared_ptr<Session> session;\n"},
     {"overlay/asio/x.hpp", "#pragma once\nstd::shared_ptr<Session> session;\n"}},
    {"random_numbers",
     {"tests/core/x_test.cpp", "std::uniform_int_distribution<int> die(1, 6);\n"},
     {"tests/core/x_test.cpp", "random.below(6);\n"}},
    {"random_numbers",
     {"bench/core/x.cpp", "std::mt19937_64 engine(1);\n"},
     {"bench/core/x.cpp", "SeededRandom random(1);\n"}},
    {"unordered_iteration",
     {"overlay/x.cpp",
      "std::unordered_map<int, int> counts_;\nfor (const auto& [k, v] : counts_) use(k);\n"},
     {"overlay/x.cpp",
      "std::map<int, int> counts_;\nfor (const auto& [k, v] : counts_) use(k);\n"}},
    {"unordered_iteration",
     {"routing/x.cpp",
      "using Peers = boost::unordered_flat_map<int, int>;\nPeers peers_;\n"
      "auto it = peers_.begin();\n"},
     {"routing/x.cpp",
      "using Peers = boost::unordered_flat_map<int, int>;\nPeers peers_;\n"
      "auto it = peers_.find(1);\n"}},
    {"pointer_order",
     {"overlay/x.cpp", "std::set<Session*> sessions;\n"},
     {"overlay/x.cpp", "std::map<SessionId, Session*> sessions;\n"}},
    {"test_time",
     {"tests/overlay/asio/x_test.cpp", "std::this_thread::sleep_for(1s);\n"},
     {"tests/overlay/asio/x_test.cpp", "context.run_for(1s);\n"}},
    {"test_time",
     {"tests/routing/x_test.cpp", "auto now = std::chrono::system_clock::now();\n"},
     {"tests/routing/x_test.cpp", "const TimePoint now{5s};\n"}},
    {"test_teeth",
     {"tests/core/x_test.cpp", "TEST(Bytes, DISABLED_AreEqual) {}\n"},
     {"tests/core/x_test.cpp", "TEST(Bytes, AreEqual) { EXPECT_EQ(a, b); }\n"}},
    {"test_teeth",
     {"tests/core/x_test.cpp", "  EXPECT_TRUE(true);\n"},
     {"tests/core/x_test.cpp", "  EXPECT_TRUE(trusted);\n"}},
};

const std::vector<Proof> kShapeProofs = {
    {"file_length",
     {"core/x.cpp", repeated("int x;\n", 401)},
     {"core/x.cpp", repeated("int x;\n", 400)}},
    {"function_length",
     {"core/x.cpp", "void f(int a,\n       int b) {\n" + repeated("  g();\n", 69) + "}\n"},
     {"core/x.cpp", "void f(int a,\n       int b) {\n" + repeated("  g();\n", 68) + "}\n"}},
    {"function_length",
     {"core/x.hpp",
      "#pragma once\nclass A {\n  void f() {\n" + repeated("    g();\n", 69) + "  }\n};\n"},
     {"core/x.hpp", "#pragma once\nclass A {\n" + repeated("  void f() {}\n", 80) + "};\n"}},
    {"function_length",
     {"core/x.cpp",
      "void f() {\n  visit(\n      [&](int a) {\n        g(a);\n      },\n      b);\n" +
          repeated("  g();\n", 64) + "}\n"},
     {"core/x.cpp",
      "void f() {\n  visit(\n      [&](int a) {\n        g(a);\n      },\n      b);\n}\n" +
          repeated("int x;\n", 70)}},
    {"namespaces",
     {"core/x.hpp", "#pragma once\nusing namespace std::chrono_literals;\n"},
     {"core/x.cpp", "using namespace std::chrono_literals;\n"}},
    {"namespaces",
     {"core/x.hpp", "#pragma once\nnamespace kith::detail {}\n"},
     {"core/x.hpp", "#pragma once\nnamespace kith {}\n"}},
    {"assertions",
     {"core/x.cpp", "assert(ready);\n"},
     {"core/x.cpp", "KITH_ASSERT(ready);\nstatic_assert(true);\n"}},
    {"left_open",
     {"core/x.cpp", "// TODO: the rest.\n"},
     {"core/x.cpp", "// The rest follows from the law above.\n"}},
    {"banners",
     {"core/x.cpp", "// ------ helpers ------\n"},
     {"core/x.cpp", "/// Helpers stand below.\n"}},
    {"workplace",
     {"docs/x.md", "Read /home/somebody/notes.\n"},
     {"docs/x.md", "Read the notes at home/work.\n"}},
    {"workplace",
     {"core/x.cpp", "// As issue #12 asks.\n"},
     {"core/x.cpp", "// As the paper asks (§3).\n"}},
    {"white_space", {"core/x.cpp", "int x; \n"}, {"core/x.cpp", "int x;\n"}},
    {"white_space", {"core/x.cpp", "int x;"}, {"core/x.cpp", "int x;\n"}},
    {"file_names", {"core/BigThing.cpp", "\n"}, {"core/big_thing.cpp", "\n"}},
};

std::vector<Proof> proofs() {
  std::vector<Proof> all = kIncludeProofs;
  std::ranges::copy(kWorldProofs, std::back_inserter(all));
  std::ranges::copy(kShapeProofs, std::back_inserter(all));
  return all;
}

const Rule& rule_named(std::string_view name) {
  return *std::ranges::find(rules(), name, &Rule::name);
}

/// A small house around `file`.
Tree tree_with(const SourceFile& file) {
  return {.files = {{"core/CMakeLists.txt", "include/kith/bytes.hpp\nx.cpp\nendpoint.cpp\n"},
                    {"core/include/kith/bytes.hpp", "#pragma once\n"},
                    {"overlay/CMakeLists.txt", "include/kith/node.hpp\n"},
                    {"overlay/include/kith/node.hpp", "#pragma once\n"},
                    {"routing/CMakeLists.txt", "# include/kith/x.hpp comes later\n"},
                    {"tests/fuzz/CMakeLists.txt",
                     "# forgotten.cpp comes later\nkith_fuzz(fuzz_text text.cpp)\n"},
                    file},
          .top_level = {"core", "tests"}};
}

TEST(Rules, FindWhatIsBroken) {
  for (const Proof& proof : proofs())
    EXPECT_THAT(check(rule_named(proof.rule), tree_with(proof.broken)), Not(IsEmpty()))
        << proof.rule << " misses\n"
        << proof.broken.path << ":\n"
        << proof.broken.text;
}

TEST(Rules, LeaveAloneWhatIsSound) {
  for (const Proof& proof : proofs())
    for (const Finding& finding : check(rule_named(proof.rule), tree_with(proof.sound)))
      ADD_FAILURE() << proof.rule << " finds that it " << finding.what << '\n'
                    << proof.sound.path << ":\n"
                    << proof.sound.text;
}

TEST(Rules, PointAtTheLine) {
  const SourceFile file{"core/x.cpp", "\n/* Two\n lines */ std::mutex guard;\n"};
  const Findings findings = check(rule_named("world"), tree_with(file));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].path, "core/x.cpp");
  EXPECT_EQ(findings[0].line, 3);
}

TEST(Rules, KeepStrangersOutOfTheTopLevel) {
  Tree tree = tree_with({"core/x.cpp", "\n"});
  EXPECT_THAT(check(rule_named("top_level"), tree), IsEmpty());
  tree.top_level.emplace_back("utils");
  EXPECT_THAT(check(rule_named("top_level"), tree), Not(IsEmpty()));
}

TEST(Rules, AreAllProved) {
  std::set<std::string_view> proved = {"top_level", "requirements"};
  for (const Proof& proof : proofs()) proved.insert(proof.rule);
  for (const Rule& rule : rules()) EXPECT_TRUE(proved.contains(rule.name)) << rule.name;
}

}  // namespace
}  // namespace kith::tidy
