#include <memory>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <kith/address.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/input.hpp"
#include "apps/console/json.hpp"
#include "apps/console/output.hpp"
#include "apps/console/qr_code.hpp"
#include "apps/console/table.hpp"
#include "apps/console/wording.hpp"
#include "apps/control/pick.hpp"
#include "apps/token_view.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/asio/clock.hpp"
#include "tokens/identity_token.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct TicketCommand {
  Question question;
  TicketOptions issue;
  bool draws = false;
  std::string given;  ///< A ticket, `-`, or the beginning of a hash.
  std::uint64_t days = 365;
  std::string identity_token;  ///< A file, or `-`; empty: the node speaks for itself.
  Fingerprint partner;         ///< A public key is as long, and written in the same way.
};

/// The ticket that was given, without a word about what stands in it if it is none.
TicketToken read_ticket(std::string uri) {
  const crypto::WipeAtEnd wipe(uri);
  auto ticket = parse_ticket_uri(uri);
  if (ticket) return *std::move(ticket);
  throw Failure(ExitCode::error,
                fmt::format("that is no ticket: {}; it begins with kith-ticket: and is one line, "
                            "as 'kith ticket issue' prints it",
                            describe(ticket.error())));
}

std::string given_uri(const TicketCommand& command) {
  return text_or_input(command.given, kTicketUriBytesMax);
}

/// The ticket is there all the same, in its text, where it cannot be drawn.
void draw(std::string_view uri) {
  const auto columns = error_columns();
  const auto code = qr_code(uri, columns);
  if (!code) throw Failure(ExitCode::error, "the ticket is too long for a QR code");
  if (code->lines.empty()) {
    complain(fmt::format("the QR code needs a terminal of {} columns, and this one has {}",
                         code->columns_min, *columns));
  }
  write_error(code->lines);
}

ExitCode issue(const TicketCommand& command) {
  const auto answer = command.question.ask(IssueTicket{command.issue});
  std::string uri(answer.at("ticket").as_string());
  const crypto::WipeAtEnd wipe(uri);
  const TicketToken ticket = read_ticket(uri);
  if (command.draws) draw(uri);
  if (command.question.as_json) {
    write_json(json::object{{"ticket", uri},
                            {"hash", ticket_hash(ticket.secret()).to_string()},
                            {"expires_at", date_of(ticket.expires_at())}});
  } else {
    write_line(uri);
  }
  return ExitCode::ok;
}

ExitCode show(const TicketCommand& command) {
  const auto view = view_ticket(
      read_ticket(given_uri(command)),
      {.signatures = crypto::sodium_primitives().signatures, .now = overlay::read_clocks().wall});
  write_answer(command.question.as_json, view, [&] { return to_words(view); });
  return ExitCode::ok;
}

/// By which the identity shows that it uses our node; empty if nothing was given.
Bytes read_identity_token(const TicketCommand& command) {
  const std::string& path = command.identity_token;
  if (path.empty()) return {};
  auto token = from_base32(trimmed(read_input(path, kTokenTextBytesMax)));
  if (token && decode_identity_token(*token)) return *std::move(token);
  throw Failure(ExitCode::error, fmt::format("{}: no identity token: 'kith key vouch' prints one",
                                             path == "-" ? "standard input" : path));
}

ExitCode redeem(const TicketCommand& command) {
  // Wrong settings come first: standard input is read but once.
  static_cast<void>(load_settings(command.question.flags));
  if (command.given == "-" && command.identity_token == "-")
    throw Failure(ExitCode::usage,
                  "the ticket and --identity-token cannot both come on standard input");
  Bytes certificate = read_identity_token(command);
  std::string uri = given_uri(command);
  const crypto::WipeAtEnd wipe(uri);
  static_cast<void>(read_ticket(uri));
  const auto answer = command.question.ask(RedeemTicket{
      .ticket = uri,
      .certificate = std::move(certificate),
      .partner = command.partner.is_zero() ? std::nullopt : std::optional(command.partner.bytes()),
      .life = std::chrono::hours(24 * static_cast<int>(command.days)),
      .timeout = command.question.timeout});
  write_answer(command.question.as_json, answer,
               [&] { return std::string(answer.at("contact").as_string()) + '\n'; });
  return ExitCode::ok;
}

std::string text_in(const json::value& value) {
  return value.is_null() ? "" : std::string(value.as_string());
}

std::string abbreviated(const json::value& fingerprint) {
  return text_in(fingerprint).substr(0, 10);
}

ExitCode list(const TicketCommand& command) {
  const auto answer = command.question.ask(AskTickets{});
  write_answer(command.question.as_json, answer, [&] {
    Table table({"HASH", "STATE", "FOR", "EXPIRES", "USED", "BY NODE"});
    const auto& tickets = answer.at("tickets").as_array();
    for (const auto& element : tickets) {
      const auto& ticket = element.as_object();
      table.add({abbreviated(ticket.at("hash")), std::string(ticket.at("state").as_string()),
                 abbreviated(ticket.at("partner")), text_in(ticket.at("expires_at")),
                 text_in(ticket.at("used_at")), abbreviated(ticket.at("used_by"))});
    }
    return tickets.empty() ? "no tickets\n" : table.to_string();
  });
  return ExitCode::ok;
}

ExitCode revoke(const TicketCommand& command) {
  const auto tickets = command.question.ask(AskTickets{});
  const auto& ticket = pick(tickets.at("tickets").as_array(), "hash", command.given, "ticket");
  const std::string hash(ticket.at("hash").as_string());
  static_cast<void>(command.question.ask(RevokeTicket{Fingerprint::parse(hash).value()}));
  write_answer(command.question.as_json, json::object{{"revoked", hash}},
               [&] { return fmt::format("revoked {}\n", hash); });
  return ExitCode::ok;
}

