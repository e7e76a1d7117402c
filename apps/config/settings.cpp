#include "apps/config/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <kith/address.hpp>
#include <kith/policy.hpp>

#include "tokens/identity_token.hpp"

namespace kith::apps {
namespace {

using Values = std::span<const std::string>;
using Outcome = std::expected<void, Complaint>;
using Type = Setting::Type;

/// What was said, fit to stand in one line of an error.
std::string quoted(std::string_view text) {
  constexpr std::size_t kBytesMax = 80;
  std::string shown;
  for (const char c : text.substr(0, kBytesMax)) shown += c >= ' ' && c != '\x7F' ? c : '?';
  return "'" + shown + (text.size() > kBytesMax ? "…'" : "'");
}

std::unexpected<Complaint> complain(std::string_view wanted, std::string_view got) {
  return std::unexpected(fmt::format("must be {}, not {}", wanted, quoted(got)));
}

Outcome set_entrances(Settings& settings, Values values) {
  for (const std::string& text : values)
    if (const auto address = Address::parse(text); !address || address->port == 0)
      return complain("an address like kith://FINGERPRINT@127.0.0.1:3141 or tcp://host:port", text);
  settings.join.assign(values.begin(), values.end());
  return {};
}

/// Addresses of ours: who we are is not for them to say.
template <auto Member>
Outcome set_own_addresses(Settings& settings, Values values) {
  for (const std::string& text : values)
    if (const auto address = Address::parse(text); !address || address->node)
      return complain("an address like tcp://127.0.0.1:3141 or tcp://[::1]:0", text);
  (settings.*Member).assign(values.begin(), values.end());
  return {};
}

template <auto Member>
Outcome set_path(Settings& settings, Values values) {
  if (values[0].empty() || values[0].contains('\0')) return complain("a file name", values[0]);
  settings.*Member = values[0];
  return {};
}

Outcome set_identity_token(Settings& settings, Values values) {
  auto token = from_base32(values[0]);
  if (!token || !decode_identity_token(*token))
    return complain("the line that 'kith key vouch' prints", values[0]);
  settings.identity_token = std::move(*token);
  return {};
}

Outcome set_realm(Settings& settings, Values values) {
  const auto realm = Fingerprint::parse(values[0]);
  if (!realm) return complain("the fingerprint of a realm, 52 characters of base32", values[0]);
  settings.realm = *realm;
  return {};
}

Outcome set_realm_leader(Settings& settings, Values values) {
  // A public key is as long as a fingerprint, and written in the same way.
  const auto key = Fingerprint::parse(values[0]);
  if (!key)
    return complain("the public key of an identity, as 'kith key show' prints it", values[0]);
  settings.realm_leader = key->bytes();
  return {};
}

Outcome set_policy(Settings& settings, Values values) {
  if (values[0] == "open")
    settings.policy = PolicyName::open;
  else if (values[0] == "known")
    settings.policy = PolicyName::known;
  else if (values[0] == "realm")
    settings.policy = PolicyName::realm;
  else if (values[0] == "realm-ask")
    settings.policy = PolicyName::realm_ask;
  else
    return complain("open, known, realm or realm-ask", values[0]);
  return {};
}

Outcome set_known(Settings& settings, Values values) {
  std::vector<Fingerprint> known;
  for (const std::string& text : values) {
    const auto fingerprint = Fingerprint::parse(text);
    if (!fingerprint)
      return complain("a fingerprint of a node or identity, 52 characters of base32", text);
    known.push_back(*fingerprint);
  }
  settings.known = std::move(known);
  return {};
}

Outcome set_exempt(Settings& settings, Values values) {
  for (const std::string& text : values)
    if (const auto address = Address::parse(text); !address || address->node)
      return complain("an address of the network, like 10.1.2.3", text);
  settings.exempt.assign(values.begin(), values.end());
  return {};
}

Outcome set_profile(Settings& settings, Values values) {
  if (values[0] == "public")
    settings.profile = Profile::everybody;
  else if (values[0] == "member")
    settings.profile = Profile::member;
  else if (values[0] == "private")
    settings.profile = Profile::acquainted;
  else if (values[0] == "stealth")
    settings.profile = Profile::stealth;
  else
    return complain("public, member, private or stealth", values[0]);
  return {};
}

Outcome set_accept(Settings& settings, Values values) {
  constexpr std::string_view kFlows = "HSOCINK";
  std::string letters;
  for (std::size_t at = 0; at <= values[0].size(); at += 2) {
    const bool is_flow = at < values[0].size() && kFlows.contains(values[0][at]);
    const bool is_divided = at + 1 >= values[0].size() || values[0][at + 1] == ',';
    if (!is_flow || !is_divided || letters.contains(values[0][at]))
      return complain("some of the flows H,S,O,C,I,N (or K), each once, divided by commas",
                      values[0]);
    letters += values[0][at];
    if (at + 1 == values[0].size()) break;
  }
  settings.accept = letters;
  return {};
}

Outcome set_join_timeout(Settings& settings, Values values) {
  const auto timeout = parse_duration(values[0]);
  if (!timeout) return std::unexpected(timeout.error());
  settings.join_timeout = *timeout;
  return {};
}

Outcome set_log_level(Settings& settings, Values values) {
  if (values[0] == "debug")
    settings.log_level = LogLevel::debug;
  else if (values[0] == "info")
    settings.log_level = LogLevel::info;
  else if (values[0] == "warning")
    settings.log_level = LogLevel::warning;
  else if (values[0] == "error")
    settings.log_level = LogLevel::error;
  else if (values[0] == "off")
    settings.log_level = std::nullopt;
  else
    return complain("debug, info, warning, error or off", values[0]);
  return {};
}

constexpr Setting kSettings[] = {
    {"join", Type::texts, "ADDRESS",
     "Where to enter the overlay: a line that 'kith up' prints.  May be given several times: the "
     "others are tried when one does not answer",
     set_entrances},
    {"listen", Type::texts, "ADDRESS",
     "Where to listen, like tcp://127.0.0.1:3141 or tcp://[::]:0; port 0 is any that is free.  "
     "Without it: every address of this machine, any port",
     set_own_addresses<&Settings::listen>},
    {"advertise", Type::texts, "ADDRESS",
     "Where others reach this node, if that is not where it listens (behind a NAT)",
     set_own_addresses<&Settings::advertise>},
    {"key", Type::text, "FILE",
     "Who the node is: a file made by 'kith key new'.  Without it: somebody new each time",
     set_path<&Settings::key>},
    {"identity", Type::text, "FILE",
     "On whose behalf it acts: another key file.  Without it: the node's own behalf",
     set_path<&Settings::identity>},
    {"identity-token", Type::text, "TOKEN",
     "What the realm's leader says of that identity at this node: the line that 'kith key vouch' "
     "prints",
     set_identity_token},
    {"realm", Type::text, "FINGERPRINT",
     "The realm of the overlay; nodes of different realms do not join each other.  Without it: the "
     "public one, or that of --realm-leader",
     set_realm},
    {"realm-leader", Type::text, "KEY",
     "Public key of the identity that leads the realm, as 'kith key show' prints it",
     set_realm_leader},
    {"policy", Type::text, "NAME",
     "Whom to deal with: open (everybody), known (those named by --known), realm (those whom "
     "--realm-leader vouches for, or --known names) or realm-ask (the same, and of others the node "
     "of the realm's leader is asked)",
     set_policy},
    {"known", Type::texts, "FINGERPRINT",
     "A node or identity to deal with under --policy known, realm or realm-ask; at the node of the "
     "realm's leader also what it answers when it is asked",
     set_known},
    {"exempt", Type::texts, "ADDRESS",
     "A network (named by an address in it) that may hold many nodes, such as your own",
     set_exempt},
    {"profile", Type::text, "NAME",
     "Whom to answer: public (everybody), member (everybody, but for flow O), private (contacts, "
     "who has a ticket, and nodes that --policy known or realm names) or stealth (relationships "
     "and tickets; to others it seems that nobody listens).  Without it: public",
     set_profile},
    {"accept", Type::text, "FLOWS",
     "The flows to answer, instead of those of --profile: some of H,S,O,C,I,N; K is another name "
     "of N",
     set_accept},
    {"store", Type::text, "FILE",
     "What is to survive the node: tickets and contacts.  Made if it is not there; without it "
     "there "
     "are none",
     set_path<&Settings::store>},
    {"join-timeout", Type::seconds, "SECONDS",
     "How long to wait for the overlay to take us in; if not given 10, and 35 for 'kith dial'",
     set_join_timeout},
    {"control", Type::text, "PATH",
     "The local socket on which a running node answers; if not given, a usual place is taken",
     set_path<&Settings::control>},
    {"log-level", Type::text, "LEVEL",
     "What to say on standard error: debug, info, warning, error or off; if not given info for "
     "'kith up', warning for 'kith pub' and 'kith sub' (error with --quiet), and off for 'kith "
     "dial'",
     set_log_level},
};

}  // namespace

std::span<const Setting> all_settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
  const auto* found = std::ranges::find(kSettings, name, &Setting::name);
  return found == std::end(kSettings) ? nullptr : found;
}

