#include <memory>

#include <boost/json/object.hpp>
#include <boost/version.hpp>

#include "apps/commands/command.hpp"
#include "apps/console/json.hpp"
#include "apps/console/output.hpp"
#include "apps/console/table.hpp"

namespace kith::apps {
namespace {

constexpr std::string_view kProtocol = "kith/1";

#if defined(__clang__)
constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

ExitCode show_version(bool as_json) {
  if (as_json) {
    write_json(boost::json::object{{"version", KITH_VERSION},
                                   {"protocol", kProtocol},
                                   {"compiler", kCompiler},
                                   {"boost", BOOST_LIB_VERSION},
                                   {"libsodium", KITH_SODIUM_VERSION}});
    return ExitCode::ok;
  }
  write_output(in_two_columns({{"kith", KITH_VERSION},
                               {"protocol", std::string(kProtocol)},
                               {"compiler", std::string(kCompiler)},
                               {"boost", BOOST_LIB_VERSION},
                               {"libsodium", KITH_SODIUM_VERSION}}));
  return ExitCode::ok;
}

}  // namespace

void add_version(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "version", "Which kith this is, the protocol it speaks, and what it was built with");
  command->footer("Examples:\n  kith version --json | jq -r .protocol\n");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print one JSON object");
  program.add_flag_callback(
      "--version", [&chosen] { chosen = [] { return show_version(false); }; },
      "The same as kith version");
  command->callback([as_json, &chosen] { chosen = [as_json] { return show_version(*as_json); }; });
}

}  // namespace kith::apps
