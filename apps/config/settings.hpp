#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/node.hpp>
#include <kith/time.hpp>

namespace kith::apps {

enum class PolicyName : std::uint8_t { open, known, realm, realm_ask };

/// What a person may say about a node, wherever it is said.
struct Settings {
  std::vector<std::string> join{};
  std::vector<std::string> listen{};
  std::vector<std::string> advertise{};
  std::string key{};       ///< A file; empty: new keys, for the life of the node.
  std::string identity{};  ///< A file; empty: the node key's own.
  Bytes identity_token{};  ///< Empty: the identity speaks for itself.
  std::optional<Fingerprint> realm{};
  std::optional<std::array<Byte, 32>> realm_leader{};
  PolicyName policy = PolicyName::open;
  std::vector<Fingerprint> known{};
  std::vector<std::string> exempt{};
  std::string store{};  ///< A file; empty: tickets and contacts are not kept.
  Profile profile = Profile::everybody;
  std::string accept{};   ///< Letters of flows; empty: those of the profile.
  std::string control{};  ///< A socket; empty: the usual place.
  Duration join_timeout = std::chrono::seconds(10);
  /// Nothing: no log at all.
  std::optional<LogLevel> log_level = LogLevel::info;
};

/// What is wrong with what was said, to follow the name of what it was said about: "must be …".
using Complaint = std::string;

/// One thing that can be set: in a file as `name`, in the environment as `KITH_NAME`, on the
/// command line as `--name`.
struct Setting {
  enum class Type : std::uint8_t { text, texts, seconds };

  std::string_view name;
  Type type = Type::text;
  std::string_view placeholder;  ///< What stands for the value in a help text.
  std::string_view help;
  /// Reads `values`, exactly one unless the type is `texts`.  If they are no good, `settings` stay
  /// as they were.
  std::expected<void, Complaint> (*set)(Settings& settings, std::span<const std::string> values);
};

/// All there are, in the order in which a help text shows them.
[[nodiscard]] std::span<const Setting> all_settings();

/// Nothing if there is none of that name.
[[nodiscard]] const Setting* find_setting(std::string_view name);

/// One setting as it was said somewhere.
struct Assignment {
  const Setting* setting = nullptr;
  std::vector<std::string> values;
  /// Where, and by which name: "kith.toml:3: listen", "KITH_LISTEN", "--listen".
  std::string origin;
};

/// Sets it.  On failure: what is wrong, where.
[[nodiscard]] std::expected<void, Complaint> apply(const Assignment& assignment,
                                                   Settings& settings);

/// Sets all that one source says, over what earlier ones said.  A profile takes the place of the
/// flows that they named, a policy that of whom they knew: these belong together.  On failure: what
/// is wrong, where.
[[nodiscard]] std::expected<void, Complaint> apply_source(std::span<const Assignment> assignments,
                                                          Settings& settings);

/// What is wrong between settings that are each right by themselves.
[[nodiscard]] std::expected<void, Complaint> check_together(const Settings& settings);

/// Reads a span of time: `10`, `0.5`, `200ms`, `10s`, `2m`, `1h`; a bare number is in seconds.
/// At least a millisecond, at most 30 days.
[[nodiscard]] std::expected<Duration, Complaint> parse_duration(std::string_view text);

}  // namespace kith::apps
