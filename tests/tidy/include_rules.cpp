#include "tests/tidy/include_rules.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "tests/tidy/places.hpp"
#include "tests/tidy/words.hpp"

namespace kith::tidy {
namespace {

/// What a layer may include, besides itself.  Whoever is not here may include anything.
const std::map<std::string, std::set<std::string>, std::less<>>& layers_below() {
  static const std::map<std::string, std::set<std::string>, std::less<>> kBelow = {
      {"core", {}},
      {"tokens", {"core"}},
      {"routing", {"core"}},
      {"overlay", {"core", "tokens", "routing"}},
      {"overlay/asio", {"core", "tokens", "routing", "overlay", "overlay/store"}},
      {"overlay/sim", {"core", "tokens", "routing", "overlay"}},
      {"overlay/store", {"core", "tokens", "overlay"}},
      {"apps",
       {"core", "tokens", "routing", "overlay", "overlay/asio", "overlay/sim", "overlay/store"}},
  };
  return kBelow;
}

/// The folder in which `<kith/x.hpp>` lies, or nothing.
std::optional<std::string> home_of_public_header(const Tree& tree, std::string_view name) {
  const std::string end = "/include/" + std::string(name);
  for (const SourceFile& file : tree.files)
    if (file.path.ends_with(end)) return layer_of(file.path);
  return std::nullopt;
}

std::optional<std::string> layer_of_include(const Tree& tree, const Include& include) {
  if (!include.quoted) {
    if (!include.name.starts_with("kith/")) return std::nullopt;
    return home_of_public_header(tree, include.name);
  }
  return layer_of(include.name);
}

/// `<vector>`: one word without an ending.
bool is_standard(const Include& include) {
  return !include.quoted && include.name.find_first_of("./") == std::string::npos;
}

bool starts_in_a_folder(std::string_view name) {
  static constexpr std::string_view kFolders[] = {"core", "tokens", "routing", "overlay",
                                                  "apps", "tests",  "bench"};
  return std::ranges::any_of(kFolders, [&](auto folder) { return is_under(name, folder); });
}

/// A library and the rooms in which it may be named.  Tests and benchmarks compare with it
/// anywhere.
struct Room {
  std::vector<std::string_view> includes;
  std::vector<std::string_view> names;
  std::vector<std::string_view> folders;
};

const std::vector<Room>& rooms() {
  static const std::vector<Room> kRooms = {
      {{"sodium"}, {"sodium_init", "sodium_mem*", "randombytes_*"}, {"core/crypto"}},
      {{"msgpack"}, {"msgpack::*"}, {"core/codec"}},
      {{"boost/asio", "boost/system"}, {"boost::asio*"}, {"overlay/asio", "apps"}},
      {{"qrencode"}, {"QRcode_*"}, {"apps/console"}},
      {{"sqlite3"}, {"sqlite3_*"}, {"overlay/store"}},
      {{"boost/beast", "boost/json", "CLI", "toml", "fmt/", "spdlog"},
       {"spdlog::*", "fmt::*", "toml::*"},
       {"apps"}},
  };
  return kRooms;
}

/// The files that the CMake lists of the tree name, as paths from the root.
std::set<std::string, std::less<>> listed_files(const Tree& tree) {
  static constexpr std::string_view kRoot = "${PROJECT_SOURCE_DIR}/";
  std::set<std::string, std::less<>> listed;
  for (const SourceFile& file : tree.files) {
    if (!file.path.ends_with("CMakeLists.txt")) continue;
    const auto folder = std::filesystem::path(file.path).parent_path();
    for (const std::string& line : views_of(file.text).raw) {
      std::istringstream words(line.substr(0, line.find('#')));
      for (std::string word; words >> word;) {
        word.erase(std::ranges::find(word, ')'), word.end());
        const bool from_root = word.starts_with(kRoot);
        const auto path =
            from_root ? std::filesystem::path(word.substr(kRoot.size())) : folder / word;
        listed.insert(path.lexically_normal().generic_string());
      }
    }
  }
  return listed;
}

void check_listed(const Tree& tree, bool (*is_wanted)(std::string_view), Findings& findings) {
  const auto listed = listed_files(tree);
  for (const SourceFile& file : tree.files)
    if (is_wanted(file.path) && !listed.contains(file.path))
      findings.push_back({file.path, 0, "is in no CMakeLists.txt"});
}

bool is_source(std::string_view path) { return path.ends_with(".cpp"); }

}  // namespace

void check_layers(const Subject& subject, Findings& findings) {
  const std::string own = layer_of(subject.file.path);
  const auto below = layers_below().find(own);
  if (below == layers_below().end()) return;
  for (const Include& include : subject.views.includes) {
    const auto layer = layer_of_include(subject.tree, include);
    if (!layer || *layer == own || below->second.contains(*layer)) continue;
    findings.push_back(
        {subject.file.path, include.line, own + " includes " + include.name + " of " + *layer});
  }
}

void check_public_headers(const Subject& subject, Findings& findings) {
  if (!is_public_header(subject.file.path)) return;
  const bool may_name_asio = subject.file.path.ends_with("/kith/asio.hpp");
  for (const Include& include : subject.views.includes) {
    if (is_standard(include) || (!include.quoted && include.name.starts_with("kith/"))) continue;
    if (may_name_asio && include.name.starts_with("boost/asio")) continue;
    findings.push_back({subject.file.path, include.line, "public header includes " + include.name});
  }
}

void check_include_spelling(const Subject& subject, Findings& findings) {
  for (const Include& include : subject.views.includes) {
    const auto add = [&](std::string_view why) {
      findings.push_back({subject.file.path, include.line, include.name + ": " + std::string(why)});
    };
    const bool in_the_tree = starts_in_a_folder(include.name);
    if (include.name.find("..") != std::string::npos) add("goes up");
    if (include.quoted && include.name.find("include/kith/") != std::string::npos)
      add("public, so written <kith/x.hpp>");
    else if (include.quoted && !in_the_tree)
      add("not from the root");
    if (!include.quoted && in_the_tree) add("internal, so written in quotes");
    if (!include.quoted && include.name.starts_with("kith/") &&
        !home_of_public_header(subject.tree, include.name))
      add("no such public header");
  }
}

void check_pragma_once(const Subject& subject, Findings& findings) {
  if (!is_header(subject.file.path)) return;
  for (const std::string& line : subject.views.code) {
    if (line.find_first_not_of(' ') == std::string::npos) continue;
    if (line == "#pragma once") return;
    break;
  }
  findings.push_back({subject.file.path, 1, "does not begin with #pragma once"});
}

void check_rooms(const Subject& subject, Findings& findings) {
  if (!is_product(subject.file.path)) return;
  for (const Room& room : rooms()) {
    const bool inside = std::ranges::any_of(
        room.folders, [&](auto folder) { return is_under(subject.file.path, folder); });
    if (inside) continue;
    forbid_includes(subject, room.includes, findings);
    forbid_phrases(subject, subject.views.code, room.names, findings);
  }
}

void check_headers_listed(const Tree& tree, Findings& findings) {
  check_listed(tree, is_public_header, findings);
}

void check_sources_listed(const Tree& tree, Findings& findings) {
  check_listed(tree, is_source, findings);
}

}  // namespace kith::tidy
