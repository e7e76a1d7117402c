#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

#include <kith/subject.hpp>

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "overlay/engine.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/router/messages.hpp"
#include "overlay/session/session.hpp"
#include "tests/fuzz/engine_cast.hpp"
#include "tests/fuzz/play.hpp"

/// Reads the input as what two peers with joined sessions, the application and the world do to one
/// node: messages of every kind, whole, torn or changed, in any order; commands; connections that
/// come, fail and break; jumps of the clock.  After each step nothing may be broken.
namespace {

using namespace std::chrono_literals;

using namespace kith;
using namespace kith::overlay;
using namespace kith::overlay::test;
using namespace kith::test;

constexpr std::size_t kScriptBytesMax = 1024;

class Town {
 public:
  explicit Town(EngineCast& cast) : cast_(cast), engine_(config(cast), random_, kStart) {
    engine_.set_endpoints({Endpoint::v4({127, 0, 0, 1}, 3141)}, now_);
    for (std::size_t i = 0; i < kRogues; ++i) connect(i, Participation::member);
    KITH_ASSERT(engine_.status().sessions == kRogues);
    KITH_ASSERT(engine_.add_relationship(*cast.relationship, {}).has_value());
  }

  void step(Input& input) {
    switch (input.next() % 14) {
      case 0:
      case 1:
      case 2:
        return say(input, message(input));
      case 3:
      case 4:
        return say(input, routed(input));
      case 5:
        return say(input, answered(input));
      case 6:
      case 7:
        return command(input);
      case 8:
        return reconnect(input);
      case 9:
        return dialed(input);
      case 10:
      case 11:
        return deal(input);
      default:
        return wait(input);
    }
  }

  void drain() {
    while (auto output = engine_.poll_output(now_)) {
      std::visit(Overloaded{[&](const Dial& dial) { dials_.push_back(dial.connection); },
                            [&](const WriteReady& ready) { take(ready.connection); },
                            [&](const CloseConnection& close) { hang_up(close); },
                            [&](const AskPolicy& ask) {
                              engine_.on_verdict(ask.question, Verdict::yes, now_);
                            },
                            [&](const RelationOutput& told) { answer(told); }, [](const auto&) {}},
                 *output);
    }
  }

 private:
  struct Line {
    std::optional<Session> session;
    std::optional<ConnectionId> connection;
  };

  static EngineConfig config(EngineCast& cast) {
    EngineConfig config;
    config.primitives = &sim::simulated_primitives();
    config.node_key = cast.self.node_key.clone();
    config.static_key = EngineCast::static_key();
    config.public_topics = {"known"};
    return config;
  }

  void connect(std::size_t which, Participation as) {
    Line& line = lines_.at(which);
    line.connection = engine_.on_accepted(Endpoint::v4({127, 0, 0, 1}, 4000), now_);
    if (!line.connection) return;
    DialTarget target;
    target.first_message = encode(JoinMessage{.role = as, .entering = true});
    line.session.emplace(Session::dial(cast_.rogues[which]->local, std::move(target),
                                       session_config_, random_, now_));
    run();
  }

  /// Carries bytes both ways until nobody has more to say.
  void run() {
    for (bool busy = true; busy;) {
      drain();
      busy = false;
      for (Line& line : lines_) {
        if (!line.session || !line.connection) continue;
        listen(line);
        Bytes bytes;
        line.session->take_bytes(bytes, now_);
        if (bytes.empty()) continue;
        engine_.on_bytes(*line.connection, bytes, now_);
        drain();
        busy = true;
      }
    }
    engine_.sanity_check();
  }

  /// What the store and the application say.
  void answer(const RelationOutput& told) {
    std::visit(Overloaded{[&](const CheckTicket& check) {
                            engine_.on_ticket_checked(check.question, TicketTerms{}, now_);
                          },
                          [&](const SpendTicket& spend) {
                            engine_.on_verdict(spend.question, Verdict::yes, now_);
                          },
                          [&](const KeepRelationship& keep) {
                            engine_.on_verdict(keep.question, Verdict::yes, now_);
                          },
                          [&](const QueryAsked& asked) { inquiries_.push_back(asked.question); },
                          [](const auto&) {}},
               told);
  }

  void take(ConnectionId connection) {
    for (;;) {
      Bytes bytes;
      engine_.take_bytes(connection, 64U << 10, bytes, now_);
      if (bytes.empty()) return;
      for (Line& line : lines_) {
        if (line.connection != connection || !line.session) continue;
        line.session->on_bytes(bytes, now_);
        listen(line);
      }
    }
  }

  /// Keeps the numbers that an answer must have.
  void listen(Line& line) {
    while (const auto event = line.session->poll_event(now_)) {
      if (std::holds_alternative<SessionAsks>(*event)) line.session->on_verdict(true, now_);
      if (std::holds_alternative<SessionOpened>(*event)) line.session->let_in();
      if (const auto* message = std::get_if<SessionMessage>(&*event))
        if (const auto route = decode_route(message->message)) heard_route_ = route->number;
    }
  }

  void hang_up(const CloseConnection& close) {
    for (Line& line : lines_)
      if (line.connection == close.connection) line = {};
  }

  void say(Input& input, const Bytes& message) {
    Line& line = lines_.at(input.next() % kRogues);
    if (line.session && line.session->is_open()) (void)line.session->send({message});
    run();
  }