struct TicketVerb {
  const char* name;
  const char* help;
  ExitCode (*run)(const TicketCommand&);
};

/// Adds a command to `group`, with a state of its own.
CLI::App* add_verb(CLI::App& group, const TicketVerb& what,
                   const std::shared_ptr<TicketCommand>& command, Command& chosen) {
  CLI::App* verb = group.add_subcommand(what.name, what.help);
  verb->callback(
      [command, run = what.run, &chosen] { chosen = [command, run] { return run(*command); }; });
  return verb;
}

void add_issue(CLI::App& group, Command& chosen) {
  const auto command = std::make_shared<TicketCommand>();
  CLI::App* verb = add_verb(group, {"issue", "Print a new ticket: hand it to one person", &issue},
                            command, chosen);
  verb->footer(
      "Examples:\n"
      "  kith ticket issue                           good for 24 hours, for whoever shows it\n"
      "  kith ticket issue --qr --life 10m           to be scanned from the screen\n"
      "  kith ticket issue --for IDENTITY --to example.org:3141 > ticket\n");
  add_address(*verb, "--to", command->issue.address,
              "Where its holder is to connect to; without it: the first address of the node");
  add_fingerprint(*verb, "--for", command->issue.partner,
                  "The identity that alone may redeem it; without it: whoever shows it");
  add_duration(*verb, "--life", command->issue.life, "How long it is good; 24h if not given");
  verb->add_flag("--qr", command->draws,
                 "Draw it on standard error, too, for a dark terminal of 80 columns or so");
  add_question(*verb, command->question);
}

void add_show_and_redeem(CLI::App& group, Command& chosen) {
  constexpr const char* kUri = "The ticket, or - for standard input, where others do not see it";
  const auto shown = std::make_shared<TicketCommand>();
  CLI::App* verb = add_verb(
      group, {"show", "What a ticket says; asks no node, shows no secret", &show}, shown, chosen);
  verb->footer("Examples:\n  kith ticket show - < ticket\n");
  verb->add_option("URI", shown->given, kUri)->required();
  verb->add_flag("--json", shown->question.as_json, "Print one JSON object");

  const auto redeemed = std::make_shared<TicketCommand>();
  redeemed->question.timeout = std::chrono::seconds(10);
  verb = add_verb(group, {"redeem", "Become a contact of whoever issued a ticket", &redeem},
                  redeemed, chosen);
  verb->footer(
      "Prints the contact, as 'kith contact' knows it.\n\n"
      "Examples:\n"
      "  kith ticket redeem - < ticket\n"
      "  kith ticket redeem kith-ticket:… --days 30 --json | jq -r .contact\n\n"
      "A ticket that was issued --for an identity is redeemed by a node that uses it (kith up\n"
      "--identity me.key) and shows that it does:\n"
      "  kith key vouch me.key MY_PUBLIC_KEY --node NODE > me.token\n"
      "  kith ticket redeem - --identity-token me.token < ticket\n");
  verb->add_option("URI", redeemed->given, kUri)->required();
  add_count(*verb, "--days", redeemed->days, {1, 1825},
            "How long the relationship is to last; 365 if not given");
  verb->add_option("--identity-token", redeemed->identity_token,
                   "The token of the identity that the ticket is for, where that is not the "
                   "node's own: a file, or - for standard input")
      ->type_name("FILE")
      ->check([](const std::string& path) { return path.empty() ? "must be a file" : ""; });
  add_fingerprint(*verb, "--partner", redeemed->partner,
                  "Public key of the identity to become a contact of, where that is not the own "
                  "one of the node that issued the ticket")
      ->type_name("KEY");
  add_duration(*verb, "--timeout", redeemed->question.timeout,
               "How long to wait for the other side, at most 60; 10 if not given",
               kOthersTimeoutMax);
  add_question(*verb, redeemed->question);
}

void add_list_and_revoke(CLI::App& group, Command& chosen) {
  const auto listed = std::make_shared<TicketCommand>();
  CLI::App* verb =
      add_verb(group, {"list", "The tickets that the node issued, and what became of them", &list},
               listed, chosen);
  verb->footer(
      "Examples:\n"
      "  kith ticket list --json | jq '.tickets[] | select(.state == \"open\")'\n");
  add_question(*verb, listed->question);

  const auto revoked = std::make_shared<TicketCommand>();
  verb = add_verb(group, {"revoke", "Nobody can redeem the ticket any more", &revoke}, revoked,
                  chosen);
  verb->footer("Examples:\n  kith ticket revoke 3xk5a\n");
  verb->add_option("HASH", revoked->given,
                   "The ticket in 'kith ticket list': as much of it as no other one begins with")
      ->required();
  add_question(*verb, revoked->question);
}

}  // namespace

void add_ticket(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "ticket", "Tickets of a running node: whoever shows one becomes a contact, once");
  command->require_subcommand(1);
  command->footer(
      "The node keeps them in its store: start it with 'kith up --store FILE'.\n\n"
      "Examples:\n"
      "  kith ticket issue > ticket                  here; hand it over out of band\n"
      "  kith ticket redeem - < ticket               there\n"
      "  kith contact list                           on both sides\n");
  add_issue(*command, chosen);
  add_show_and_redeem(*command, chosen);
  add_list_and_revoke(*command, chosen);
}

}  // namespace kith::apps
