#include <memory>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <kith/fingerprint.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/json.hpp"
#include "apps/console/table.hpp"
#include "apps/console/wording.hpp"

namespace kith::apps {
namespace {

Duration seconds_at(const boost::json::object& object, std::string_view name) {
  return Duration(static_cast<Duration::rep>(object.at(name).to_number<double>() * 1e6));
}

std::vector<std::string> row_of(const boost::json::object& peer) {
  const bool is_measured = !peer.at("round_trip_seconds").is_null();
  const auto missed = peer.at("missed_pings").to_number<int>();
  return {std::string(peer.at("node").as_string()),
          std::string(peer.at("endpoint").as_string()),
          peer.at("is_client").as_bool()  ? "client"
          : peer.at("in_table").as_bool() ? "member, in table"
                                          : "member",
          is_measured ? for_people(seconds_at(peer, "round_trip_seconds")) : "-",
          for_people(seconds_at(peer, "connected_seconds")),
          missed == 0 ? "" : fmt::format("{} pings missed", missed)};
}

ExitCode show_peers(const Question& question) {
  const auto answer = question.ask(AskPeers{});
  write_answer(question.as_json, answer, [&] {
    Table table({"NODE", "ENDPOINT", "ROLE", "ROUND TRIP", "CONNECTED", ""});
    const auto& peers = answer.at("peers").as_array();
    for (const auto& peer : peers) table.add(row_of(peer.as_object()));
    return peers.empty() ? "no peers\n" : table.to_string();
  });
  return ExitCode::ok;
}

}  // namespace

void add_peers(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "peers", "The nodes that a running node has a session with, and how far away they are");
  command->footer(
      "Examples:\n"
      "  kith peers                                  of the only node that runs here\n"
      "  kith peers --control PATH                   of the one with this socket\n"
      "  kith peers --json | jq '.peers | length'\n");
  const auto question = std::make_shared<Question>();
  add_question(*command, *question);
  command->callback([question, &chosen] { chosen = [question] { return show_peers(*question); }; });
}

}  // namespace kith::apps
