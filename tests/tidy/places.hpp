#pragma once

#include <string>
#include <string_view>

/// Where a file lies, as far as rules differ by that.
namespace kith::tidy {

[[nodiscard]] inline bool is_under(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

[[nodiscard]] inline bool is_header(std::string_view path) { return path.ends_with(".hpp"); }

[[nodiscard]] inline bool is_cpp(std::string_view path) {
  return is_header(path) || path.ends_with(".cpp");
}

[[nodiscard]] inline bool is_public_header(std::string_view path) {
  return is_header(path) && path.find("/include/kith/") != std::string_view::npos;
}

/// The rules' own files, which name everything they forbid.
[[nodiscard]] inline bool is_rule_book(std::string_view path) {
  return is_under(path, "tests/tidy");
}

[[nodiscard]] inline bool is_test(std::string_view path) {
  return is_under(path, "tests") && !is_rule_book(path);
}

/// Tests of what has threads and sockets.
[[nodiscard]] inline bool is_driver_test(std::string_view path) {
  return is_under(path, "tests/overlay/asio") || is_under(path, "tests/overlay/store") ||
         is_under(path, "tests/apps") || is_under(path, "tests/interop");
}

[[nodiscard]] inline bool is_library(std::string_view path) {
  return is_under(path, "core") || is_under(path, "tokens") || is_under(path, "routing") ||
         is_under(path, "overlay");
}

/// What must never touch the world: the library but for its drivers.
[[nodiscard]] inline bool is_protocol(std::string_view path) {
  return is_library(path) && !is_under(path, "overlay/asio") && !is_under(path, "overlay/store");
}

/// Whatever is built from this tree and not a test of it.
[[nodiscard]] inline bool is_product(std::string_view path) {
  return is_library(path) || is_under(path, "apps");
}

/// The part of the house that a file belongs to: a folder of the top level, or a driver.
[[nodiscard]] inline std::string layer_of(std::string_view path) {
  for (const std::string_view driver : {"overlay/asio", "overlay/sim", "overlay/store"})
    if (is_under(path, driver)) return std::string(driver);
  return std::string(path.substr(0, path.find('/')));
}

}  // namespace kith::tidy
