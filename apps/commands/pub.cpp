#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "apps/client_node.hpp"
#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/console/interrupts.hpp"
#include "apps/console/json.hpp"
#include "apps/console/narrator.hpp"
#include "apps/console/output.hpp"
#include "apps/console/progress.hpp"
#include "apps/console/wording.hpp"
#include "apps/line_reader.hpp"
#include "apps/node_settings.hpp"
#include "apps/outbox.hpp"
#include "overlay/exchange/limits.hpp"

namespace kith::apps {
namespace {

using Clock = Receivers::Clock;

/// How long Ctrl-C waits for what is under way.
constexpr Duration kShortDrain = std::chrono::seconds(2);
/// How much longer than messages live their end is waited for.
constexpr Duration kDrainGrace = std::chrono::seconds(5);

struct PubOptions {
  Flags flags;
  std::string subject;
  std::optional<std::string> message;
  bool lines = false;
  bool as_json = false;
  bool quiet = false;
  std::uint64_t receivers = 1;
  Duration match_timeout = std::chrono::seconds(10);
  Duration time_to_live = std::chrono::seconds(60);
};

/// One run of the command, from the first match to the last acknowledgement.
class Sender {
 public:
  Sender(const PubOptions& options, const Settings& settings, const Interrupts& interrupts,
         Receivers& receivers)
      : options_(options),
        settings_(settings),
        interrupts_(interrupts),
        receivers_(receivers),
        narrator_(options.quiet),
        progress_(!options.quiet),
        node_(client_config(settings, settings.join)),
        publisher_(node_.publisher(options.subject, publisher_options())) {}

  ExitCode run() {
    wait_for_receivers(options_.receivers);
    const auto begin = Clock::now();
    std::optional<Failure> failed;
    try {
      send_input();
    } catch (const Failure& failure) {
      // What was accepted before is not lost by it.
      failed = failure;
    }
    const bool is_drained = drain();
    progress_.clear();
    const PublisherStatus status = publisher_.status();
    report(status, std::chrono::duration_cast<Duration>(Clock::now() - begin));
    if (failed) throw Failure(*failed);
    return outcome(status, is_drained);
  }

 private:
  PublisherOptions publisher_options() {
    PublisherOptions options;
    options.time_to_live = options_.time_to_live;
    // One whose connection is lost may come back, for as long as one that has not come yet.
    options.resume_time = std::min(options_.match_timeout, options_.time_to_live);
    options.on_match = [this](const Match& match) {
      narrator_.tell(fmt::format("matched with {} after {}", match.identity.abbreviated(),
                                 for_people(narrator_.elapsed())));
      receivers_.add(1);
    };
    options.on_unmatch = [this](const Match& match) {
      receivers_.add(-1);
      narrator_.tell(fmt::format("{} no longer receives", match.identity.abbreviated()));
    };
    return options;
  }

  /// Throws `Failure` if they do not come in time.
  void wait_for_receivers(std::size_t count) {
    const auto join_deadline = Clock::now() + settings_.join_timeout;
    while (!node_.is_ready()) {
      const auto look = std::min(join_deadline, Clock::now() + kLookInterval);
      if (receivers_.wait_for(count, look)) return;
      stop_if_interrupted();
      const bool is_late = Clock::now() >= join_deadline && !node_.is_ready();
      if (is_late || is_hopeless(node_, settings_))
        throw not_taken_in(node_, settings_, settings_.join_timeout);
    }
    if (receivers_.wait_for(count, Clock::now() + options_.match_timeout)) return;
    stop_if_interrupted();
    const auto waited = for_people(options_.match_timeout);
    if (sent_ > 0) {
      throw Failure(ExitCode::no_match,
                    fmt::format("nobody receives any more, and nobody came within {}: only {} "
                                "messages were sent; --match-timeout waits longer",
                                waited, sent_));
    }
    throw Failure(ExitCode::no_match,
                  fmt::format("{} of {} receivers within {}; --match-timeout waits longer",
                              receivers_.now(), count, waited));
  }

  void stop_if_interrupted() const {
    if (interrupts_.requested())
      throw Failure(ExitCode::error, "interrupted before a receiver came");
  }

  void send_input() {
    if (options_.message) return send(*options_.message);
    LineReader input(interrupts_.descriptor());
    if (!options_.lines) {
      const std::string whole = input.rest();
      if (!interrupts_.requested()) send(whole);
      return;
    }
    while (const auto line = input.next()) {
      if (interrupts_.requested()) return;
      send(*line);
      if (sent_ % kShowEvery == 0)
        progress_.show("publishing", input.fraction(), counted(sent_, "message"));
    }
  }

  void send(std::string_view payload) {
    // Whoever received is gone: better to wait than to talk to nobody.
    if (receivers_.now() == 0) wait_for_receivers(1);
    const auto sent =
        publish_unless([this] { return interrupts_.requested(); }, publisher_, payload);
    if (sent) {
      ++sent_;
    } else if (sent.error() != Errc::shutting_down) {
      throw Failure(ExitCode::error, fmt::format("cannot publish: {}", describe(sent.error())));
    }
  }

  /// Waits until every message is settled; whether it is.
  bool drain() {
    const auto now = [] { return Clock::now(); };
    auto deadline =
        now() + (interrupts_.requested() ? kShortDrain : options_.time_to_live + kDrainGrace);
    while (!publisher_.drain(kShowInterval)) {
      if (interrupts_.requested()) deadline = std::min(deadline, now() + kShortDrain);
      if (now() >= deadline) return false;
      progress_.show("waiting for receivers", std::nullopt, under_way(publisher_.status()));
    }
    return true;
  }