  Bytes message(Input& input) {
    return garbled(cast_.messages[input.next() % cast_.messages.size()], input);
  }

  Bytes routed(Input& input) {
    const std::uint8_t flags = input.next();
    const Bytes payload = message(input);
    RouteMessage route;
    route.number = next_number_++;
    route.key = *subject_id({}, kSubjects[flags % kSubjects.size()]);
    if ((flags & 2) != 0) route.target = engine_.id();
    if ((flags & 4) != 0) route.avoid = cast_.rogues[0]->local.id;
    if ((flags & 8) != 0) route.key = engine_.id();
    route.recorded = (flags & 16) != 0;
    route.hops_left = (flags & 32) != 0 ? 1 : 20;
    route.payload = payload;
    return encode(route);
  }

  Bytes answered(Input& input) {
    const std::uint8_t flags = input.next();
    const Bytes payload = message(input);
    AnswerMessage answer;
    answer.number = heard_route_;
    answer.status = static_cast<AnswerStatus>(flags % 3);
    if ((flags & 4) != 0) answer.record = {cast_.rogues[1]->local.id};
    answer.payload = payload;
    return encode(answer);
  }

  void command(Input& input) {
    const std::uint8_t what = input.next();
    const std::string_view subject = kSubjects[what / 8 % kSubjects.size()];
    switch (what % 8) {
      case 0:
        if (const auto id = engine_.subscribe(subject, {}, now_)) subscription_ = *id;
        break;
      case 1:
        engine_.unsubscribe(subscription_, now_);
        break;
      case 2:
        if (const auto id = engine_.advertise(subject, {}, now_)) publisher_ = *id;
        break;
      case 3:
        engine_.withdraw(publisher_, now_);
        break;
      case 4:
      case 5:
        if (engine_.status().publishers > 0)
          (void)engine_.publish(publisher_, Bytes(input.next() * std::size_t{16}), now_);
        break;
      case 6:
        engine_.trace(cast_.rogues[what / 16 % kRogues]->local.id, now_);
        break;
      default:
        if (what > 247) return leave();
        block(cast_.rogues[what / 16 % kRogues]->local.id, (what & 8) != 0);
    }
    run();
  }

  void deal(Input& input) {
    const std::uint8_t what = input.next();
    const RelationshipId id = cast_.relationship->terms().id;
    const Endpoint endpoint = Endpoint::v4({192, 0, 2, 1}, 3141);
    switch (what % 7) {
      case 0:
        (void)engine_.send_to(id, Bytes(what), now_);
        break;
      case 1:
        (void)engine_.connect(id, now_);
        break;
      case 2:
        engine_.take(id, 1U + what / 7U % 2U);
        break;
      case 3:
        (void)engine_.query({.endpoint = endpoint, .node = {}}, "known", Bytes(what));
        break;
      case 4:
        (void)engine_.issue_ticket({.partner = {}, .dialed = {"10.0.0.1", 3141}}, now_);
        break;
      case 5:
        (void)engine_.redeem(
            {.ticket = TicketToken::decode(cast_.ticket).value(), .endpoints = {endpoint}}, now_);
        break;
      default:
        if (what > 247) (void)engine_.end(id, now_);
        if (inquiries_.empty()) break;
        (void)engine_.answer_query(inquiries_.front(), QueryStatus::answered, Bytes(what));
        inquiries_.pop_front();
    }
    run();
  }

  void leave() {
    engine_.leave(now_);
    run();
  }

  void block(const Fingerprint& rogue, bool whether) {
    if (whether)
      (void)engine_.block(rogue, now_.wall + std::chrono::seconds(10), now_);
    else
      engine_.unblock(rogue);
  }

  void reconnect(Input& input) {
    const std::uint8_t how = input.next();
    Line& line = lines_.at(how % kRogues);
    if (line.connection) {
      const ConnectionId connection = *line.connection;
      line = {};
      if ((how & 2) != 0)
        engine_.on_end_of_stream(connection, now_);
      else
        engine_.on_connection_lost(connection, now_);
    }
    run();
    if ((how & 4) != 0) connect(how % kRogues, static_cast<Participation>((how >> 3) & 1));
  }

  void dialed(Input& input) {
    if (dials_.empty()) return;
    const ConnectionId connection = dials_.front();
    dials_.pop_front();
    if (input.next() % 2 == 0) {
      engine_.on_connect_failed(connection, now_);
    } else {
      engine_.on_connected(connection, now_);
      engine_.on_bytes(connection, as_bytes("nope"), now_);
    }
    run();
  }

  /// Up to some minutes, or days.
  void wait(Input& input) {
    pass_time(now_, 4ms, input);
    engine_.on_deadline(now_);
    run();
  }

  EngineCast& cast_;
  Instant now_ = kStart;
  SeededRandom random_{2};
  SessionConfig session_config_;
  Engine engine_;
  std::array<Line, kRogues> lines_;
  std::deque<ConnectionId> dials_;
  std::uint32_t next_number_ = 1;
  std::uint32_t heard_route_ = 0;
  std::deque<QuestionId> inquiries_;
  SubscriptionId subscription_{};
  PublisherId publisher_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return play<EngineCast, Town>(data, size, kScriptBytesMax);
}
