#include "apps/commands/options.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <kith/address.hpp>
#include <kith/subject.hpp>

namespace kith::apps {

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

void add_client_settings(CLI::App& command, Flags& flags) {
  add_settings(
      command, flags,
      {"join", "listen", "advertise", "key", "identity", "identity-token", "realm", "realm-leader",
       "policy", "known", "exempt", "join-timeout", "control", "log-level"});
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

}  // namespace kith::apps
