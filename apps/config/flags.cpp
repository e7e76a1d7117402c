#include "apps/config/flags.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <kith/address.hpp>
#include <kith/subject.hpp>

#include "apps/config/config_file.hpp"
#include "apps/config/environment.hpp"
#include "apps/config/nearest.hpp"
#include "apps/failure.hpp"

namespace kith::apps {
namespace {

/// What was said to `command` and means nothing to it.  The -- in front of an argument does: only a
/// command that has commands of its own takes none.
std::vector<std::string> strangers_to(const CLI::App& command) {
  auto strangers = command.remaining();
  if (command.get_subcommands({}).empty()) std::erase(strangers, "--");
  return strangers;
}

/// The value of an outcome; a failure of usage otherwise.
template <class T>
T or_fail(std::expected<T, Complaint> outcome) {
  if (!outcome) throw Failure(ExitCode::usage, outcome.error());
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

std::string read_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kConfigBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file && file.gcount() == 0 && !file.eof()))
    throw Failure(ExitCode::usage,
                  fmt::format("cannot read the configuration {}: {}", path, std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string config_path(const Flags& flags) {
  if (flags.config) {
    if (flags.config->empty())
      throw Failure(ExitCode::usage, "--config must be a file name, not ''");
    return *flags.config;
  }
  const char* path = std::getenv("KITH_CONFIG");
  return path == nullptr ? "" : path;
}

std::vector<Assignment> assignments_of(const Flags& flags) {
  std::vector<Assignment> assignments;
  for (const auto& [name, values] : flags.values) {
    if (values.empty()) continue;
    assignments.push_back(
        {.setting = find_setting(name), .values = values, .origin = fmt::format("--{}", name)});
  }
  return assignments;
}

}  // namespace

bool Flags::say(std::string_view name) const {
  const auto found = values.find(name);
  return found != values.end() && !found->second.empty();
}

void add_settings(CLI::App& command, Flags& flags, std::initializer_list<std::string_view> names) {
  for (const Setting& setting : all_settings()) {
    if (std::ranges::find(names, setting.name) == names.end()) continue;
    const bool is_list = setting.type == Setting::Type::texts;
    command
        .add_option(fmt::format("--{}", setting.name), flags.values[setting.name],
                    std::string(setting.help))
        ->type_name(std::string(setting.placeholder))
        ->allow_extra_args(false)
        ->expected(1)
        ->multi_option_policy(is_list ? CLI::MultiOptionPolicy::TakeAll
                                      : CLI::MultiOptionPolicy::TakeLast)
        ->group("The node");
  }
  command
      .add_option("--config", flags.config,
                  "Settings in a TOML file: the same names without --; if not given, the file that "
                  "KITH_CONFIG names")
      ->type_name("FILE")
      ->group("The node");
}

Settings load_settings(const Flags& flags, Settings settings) {
  if (const std::string path = config_path(flags); !path.empty())
    or_fail(apply_source(or_fail(parse_config(read_config(path), path)), settings));
  std::vector<std::string_view> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  or_fail(apply_source(or_fail(parse_environment(entries)), settings));
  or_fail(apply_source(assignments_of(flags), settings));
  or_fail(check_together(settings));
  return settings;
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, Duration& value,
                          const std::string& help, Duration most) {
  const auto read = [name, &value, most](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) throw CLI::ValidationError(name, duration.error());
    if (*duration > most)
      throw CLI::ValidationError(
          name, fmt::format("must be at most {} seconds", most / std::chrono::seconds(1)));
    value = *duration;
  };
  return command.add_option_function<std::string>(name, read, help)->type_name("SECONDS");
}

CLI::Option* add_fingerprint(CLI::App& command, const std::string& name, Fingerprint& value,
                             const std::string& help) {
  const auto read = [name, &value](const std::string& text) {
    const auto fingerprint = Fingerprint::parse(text);
    if (!fingerprint) {
      throw CLI::ValidationError(name,
                                 "must be 52 characters of base32, as 'kith key show' prints "
                                 "them");
    }
    value = *fingerprint;
  };
  return command.add_option_function<std::string>(name, read, help)->type_name("FINGERPRINT");
}

CLI::Option* add_address(CLI::App& command, const std::string& name, std::string& value,
                         const std::string& help) {
  const auto read = [name, &value](const std::string& text) {
    const auto address = Address::parse(text);
    if (!address || address->node || address->port == 0)
      throw CLI::ValidationError(name, "must be an address like example.org:3141");
    value = text;
  };
  return command.add_option_function<std::string>(name, read, help)->type_name("ADDRESS");
}

CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& value,
                       CountRange range, const std::string& help) {
  const auto read = [name, &value, range](const std::string& text) {
    std::uint64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || stop != end || count < range.least || count > range.most)
      throw CLI::ValidationError(name, fmt::format("must be a whole number from {} to {}, not '{}'",
                                                   range.least, range.most, text));
    value = count;
  };
  return command.add_option_function<std::string>(name, read, help)->type_name("N");
}

std::string complaint_about_number(const CLI::ArgumentMismatch& error) {
  constexpr std::string_view kMissing = " missing";
  const std::string_view text = error.what();
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos || !text.ends_with(kMissing)) return std::string(text);
  const auto rest = text.substr(0, text.size() - kMissing.size());
  return fmt::format("{0} needs a value: {0} {1}", text.substr(0, colon),
                     rest.substr(rest.rfind(' ') + 1));
}

std::string complaint_about_gap(const CLI::App& program, const CLI::RequiredError& error) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::vector<std::string> verbs;
  for (const CLI::App* verb : command->get_subcommands({})) verbs.push_back(verb->get_name());
  if (verbs.empty()) return error.what();
  return fmt::format("say what to do with it: {}", fmt::join(verbs, ", "));
}

std::string complaint_about_no_name(const std::string& file) {
  return file.empty() ? "is empty; name a file" : "";
}

std::string complaint_about_subject(const std::string& name) {
  return subject_id({}, name) ? "" : "a subject is 1 to 255 bytes of UTF-8 text";
}

std::string complaint_about_own_subject(const std::string& name) {
  if (is_reserved_subject(name))
    return fmt::format("subjects that begin with {} are for the overlay itself", kReservedSubjects);
  return complaint_about_subject(name);
}

std::string complaint_about_strangers(const CLI::App& program) {
  const CLI::App* command = &program;
  auto strangers = strangers_to(*command);
  while (strangers.empty() && !command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    strangers = strangers_to(*command);
  }
  if (strangers.empty()) return {};
  const std::string stranger = strangers.front().substr(0, strangers.front().find('='));

  std::vector<std::string> known;
  if (stranger.starts_with('-')) {
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  } else if (command->get_subcommands().empty()) {
    for (const CLI::App* sub : command->get_subcommands({})) known.push_back(sub->get_name());
  }
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::string complaint = stranger.starts_with('-') ? fmt::format("unknown option {}", stranger)
                          : known.empty() ? fmt::format("'{}' is one argument too many", stranger)
                                          : fmt::format("unknown command '{}'", stranger);
  if (const auto meant = nearest(stranger, names))
    complaint += fmt::format(": did you mean {}?", *meant);
  return complaint;
}

}  // namespace kith::apps
