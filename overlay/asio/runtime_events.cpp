// What the engine tells, handed to the application.

#include <exception>
#include <string>

#include "core/overloaded.hpp"
#include "overlay/asio/runtime.hpp"
#include "tokens/guarded_policy.hpp"

namespace kith {
namespace {

std::string in_seconds(Duration time) {
  const auto tenths = time / std::chrono::milliseconds(100);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

template <class Callback, class... Arguments>
bool Node::Runtime::call(const Callback& callback, const Arguments&... arguments) {
  if (!callback || muted_) return false;
  try {
    callback(arguments...);
    return true;
  } catch (const std::exception& error) {
    ++callback_failures_;
    log(LogLevel::error, std::string("a callback failed: ") + error.what());
  } catch (...) {
    ++callback_failures_;
    log(LogLevel::error, "a callback failed");
  }
  return false;
}

bool Node::Runtime::run(const std::function<void()>& what) { return call(what); }

void Node::Runtime::log(LogLevel level, std::string_view line) {
  if (!log_ || muted_) return;
  try {
    log_(level, line);
  } catch (...) {
    ++callback_failures_;
  }
}

void Node::Runtime::on_output(overlay::Output& output, overlay::Engine& engine, Instant now) {
  std::visit(Overloaded{[&](const overlay::Dial&) {}, [&](const overlay::WriteReady&) {},
                        [&](const overlay::CloseConnection&) {},
                        [&](const overlay::Delivered& message) { on(message, engine, now); },
                        // Whoever waits for it looks at the publisher itself.
                        [&](const overlay::PublisherDrained&) {},
                        [&](const overlay::RelationOutput& told) { on(told, engine, now); },
                        [&](const overlay::DialTimeUsed& used) { contacts_->on(used); },
                        [&](const overlay::DialTimeSeen& seen) { contacts_->on(seen); },
                        [&](const overlay::EntranceLearned& learned) { on(learned, now); },
                        [&](const overlay::TurnedAway& turned) { on(turned, now); },
                        [&](const overlay::PeerJoined& joined) { on(joined, now); },
                        [&](const auto& event) { on(event); }},
             output);
}

void Node::Runtime::on(const overlay::Delivered& message, overlay::Engine& engine, Instant now) {
  const auto it = subscriptions_.find(message.subscription);
  if (it == subscriptions_.end()) return;
  if (!it->second->is_over && !muted_) {
    call(it->second->on_message, Message{it->second->name, message.payload, message.sender});
    return;
  }
  // What its application has acknowledged is on its way to us; this it will not.
  if (it->second->options.acknowledgement == Acknowledgement::application) return;
  // It ended while the message was on its way to it: whoever sent that must not be told that it
  // was received.
  it->second->ended = Errc::closed;
  subscriptions_.erase(it);
  engine.decline(message.subscription, now);
}

void Node::Runtime::on(const overlay::SubscriptionMatched& matched) {
  const auto it = subscriptions_.find(matched.subscription);
  if (it == subscriptions_.end()) return;
  ++it->second->senders;
  if (!it->second->is_over) call(it->second->options.on_match, Match{matched.peer, matched.node});
}

void Node::Runtime::on(const overlay::SubscriptionUnmatched& unmatched) {
  const auto it = subscriptions_.find(unmatched.subscription);
  if (it == subscriptions_.end()) return;
  --it->second->senders;
  if (!it->second->is_over)
    call(it->second->options.on_unmatch, Match{unmatched.peer, unmatched.node});
}

void Node::Runtime::on(const overlay::PublisherMatched& matched) {
  const auto it = publishers_.find(matched.publisher);
  if (it == publishers_.end()) return;
  it->second->count_receiver(1);
  if (!it->second->is_muted())
    call(it->second->options().on_match, Match{matched.peer, matched.node});
}

void Node::Runtime::on(const overlay::PublisherUnmatched& unmatched) {
  const auto it = publishers_.find(unmatched.publisher);
  if (it == publishers_.end()) return;
  it->second->count_receiver(-1);
  if (!it->second->is_muted())
    call(it->second->options().on_unmatch, Match{unmatched.peer, unmatched.node});
}

void Node::Runtime::on(const overlay::PublisherWritable& writable) {
  const auto it = publishers_.find(writable.publisher);
  if (it == publishers_.end()) return;
  driver_->submit([weak = std::weak_ptr(it->second)](overlay::Engine& engine, Instant now) {
    if (const auto publisher = weak.lock()) publisher->move_on(engine, now);
  });
}

void Node::Runtime::on(const overlay::MessagesExpired& expired) {
  log(LogLevel::warning, std::to_string(expired.count) + " messages expired before " +
                             expired.peer.abbreviated() + " took them");
}

/// Calls `use` with the options of a subscription or publisher that still listens.
void Node::Runtime::with_options_of(
    const std::variant<overlay::SubscriptionId, overlay::PublisherId>& intent, const auto& use) {
  if (const auto* id = std::get_if<overlay::SubscriptionId>(&intent)) {
    const auto it = subscriptions_.find(*id);
    if (it != subscriptions_.end() && !it->second->is_over) use(it->second->options);
  } else {
    const auto it = publishers_.find(std::get<overlay::PublisherId>(intent));
    if (it != publishers_.end() && !it->second->is_muted()) use(it->second->options());
  }
}

void Node::Runtime::on(const overlay::Declared& declared) {
  with_options_of(declared.intent,
                  [&](const auto& options) { call(options.on_declared, declared.holders); });
}

void Node::Runtime::on(const overlay::DeclareRefused& refused) {
  with_options_of(refused.intent,
                  [&](const auto& options) { call(options.on_refused, refused.why); });
}

void Node::Runtime::on(const overlay::TraceDone& done) {
  const auto asked = traces_.extract(done.trace);
  if (asked.empty()) return;
  auto& slot = *asked.mapped();
  if (done.hops.empty()) {
    slot = std::unexpected(Errc::timed_out);
  } else {
    slot = NodeTrace{.key = done.key, .hops = done.hops, .round_trip = done.round_trip};
  }
}

void Node::Runtime::on(const overlay::AskPolicy& ask) {
  GuardedPolicy(*policy_).ask(
      ask.what, [weak = std::weak_ptr(driver_), question = ask.question](Verdict verdict) {
        const auto driver = weak.lock();
        if (!driver) return;
        driver->submit([question, verdict](overlay::Engine& engine, Instant now) {
          engine.on_verdict(question, verdict, now);
        });
      });
}

void Node::Runtime::on(const overlay::RelationOutput& told, overlay::Engine& engine, Instant now) {
  std::visit(Overloaded{[&](const overlay::QueryAsked& asked) { questions_->on(asked, engine); },
                        [&](const overlay::QueryAnswered& answered) { questions_->on(answered); },
                        [&](const overlay::QueryFailed& failed) { questions_->on(failed); },
                        [&](const auto&) { contacts_->on(told, engine, now); }},
             told);
}

void Node::Runtime::on(const overlay::Accounted& accounted) {
  GuardedPolicy(*policy_).account(accounted.what);
}

void Node::Runtime::on(const overlay::ReadyChanged& changed) {
  if (changed.ready) join_failure_.reset();
  log(LogLevel::info, changed.ready ? "ready" : "not ready: no peer is left");
}

void Node::Runtime::on(const overlay::JoinFailed& failed) {
  if (failed.is_needed) join_failure_ = failed;
  const std::string where = failed.endpoint.to_string();
  std::string advice;
  if (failed.met_first) {
    advice = ", " + failed.met_first->to_string() +
             "; if the node was replaced, name the new one as kith://<fingerprint>@" + where +
             " or start this node again";
  }
  const auto level = failed.is_needed ? LogLevel::warning : LogLevel::info;
  log(level, "cannot join through " + where + ": " + std::string(describe(failed.why)) + advice +
                 "; next attempt in " + in_seconds(failed.next_attempt_in));
}

void Node::Runtime::on(const overlay::EntranceLearned& learned, Instant now) {
  contacts_->on(learned, now);
  log(LogLevel::info, "met " + learned.node.abbreviated() + " at " + learned.endpoint.to_string() +
                          ": from now on only this node may answer there");
}

void Node::Runtime::on(const overlay::TurnedAway& turned, Instant now) {
  for (const std::string& line : turned_away_.on(turned, now.time)) log(LogLevel::debug, line);
}

void Node::Runtime::on(const overlay::PeerJoined& joined, Instant now) {
  join_failure_.reset();
  contacts_->on(joined, now);
  log(LogLevel::info, "joined " + joined.node.abbreviated() + " at " + joined.endpoint.to_string());
}

void Node::Runtime::on(const overlay::PeerLost& lost) {
  log(LogLevel::info, "lost " + lost.node.abbreviated() + ": " + std::string(describe(lost.why)));
}

void Node::Runtime::on(const overlay::Left&) {
  contacts_->on_left();
  log(LogLevel::info, "left the overlay");
  stopped_->set({});
}

}  // namespace kith
