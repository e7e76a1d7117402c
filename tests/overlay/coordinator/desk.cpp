#include "tests/overlay/coordinator/desk.hpp"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace kith::overlay::test {

Desk::Desk(Random& random, CoordinatorConfig config)
    : self(random), neighbours(self.id()), coordinator(config, neighbours.table(), signatures()) {}

DeclaredMessage Desk::declare(const PeerIntent& peer, std::uint64_t known) {
  return declare_bytes(encode_declare(view_of(peer), known));
}

DeclaredMessage Desk::declare_bytes(ByteView payload) {
  coordinator.on_declare(RouteId{7}, {}, payload, now);
  return answered();
}

void Desk::submit(const PeerIntent& peer, const std::optional<Fingerprint>& by) {
  coordinator.on_declare(RouteId{7}, by, encode_declare(view_of(peer), 0), now);
}

DeclaredMessage Desk::withdraw(const Withdrawal& withdrawal) {
  coordinator.on_withdraw(RouteId{7}, encode_withdraw(withdrawal), now);
  return answered();
}

void Desk::receive(const Fingerprint& from, ByteView message) {
  coordinator.on_message(from, message, now);
  drain();
}

void Desk::replicate(const Fingerprint& from, const PeerIntent& peer, Duration age) {
  const RecordView record{age, view_of(peer)};
  receive(from, encode_replicate(next_number_++, {&record, 1}, {}));
}

void Desk::replicate(const Fingerprint& from, const Withdrawal& withdrawal, Duration age) {
  const RecordView record{age, &withdrawal};
  receive(from, encode_replicate(next_number_++, {&record, 1}, {}));
}

void Desk::summarise(const Fingerprint& from, const Fingerprint& subject, std::uint64_t digest) {
  const SubjectSummary summary{subject, digest};
  receive(from, encode_replicate(next_number_++, {}, {&summary, 1}));
}

void Desk::acknowledge(const Sent& sent, std::vector<Fingerprint> wanted) {
  std::ranges::sort(wanted);
  receive(sent.peer, encode_replicated(sent.replicate->number, wanted));
}

void Desk::region_changed() {
  coordinator.on_region_changed(now);
  drain();
}

void Desk::wait(Duration span) {
  const Instant end{now.time + span, now.wall + span};
  for (;;) {
    const auto due = coordinator.next_deadline();
    if (!due || *due > end.time) break;
    const Duration pause = std::max(*due - now.time, Duration::zero());
    now = {now.time + pause, now.wall + pause};
    step();
  }
  now = end;
}

void Desk::step() {
  coordinator.on_deadline(now);
  drain();
}

std::vector<Pushed> Desk::take_pushed() { return std::exchange(pushed_, {}); }
std::vector<Sent> Desk::take_sent() { return std::exchange(sent_, {}); }

std::vector<DeclaredMessage> Desk::take_answers() {
  drain();
  std::vector<DeclaredMessage> answers;
  for (const Bytes& answer : std::exchange(answers_, {}))
    answers.push_back(decode_declared(answer).value());
  return answers;
}

DeclaredMessage Desk::answered() {
  auto answers = take_answers();
  EXPECT_EQ(answers.size(), 1U);
  return std::move(answers.at(0));
}

void Desk::drain() {
  while (auto output = coordinator.poll_output()) {
    if (const auto* answer = std::get_if<Coordinator::Answer>(&*output)) {
      EXPECT_EQ(answer->route, RouteId{7});
      answers_.push_back(answer->payload);
    } else if (const auto* order = std::get_if<Coordinator::SendToNode>(&*output)) {
      Sent sent{order->peer, order->message, {}, {}};
      if (auto replicate = decode_replicate(order->message))
        sent.replicate = std::move(*replicate);
      else
        sent.replicated = decode_replicated(order->message).value();
      sent_.push_back(std::move(sent));
    } else if (auto* ask = std::get_if<Coordinator::Ask>(&*output)) {
      asked.push_back(std::move(*ask));
      if (policy) coordinator.on_verdict(asked.back().question, *policy, now);
    } else {
      const auto& push = std::get<Coordinator::Push>(*output);
      Pushed pushed{push.to, push.relays, {}, {}, push.payload.size()};
      if (auto intents = decode_matches(push.payload))
        pushed.intents = std::move(*intents);
      else
        pushed.ends = decode_unmatched(push.payload).value();
      pushed_.push_back(std::move(pushed));
    }
  }
  coordinator.sanity_check();
}

std::vector<IntentKey> told_to(const std::vector<Pushed>& pushed, const Fingerprint& node) {
  std::vector<IntentKey> keys;
  for (const Pushed& push : pushed)
    if (push.to == node)
      for (const PeerIntent& peer : push.intents) keys.push_back(key_of(peer.intent));
  return keys;
}

std::vector<IntentKey> ended_to(const std::vector<Pushed>& pushed, const Fingerprint& node) {
  std::vector<IntentKey> keys;
  for (const Pushed& push : pushed)
    if (push.to == node)
      for (const IntentEnd& end : push.ends)
        keys.push_back(std::visit([](const auto& it) { return it.key; }, end));
  return keys;
}

std::vector<Fingerprint> replicas_of(const std::vector<Sent>& sent, const IntentKey& key) {
  std::vector<Fingerprint> nodes;
  for (const Sent& message : sent) {
    if (!message.replicate) continue;
    for (const ReplicatedRecord& record : message.replicate->records) {
      const auto* peer = std::get_if<PeerIntent>(&record.what);
      const IntentKey held =
          peer != nullptr ? key_of(peer->intent) : std::get<Withdrawal>(record.what).key;
      if (held == key) nodes.push_back(message.peer);
    }
  }
  return nodes;
}

}  // namespace kith::overlay::test
