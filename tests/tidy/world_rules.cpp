#include "tests/tidy/world_rules.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>
#include <string>

#include "tests/tidy/places.hpp"
#include "tests/tidy/words.hpp"

namespace kith::tidy {
namespace {

constexpr std::string_view kWorldIncludes[] = {
    "arpa/",    "netinet/",   "net/",        "sys/",          "linux/",      "unistd.h$",
    "fcntl.h$", "poll.h$",    "netdb.h$",    "signal.h$",     "csignal$",    "time.h$",
    "ctime$",   "thread$",    "mutex$",      "shared_mutex$", "atomic$",     "condition_variable$",
    "future$",  "semaphore$", "latch$",      "barrier$",      "stop_token$", "pthread.h$",
    "fstream$", "iostream$",  "filesystem$", "cstdio$",       "stdio.h$",    "syncstream$",
    "random$",  "syslog.h$",  "boost/asio",  "boost/beast",
};

constexpr std::string_view kClocks[] = {
    "::now(",     "system_clock", "steady_clock",  "high_resolution_clock",
    "utc_clock",  "tai_clock",    "file_clock",    "time(nullptr)",
    "time(NULL)", "time(0)",      "clock_gettime", "gettimeofday",
    "std::clock", "localtime*",   "gmtime*",
};

constexpr std::string_view kWorldNames[] = {
    "random_device",
    "randombytes*",
    "getrandom",
    "getentropy",
    "rand()",
    "srand",
    "arc4random*",
    "std::thread",
    "std::jthread",
    "std::mutex",
    "std::shared_mutex",
    "std::recursive_mutex",
    "std::atomic*",
    "std::condition_variable*",
    "std::async",
    "std::future",
    "std::promise",
    "std::call_once",
    "std::once_flag",
    "std::this_thread",
    "thread_local",
    "std::fstream",
    "std::ifstream",
    "std::ofstream",
    "std::filesystem",
    "std::cout",
    "std::cerr",
    "std::clog",
    "std::cin",
    "printf",
    "fprintf",
    "puts",
    "fputs",
    "fopen",
    "getenv",
    "setenv",
    "std::system",
    "std::locale",
    "setlocale",
};

/// What one file may do all the same, and why.
struct Exception {
  std::string_view path;
  std::string_view what;
};

constexpr Exception kExceptions[] = {
    // inet_pton and inet_ntop turn text into an address and back: no socket, no look-up.
    {"core/endpoint.cpp", "includes arpa/inet.h"},
    {"core/endpoint.cpp", "includes netinet/in.h"},
    {"core/endpoint.cpp", "includes sys/socket.h"},
    // The last words of a program whose own rule is broken.
    {"core/assert.cpp", "includes cstdio"},
    {"core/assert.cpp", "names fprintf"},
    // A hook of the embedder that throws means no.
    {"tokens/guarded_policy.cpp", "names try"},
    {"tokens/guarded_policy.cpp", "names catch"},
};

/// `SystemRandom`, which drivers hand to a node, is by libsodium and therefore lies in its room.
bool is_excepted(const Finding& finding) {
  if (is_under(finding.path, "core/crypto") && finding.what == "names randombytes*") return true;
  for (const Exception& exception : kExceptions)
    if (exception.path == finding.path && exception.what == finding.what) return true;
  return false;
}

void add_unless_excepted(Findings& found, Findings& findings) {
  std::erase_if(found, is_excepted);
  findings.insert(findings.end(), found.begin(), found.end());
}

/// What the store needs to look after its file, and nothing else of the world.
bool is_allowed_to_the_store(const Finding& finding) {
  static constexpr std::string_view kOfFiles[] = {
      "includes fcntl.h",    "includes sys/file.h", "includes sys/stat.h",   "includes unistd.h",
      "includes filesystem", "includes fstream",    "names std::filesystem", "names std::ifstream"};
  return is_under(finding.path, "overlay/store") &&
         std::ranges::find(kOfFiles, finding.what) != std::end(kOfFiles);
}

void check_clocks(const Subject& subject, Findings& findings) {
  forbid_phrases(subject, subject.views.code, kClocks, findings);
}

bool is_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The end of the template arguments that open at `open`, or npos.
std::size_t end_of_arguments(std::string_view line, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < line.size(); ++i) {
    if (line[i] == '<') ++depth;
    if (line[i] == '>' && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

/// The identifier at `at`, past spaces and references.
std::string identifier_at(std::string_view line, std::size_t at) {
  while (at < line.size() && (line[at] == ' ' || line[at] == '&')) ++at;
  std::string name;
  while (at < line.size() && is_identifier(line[at])) name += line[at++];
  return name;
}

/// The names that `code` gives to unordered containers: variables, members and aliases.
void add_unordered_names(std::string_view code, std::set<std::string, std::less<>>& names) {
  for (auto at = code.find("unordered_"); at != std::string_view::npos;
       at = code.find("unordered_", at + 1)) {
    const auto open = code.find('<', at);
    if (open == std::string_view::npos) return;
    const std::string_view word = code.substr(at, open - at);
    if (!word.ends_with("map") && !word.ends_with("set")) continue;
    const auto end = end_of_arguments(code, open);
    if (end == std::string_view::npos) return;
    if (auto name = identifier_at(code, end); !name.empty()) names.insert(std::move(name));

    const auto line = code.rfind('\n', at) + 1;
    if (const auto alias = code.substr(line).find_first_not_of(' ');
        code.substr(line + alias).starts_with("using "))
      names.insert(identifier_at(code, line + alias + 6));
  }
}

void add_names_of_type(std::string_view code, std::string_view type,
                       std::set<std::string, std::less<>>& names) {
  for (auto at = code.find(type); at != std::string_view::npos; at = code.find(type, at + 1)) {
    const auto end = at + type.size();
    if (at > 0 && is_identifier(code[at - 1])) continue;
    if (end >= code.size() || (code[end] != ' ' && code[end] != '&')) continue;
    if (auto name = identifier_at(code, end); !name.empty()) names.insert(std::move(name));
  }
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

/// The unordered containers that a file and the header of the same name declare.
std::set<std::string, std::less<>> unordered_names(const Subject& subject) {
  std::string code = joined(subject.views.code);
  if (!is_header(subject.file.path)) {
    std::string header = subject.file.path;
    header.replace(header.rfind('.'), std::string::npos, ".hpp");
    if (const SourceFile* beside = subject.tree.find(header))
      code += joined(views_of(beside->text).code);
  }
  std::set<std::string, std::less<>> names;
  add_unordered_names(code, names);
  const auto types = names;
  for (const std::string& type : types) add_names_of_type(code, type, names);
  return names;
}

}  // namespace

void check_world(const Subject& subject, Findings& findings) {
  if (!is_protocol(subject.file.path) && !is_under(subject.file.path, "overlay/store")) return;
  Findings found;
  forbid_includes(subject, kWorldIncludes, found);
  check_clocks(subject, found);
  forbid_phrases(subject, subject.views.code, kWorldNames, found);
  std::erase_if(found, is_allowed_to_the_store);
  add_unless_excepted(found, findings);
}

void check_control_flow(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kNames[] = {
      "throw", "try", "catch", "co_await", "co_return", "co_yield", "std::exit", "std::longjmp"};
  if (!is_protocol(subject.file.path)) return;
  Findings found;
  forbid_phrases(subject, subject.views.code, kNames, found);
  add_unless_excepted(found, findings);
}

void check_ownership(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kNames[] = {"shared_ptr", "weak_ptr", "make_shared",
                                                "allocate_shared", "enable_shared_from_this"};
  if (is_protocol(subject.file.path)) forbid_phrases(subject, subject.views.code, kNames, findings);
}

void check_random_numbers(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kNames[] = {
      "*_distribution", "std::shuffle", "std::sample",   "std::ranges::shuffle",
      "std::mt19937*",  "std::minstd*", "random_device", "default_random_engine"};
  if (is_cpp(subject.file.path)) forbid_phrases(subject, subject.views.code, kNames, findings);
}

void check_unordered_iteration(const Subject& subject, Findings& findings) {
  if (!is_product(subject.file.path)) return;
  for (const std::string& name : unordered_names(subject)) {
    const std::string walk = ": " + name + ")";
    const std::string begin = name + ".begin()";
    const std::string ranges[] = {walk, ": this->" + name + ")", begin, "views::keys(" + name,
                                  "views::values(" + name};
    for (std::size_t i = 0; i < subject.views.code.size(); ++i)
      for (const std::string& phrase : ranges)
        if (holds_phrase(subject.views.code[i], phrase))
          findings.push_back({subject.file.path, static_cast<int>(i) + 1, "walks over " + name});
  }
}

void check_pointer_order(const Subject& subject, Findings& findings) {
  if (!is_cpp(subject.file.path)) return;
  for (std::size_t i = 0; i < subject.views.code.size(); ++i) {
    const std::string& line = subject.views.code[i];
    for (const std::string_view container : {"std::map<", "std::set<", "std::multimap<"}) {
      const auto at = line.find(container);
      if (at == std::string::npos) continue;
      const auto key = line.substr(at + container.size());
      if (const auto end = key.find_first_of(",<>");
          end != std::string::npos && end > 0 && key[end - 1] == '*')
        findings.push_back({subject.file.path, static_cast<int>(i) + 1, "orders by pointer"});
    }
  }
}

void check_test_time(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kSleeps[] = {"sleep_for", "sleep_until", "usleep", "nanosleep",
                                                 "sleep("};
  if (!is_test(subject.file.path) || !is_cpp(subject.file.path)) return;
  forbid_phrases(subject, subject.views.code, kSleeps, findings);
  if (!is_driver_test(subject.file.path)) check_clocks(subject, findings);
}

void check_test_teeth(const Subject& subject, Findings& findings) {
  static constexpr std::string_view kNames[] = {
      "GTEST_SKIP",        "DISABLED_*",        "*_DISABLED",         "SUCCEED(",
      "EXPECT_TRUE(true)", "ASSERT_TRUE(true)", "EXPECT_FALSE(false)"};
  if (is_test(subject.file.path) && is_cpp(subject.file.path))
    forbid_phrases(subject, subject.views.code, kNames, findings);
}

}  // namespace kith::tidy