  void report(const PublisherStatus& status, Duration took) const {
    const double rate = static_cast<double>(sent_) / std::max(in_seconds(took), 1e-6);
    narrator_.tell(
        fmt::format("sent {} to {}: {} delivered, {} expired, {} refused, in {} ({:.0f}/s)",
                    counted(sent_, "message"), counted(receivers_.most(), "receiver"),
                    status.delivered, status.expired, status.refused, for_people(took), rate));
    if (!options_.as_json) return;
    write_json(boost::json::object{{"subject", options_.subject},
                                   {"sent", sent_},
                                   {"receivers", receivers_.most()},
                                   {"delivered", status.delivered},
                                   {"expired", status.expired},
                                   {"refused", status.refused},
                                   {"unheard", status.unheard},
                                   {"seconds", in_seconds(took)},
                                   {"messages_per_second", rate}});
  }

  ExitCode outcome(const PublisherStatus& status, bool is_drained) const {
    if (interrupts_.requested()) throw Failure(ExitCode::error, "interrupted");
    if (!is_drained)
      throw Failure(ExitCode::timed_out,
                    fmt::format("{}: a receiver still holds back", under_way(status)));
    // Who left before a message was published is owed nothing of it, and was to have it.
    const std::uint64_t owed = status.delivered + status.expired + status.refused;
    const std::uint64_t wanted = sent_ * options_.receivers;
    const std::uint64_t left = status.refused + (wanted - std::min(wanted, owed));
    const std::uint64_t failed = status.expired + left;
    if (failed == 0) return ExitCode::ok;
    throw Failure(ExitCode::error, fmt::format("{} of {} deliveries failed: {}{}{}", failed,
                                               failed + status.delivered, describe_left(left),
                                               left > 0 && status.expired > 0 ? ", and " : "",
                                               describe_expired(status.expired)));
  }

  /// One for each message and receiver that has not acknowledged it.
  static std::string under_way(const PublisherStatus& status) {
    const std::uint64_t count = status.in_flight();
    return fmt::format("{} {} under way", count, count == 1 ? "delivery" : "deliveries");
  }

  static std::string describe_left(std::uint64_t count) {
    return count == 0 ? "" : fmt::format("of {} the receiver had left", count);
  }

  static std::string describe_expired(std::uint64_t count) {
    return count == 0 ? ""
                      : fmt::format(
                            "{} expired, because a receiver was too slow (see --ttl) or its "
                            "connection was lost and it did not come back (see --match-timeout)",
                            count);
  }

  static constexpr std::uint64_t kShowEvery = 256;
  static constexpr Duration kShowInterval = std::chrono::milliseconds(200);

  const PubOptions& options_;
  const Settings& settings_;
  const Interrupts& interrupts_;
  Receivers& receivers_;
  const Narrator narrator_;
  Progress progress_;
  std::uint64_t sent_ = 0;
  Node node_;
  Publisher publisher_;
};

ExitCode publish(const PubOptions& options) {
  if (options.message && options.lines)
    throw Failure(ExitCode::usage, "--lines reads standard input: leave MESSAGE out, or --lines");
  Receivers receivers;
  Interrupts interrupts;
  interrupts.listen([&] { receivers.interrupt(); });
  const Settings settings = load_joining_settings(options.flags, options.quiet);
  if (!options.message && ::isatty(STDIN_FILENO) == 1 && !options.quiet)
    complain("reading the message from the terminal; Ctrl-D ends it");
  return Sender(options, settings, interrupts, receivers).run();
}

constexpr const char* kPubFooter =
    R"(What is published is MESSAGE; without it all of standard input, or with --lines each line of it.
A message holds 1,048,512 bytes at most.

A message goes to everybody who is subscribed when it is published; pub waits for --receivers of
them, publishes, waits until each has acknowledged everything, and says so on standard error.

Exit code 0: every receiver acknowledged every message.  1: some deliveries failed, because a
receiver left, was too slow, or lost its connection and did not come back within --match-timeout.
5: nobody received within --match-timeout, at first or any more.  6: time is up, and receivers
still hold back.

Examples:
  kith pub news/weather 'sunny'                  through the node that runs on this machine
  kith pub news/weather 'sunny' --join kith://FINGERPRINT@127.0.0.1:3141
  tail -f app.log | kith pub logs --lines
  kith pub books --lines --receivers 2 < book.txt
  kith pub config < site.toml                    one message
)";

}  // namespace

void add_pub(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("pub", "Publish a message, or every line of the input");
  command->footer(kPubFooter);
  const auto options = std::make_shared<PubOptions>();
  command->add_option("SUBJECT", options->subject, "A subject, like news/weather")
      ->required()
      ->check(complaint_about_own_subject);
  command->add_option("MESSAGE", options->message,
                      "What to publish; behind -- if it begins with -");
  command->add_flag("--lines", options->lines, "Publish each line of standard input by itself");
  add_count(*command, "--receivers", options->receivers, {1, 1'000'000},
            "Wait for so many; 1 if not given");
  add_duration(*command, "--match-timeout", options->match_timeout,
               "How long to wait for them once the overlay has taken us in, and for one whose "
               "connection was lost; 10 if not given");
  add_duration(*command, "--ttl", options->time_to_live,
               "How long a message waits for a receiver that does not take it, at most 24h; 60 if "
               "not given",
               overlay::kTimeToLiveMax);
  command->add_flag("--json", options->as_json, "Print the summary as a JSON object");
  command->add_flag("-q,--quiet", options->quiet, "Say nothing on standard error but errors");
  add_client_settings(*command, options->flags);
  command->callback([options, &chosen] { chosen = [options] { return publish(*options); }; });
}

}  // namespace kith::apps