Outcome apply(const Assignment& assignment, Settings& settings) {
  const bool is_list = assignment.setting->type == Type::texts;
  if (!is_list && assignment.values.size() != 1)
    return std::unexpected(assignment.origin + " takes exactly one value");
  if (auto set = assignment.setting->set(settings, assignment.values); !set)
    return std::unexpected(assignment.origin + " " + set.error());
  return {};
}

Outcome apply_source(std::span<const Assignment> assignments, Settings& settings) {
  const auto says = [&](std::string_view name) {
    return std::ranges::any_of(assignments,
                               [&](const Assignment& said) { return said.setting->name == name; });
  };
  if (says("profile")) settings.accept.clear();
  if (says("policy")) settings.known.clear();
  for (const Assignment& assignment : assignments)
    if (auto set = apply(assignment, settings); !set) return set;
  return {};
}

Outcome check_together(const Settings& settings) {
  if (settings.policy == PolicyName::known && settings.known.empty())
    return std::unexpected(
        "policy known deals with nobody unless you name some: add --known FINGERPRINT");
  if (settings.policy == PolicyName::open && !settings.known.empty())
    return std::unexpected("--known has no meaning without --policy known, realm or realm-ask");
  const bool is_realm =
      settings.policy == PolicyName::realm || settings.policy == PolicyName::realm_ask;
  if (is_realm && !settings.realm_leader)
    return std::unexpected(
        "policies realm and realm-ask need to know who leads it: add --realm-leader KEY");
  if (settings.realm && settings.realm_leader &&
      *settings.realm != realm_of(*settings.realm_leader))
    return std::unexpected(
        "--realm is not the realm that --realm-leader leads: leave --realm out, it follows");
  return {};
}

std::expected<Duration, Complaint> parse_duration(std::string_view text) {
  constexpr double kSecondsMin = 0.001;
  constexpr double kSecondsMax = 30.0 * 24 * 3600;
  const auto wrong = complain(
      "a time between 0.001 and 2592000 seconds, written like 10, 0.5, 200ms, 10s, 2m or 1h", text);
  double number = 0;
  const char* begin = std::to_address(text.begin());
  const char* end = std::to_address(text.end());
  const auto [stop, error] = std::from_chars(begin, end, number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number)) return wrong;
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  double seconds = 1;
  if (unit == "ms")
    seconds = 0.001;
  else if (unit == "m")
    seconds = 60;
  else if (unit == "h")
    seconds = 3600;
  else if (!unit.empty() && unit != "s")
    return wrong;
  seconds *= number;
  if (seconds < kSecondsMin || seconds > kSecondsMax) return wrong;
  return Duration(std::llround(seconds * 1e6));
}

}  // namespace kith::apps
