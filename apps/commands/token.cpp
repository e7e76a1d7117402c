#include <memory>
#include <string>

#include <fmt/format.h>

#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/console/input.hpp"
#include "apps/console/json.hpp"
#include "apps/failure.hpp"
#include "apps/token_view.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/asio/clock.hpp"

namespace kith::apps {
namespace {

struct TokenCommand {
  std::string file;
  Fingerprint issuer;  ///< A public key is as long, and written in the same way.
  bool as_json = false;
};

ExitCode show(const TokenCommand& command) {
  std::string content = read_input(command.file, kTokenTextBytesMax);
  const crypto::WipeAtEnd wipe(content);
  TokenJudge judge{.signatures = crypto::sodium_primitives().signatures,
                   .now = overlay::read_clocks().wall};
  if (!command.issuer.is_zero()) judge.issuer = command.issuer.bytes();
  const auto view = view_written_token(content, judge);
  if (!view) {
    throw Failure(
        ExitCode::error,
        fmt::format("{}: no token: {}", command.file == "-" ? "standard input" : command.file,
                    describe(view.error())));
  }
  write_answer(command.as_json, *view, [&] { return to_words(*view); });
  return ExitCode::ok;
}

}  // namespace

void add_token(CLI::App& program, Command& chosen) {
  CLI::App* group = program.add_subcommand("token", "Look at a token of any kind");
  group->require_subcommand(1);
  group->footer("Examples:\n  kith token show --json FILE | jq .holds\n");
  CLI::App* verb = group->add_subcommand(
      "show", "What a token says, and whether its signature and dates hold; never a secret");
  verb->footer(
      "A token is a node, an identity, an intent, a ticket or a relationship: as bytes, as\n"
      "hexadecimal, base32 or base64url, a ticket also as its kith-ticket: line.\n\n"
      "Examples:\n"
      "  kith key vouch leader.key KEY | kith token show - --realm-leader LEADERS_KEY\n"
      "  kith token show ticket --json | jq -r .expires_at\n");
  const auto command = std::make_shared<TokenCommand>();
  verb->add_option("FILE", command->file, "Where it is; - for standard input")
      ->required()
      ->check(complaint_about_no_name);
  add_fingerprint(*verb, "--realm-leader", command->issuer,
                  "Public key of whoever may have vouched for an identity, as 'kith key show' "
                  "prints it")
      ->type_name("KEY");
  verb->add_flag("--json", command->as_json, "Print one JSON object");
  verb->callback([command, &chosen] { chosen = [command] { return show(*command); }; });
}

}  // namespace kith::apps
