#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "apps/batch_writer.hpp"
#include "apps/client_node.hpp"
#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/console/interrupts.hpp"
#include "apps/console/json.hpp"
#include "apps/console/narrator.hpp"
#include "apps/console/output.hpp"
#include "apps/console/wording.hpp"
#include "apps/inbox.hpp"
#include "apps/node_settings.hpp"

namespace kith::apps {
namespace {

using Clock = Inbox::Clock;

struct SubOptions {
  Flags flags;
  std::vector<std::string> subjects;
  bool raw = false;
  bool as_json = false;
  bool quiet = false;
  std::uint64_t count = 0;  ///< 0: any number.
  Duration timeout{};       ///< 0: none.
  Duration match_timeout{};
};

void append_payload(std::string& text, const Message& message, std::uint64_t) {
  text += message.text();
}

void append_line(std::string& text, const Message& message, std::uint64_t) {
  text += message.text();
  text += '\n';
}

void append_json(std::string& text, const Message& message, std::uint64_t sequence) {
  boost::json::object object;
  object["subject"] = message.subject;
  object["sequence"] = sequence;
  object["sender"] = message.sender.to_string();
  add_payload(object, message.payload);
  text += boost::json::serialize(object);
  text += '\n';
}

Inbox::Format format_of(const SubOptions& options) {
  if (options.as_json) return append_json;
  return options.raw ? append_payload : append_line;
}

/// The times by which something must have happened.
class Deadlines {
 public:
  Deadlines(const SubOptions& options, const Settings& settings, Clock::time_point start)
      : end_(after(start, options.timeout)),
        match_(after(start, options.match_timeout)),
        join_(start + settings.join_timeout) {}

  /// Throws `Failure` when one has passed.  @pre what has come by now is written
  void check(const Inbox& inbox, const Node& node, const Settings& settings) {
    if (inbox.is_matched()) match_ = join_ = Clock::time_point::max();
    const auto now = Clock::now();
    if (is_joining() && node.is_ready()) join_ = Clock::time_point::max();
    if (now >= join_ || (is_joining() && is_hopeless(node, settings)))
      throw not_taken_in(node, settings, settings.join_timeout);
    if (now >= match_)
      throw Failure(ExitCode::no_match,
                    "nobody publishes that; --first-match-timeout waits longer");
    if (now >= end_)
      throw Failure(ExitCode::timed_out,
                    "time is up after " + counted(inbox.received(), "message"));
  }

  [[nodiscard]] Clock::time_point next() const {
    const auto look = is_joining() ? Clock::now() + kLookInterval : Clock::time_point::max();
    return std::min({end_, match_, join_, look});
  }
  [[nodiscard]] bool has_ended() const { return Clock::now() >= end_; }

 private:
  [[nodiscard]] bool is_joining() const { return join_ != Clock::time_point::max(); }

  static Clock::time_point after(Clock::time_point start, Duration time) {
    return time.count() == 0 ? Clock::time_point::max() : start + time;
  }

  Clock::time_point end_;
  Clock::time_point match_;
  Clock::time_point join_;
};

SubscriptionOptions subscription_options(Inbox& inbox, const Narrator& narrator,
                                         const std::string& subject) {
  SubscriptionOptions options;
  options.acknowledgement = Acknowledgement::application;
  options.on_match = [&inbox, &narrator, subject](const Match& match) {
    inbox.on_match();
    narrator.tell(fmt::format("matched with {} for {} after {}", match.identity.abbreviated(),
                              without_controls(subject), for_people(narrator.elapsed())));
  };
  options.on_unmatch = [&narrator, subject](const Match& match) {
    narrator.tell(fmt::format("{} no longer publishes {}", match.identity.abbreviated(),
                              without_controls(subject)));
  };
  return options;
}

/// What messages come through, and what ends that.
struct Reception {
  const SubOptions& options;
  Inbox& inbox;
  BatchWriter& writer;
  const Interrupts& interrupts;
  const Deadlines& deadlines;
};

/// Writes what comes until it is enough, or `check` throws.
ExitCode write_messages(const Reception& reception, const std::function<void()>& check) {
  const auto& [options, inbox, writer, interrupts, deadlines] = reception;
  for (;;) {
    writer.write(inbox.take(deadlines.next()));
    if (inbox.is_complete()) return ExitCode::ok;
    if (interrupts.requested()) {
      if (options.count == 0) return ExitCode::ok;
      throw Failure(ExitCode::error, fmt::format("interrupted after {} of {} messages",
                                                 inbox.received(), options.count));
    }
    const bool is_enough = options.count == 0 && inbox.received() > 0;
    if (deadlines.has_ended() && is_enough) return ExitCode::ok;
    check();
  }
}

ExitCode subscribe(const SubOptions& options) {
  const Narrator narrator(options.quiet);
  const auto start = Clock::now();
  const std::set subjects(options.subjects.begin(), options.subjects.end());
  Inbox inbox(format_of(options), options.count == 0 ? std::nullopt : std::optional(options.count),
              subjects.size());
  Interrupts interrupts;
  interrupts.listen([&] { inbox.close(); });
  const Settings settings = load_joining_settings(options.flags, options.quiet);
  Node node(client_config(settings, settings.join));
  std::vector<Subscription> subscriptions;
  subscriptions.reserve(subjects.size());
  for (const std::string& subject : subjects) {
    subscriptions.push_back(node.subscribe(
        subject,
        [&inbox, index = subscriptions.size()](const Message& message) {
          inbox.put(index, message);
        },
        subscription_options(inbox, narrator, subject)));
  }
  Deadlines deadlines(options, settings, start);
  BatchWriter writer(write_output, [&](std::size_t subscription, std::uint64_t messages) {
    subscriptions[subscription].acknowledge(messages);
  });
  // What is there at the end is written on every way out, but where that failed.
  const auto finish = [&] {
    inbox.close();
    writer.write(inbox.take(Clock::now()));
    subscriptions.clear();
  };
  ExitCode code{};
  try {
    code = write_messages({options, inbox, writer, interrupts, deadlines},
                          [&] { deadlines.check(inbox, node, settings); });
  } catch (const Failure&) {
    finish();
    throw;
  }
  finish();
  if (const auto first = inbox.first_at()) {
    narrator.tell(fmt::format("received {}, the first {} after the start",
                              counted(inbox.received(), "message"),
                              for_people(std::chrono::duration_cast<Duration>(*first - start))));
  }
  return code;
}

constexpr const char* kSubFooter =
    R"(Standard output carries nothing but messages: each is a line, its bytes as they were sent.

Examples:
  kith sub news/weather                          through the node that runs on this machine
  kith sub news/weather news/sports --join kith://FINGERPRINT@127.0.0.1:3141
  kith sub config --raw --count 1 > site.toml    one message, as it is
  kith sub news/weather --json | jq -r .payload
  kith sub alarm --count 1 --timeout 60 || echo 'no alarm in a minute'

Ends by Ctrl-C, after --count messages, after --timeout, or when nobody reads its output.
)";

}  // namespace

void add_sub(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("sub", "Receive what is published on subjects, until Ctrl-C");
  command->footer(kSubFooter);
  const auto options = std::make_shared<SubOptions>();
  command->add_option("SUBJECT", options->subjects, "One or more subjects, like news/weather")
      ->required()
      ->check(complaint_about_own_subject);
  CLI::Option* raw =
      command->add_flag("--raw", options->raw, "Write messages as they are, without line breaks");
  command
      ->add_flag("--json", options->as_json,
                 "One JSON object a line: subject, sequence, sender, encoding, payload")
      ->excludes(raw);
  add_count(*command, "--count", options->count, {1, std::uint64_t{1} << 62},
            "End after that many messages");
  add_duration(*command, "--timeout", options->timeout,
               "End after that time; exit code 6 if fewer than --count messages came, or none");
  add_duration(*command, "--first-match-timeout", options->match_timeout,
               "Give up if nobody publishes by then: exit code 5");
  command->add_flag("-q,--quiet", options->quiet, "Say nothing on standard error but errors");
  add_client_settings(*command, options->flags);
  command->callback([options, &chosen] { chosen = [options] { return subscribe(*options); }; });
}

}  // namespace kith::apps
