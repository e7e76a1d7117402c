#include "overlay/coordinator/coordinator.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/earliest.hpp"
#include "core/take_front.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using Record = IntentStore::Record;

/// Questions that an identity, a node, or a peer may have open as long as there is room at all.
constexpr std::size_t kQuestionShareMin = 16;

bool holds(const Record* held, const Token& intent) {
  return held != nullptr && held->intent() != nullptr && held->intent()->token == intent;
}

/// Whether what is held makes `intent` obsolete.
bool supersedes(const Record& held, const Token& intent) {
  return held.issued_at() > intent.issued_at() ||
         (held.issued_at() == intent.issued_at() && !holds(&held, intent));
}

bool has_newer_attachment(const Record& held, const PeerIntent& peer) {
  return peer.attachment && (!held.attachment || held.attachment->at < peer.attachment->at);
}

/// When an intent is over by our timer, whatever becomes of our wall clock in between.
TimePoint deadline_of(WallTime until, Instant now) {
  return now.time + (until + kClockSkewMax - now.wall);
}

DeclareVerdict verdict_of(Errc why) {
  if (why == Errc::limit_reached) return DeclareVerdict::full;
  if (why == Errc::no_route) return DeclareVerdict::elsewhere;
  if (why == Errc::not_authorized) return DeclareVerdict::not_authorized;
  return DeclareVerdict::invalid;
}

}  // namespace

Coordinator::Coordinator(const CoordinatorConfig& config, const routing::Table& table,
                         const crypto::Signatures& signatures)
    : config_(config),
      table_(&table),
      signatures_(&signatures),
      store_(config.limits, config.realm),
      links_(config.links) {
  KITH_ASSERT(config.region_size > 0 && config.region_size <= kHoldersMax);
}

void Coordinator::on_declare(RouteId from, const std::optional<Fingerprint>& peer, ByteView payload,
                             Instant now) {
  auto message = decode_declare(payload);
  if (!message) {
    ++counters_.malformed;
    return refuse(from, message.error());
  }
  const auto weighed = weigh(message->peer, Proof::unseen, now);
  if (!weighed) return refuse(from, weighed.error());
  if (weighed->merge == Merge::added || weighed->merge == Merge::renewed) {
    if (!ask({from, peer, std::move(*message), {}}, now)) refuse(from, Errc::limit_reached);
    return;
  }
  settle(from, std::move(*message), now);
  advance(now);
}

void Coordinator::on_verdict(QuestionId question, Verdict verdict, Instant now) {
  auto asked = questions_.take(question);
  if (!asked) return;
  if (asked->is_outdated) {
    pose(std::move(*asked), now);
  } else if (!asked->from) {
    if (verdict == Verdict::yes)
      static_cast<void>(take(std::move(asked->message.peer), Proof::seen, asked->provenance, now));
  } else {
    if (verdict != Verdict::yes) return refuse(*asked->from, Errc::not_authorized);
    settle(*asked->from, std::move(asked->message), now);
  }
  advance(now);
}

void Coordinator::on_withdraw(RouteId from, ByteView payload, Instant now) {
  const auto withdrawal = decode_withdraw(payload);
  if (!withdrawal) {
    ++counters_.malformed;
    return refuse(from, withdrawal.error());
  }
  const auto merged = merge(*withdrawal, {now.time, 0}, now);
  // Where nothing is left to withdraw, it is withdrawn.
  if (!merged && merged.error() != Errc::expired) return refuse(from, merged.error());
  if (merged && merged->merge == Merge::added) {
    refresh(withdrawal->key.subject, false, now);
    schedule_ended(merged->id, now);
    replicate(merged->id, now);
  }
  answer(from, {DeclareVerdict::withdrawn, withdrawal->until, {}, {}});
  advance(now);
}

void Coordinator::on_message(const Fingerprint& from, ByteView message, Instant now) {
  if (auto replicate = decode_replicate(message)) {
    on_replicate(from, std::move(*replicate), now);
  } else if (const auto replicated = decode_replicated(message)) {
    on_replicated(from, *replicated, now);
  } else {
    ++counters_.malformed;
  }
  advance(now);
}

void Coordinator::on_region_changed(Instant now) {
  sweep_left_ = store_.subjects();
  advance(now);
}

void Coordinator::on_deadline(Instant now) { advance(now); }

std::optional<Coordinator::Output> Coordinator::poll_output() { return take_front(outputs_); }

std::optional<TimePoint> Coordinator::next_deadline() const {
  auto matching = queue_.next_deadline();
  if (matching) matching = std::max(*matching, matching_resumes_);
  const auto sweep = sweep_left_ > 0 ? std::optional(sweep_resumes_) : std::nullopt;
  return earliest({store_.next_deadline(), links_.next_deadline(), matching, sweep});
}

std::size_t Coordinator::subjects_coordinated() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      store_.all_subjects(), [](const auto& subject) { return subject.second.closest; }));
}

void Coordinator::sanity_check() const {
  store_.sanity_check();
  questions_.sanity_check();
  for (const auto& [id, subject] : store_.all_subjects())
    KITH_ASSERT(subject.region.size() <= config_.region_size);
}

bool Coordinator::ask(Question question, Instant now) {
  // The way back of what was asked longer ago is forgotten: nobody waits for it.
  questions_.forget_due(now.time);
  const IntentToken& intent = question.message.peer.intent;
  if (const auto id = questions_.earlier_than(intent)) {
    const Question earlier = *questions_.take(*id);
    if (earlier.from) {
      ++counters_.refused;
      answer(*earlier.from, {DeclareVerdict::superseded, intent.token.issued_at(), {}, {}});
    }
    // The policy is not asked once more before it has answered.
    question.forget_at = earlier.forget_at;
    question.is_outdated = true;
    questions_.add(*id, std::move(question));
    return true;
  }
  if (!has_room_to_ask(question)) return false;
  pose(std::move(question), now);
  return true;
}

void Coordinator::pose(Question question, Instant now) {
  const auto id = static_cast<QuestionId>(next_question_++);
  outputs_.emplace_back(Ask{id, question.message.peer.intent});
  question.forget_at = now.time + config_.question_life;
  question.is_outdated = false;
  questions_.add(id, std::move(question));
}

bool Coordinator::has_room_to_ask(const Question& question) const {
  if (questions_.size() >= config_.questions_max) return false;
  // Whoever declares much at once asks at once, too, even of a policy that answers at once.
  if (questions_.size() < config_.questions_max / 2) return true;
  const std::size_t room = config_.questions_max - questions_.size();
  const std::size_t share = std::max(room / config_.limits.share_of_room, kQuestionShareMin);
  return questions_.most_of_one(question) < share;
}

void Coordinator::settle(RouteId from, DeclareMessage message, Instant now) {
  const std::uint64_t known = message.known;
  const auto merged = merge(std::move(message.peer), Proof::seen, {now.time, 0}, now);
  if (!merged) return refuse(from, merged.error());
  const Id id = merged->id;
  const Fingerprint subject = store_[id].key->subject;
  switch (merged->merge) {
    case Merge::older:
      ++counters_.refused;
      return answer(from, {DeclareVerdict::superseded, store_[id].issued_at(), {}, {}});
    case Merge::same:
      break;
    case Merge::added:
      refresh(subject, false, now);
      schedule_added(id, false, now);
      replicate(id, now);
      break;
    case Merge::renewed:
      refresh(subject, false, now);
      schedule_renewed(id, now);
      replicate(id, now);
      break;
  }
  answer_declare(from, id, known, now);
}

Result<Coordinator::Weighed> Coordinator::weigh(const PeerIntent& peer, Proof proof, Instant now) {
  if (const auto fits = check_consistency(peer, config_.realm); !fits)
    return std::unexpected(fits.error());
  const IntentKey key = key_of(peer.intent);
  if (!accepts(key.subject)) return std::unexpected(Errc::no_route);
  const auto id = store_.find(key);
  const Record* held = id ? &store_[*id] : nullptr;
  if (held != nullptr && supersedes(*held, peer.intent.token)) return Weighed{Merge::older, id};
  if (proof == Proof::unseen) {
    if (const auto valid = verify_news(peer, held, now); !valid)
      return std::unexpected(valid.error());
  }
  const IntentToken* before = held == nullptr ? nullptr : held->intent();
  const Token* node = store_.node_token(key.node);
  const bool newer_node = node == nullptr || node->issued_at() < peer.node.token.issued_at();
  if (before == nullptr) return Weighed{Merge::added, id, newer_node};
  if (holds(held, peer.intent.token) && !newer_node && !has_newer_attachment(*held, peer))
    return Weighed{Merge::same, id};
  const bool renewed = before->token.audience() == peer.intent.token.audience();
  return Weighed{renewed ? Merge::renewed : Merge::added, id, newer_node};
}

Result<Coordinator::Merged> Coordinator::merge(PeerIntent peer, Proof proof, Provenance provenance,
                                               Instant now) {
  const auto weighed = weigh(peer, proof, now);
  if (!weighed) return std::unexpected(weighed.error());
  if (weighed->merge == Merge::older || weighed->merge == Merge::same)
    return Merged{weighed->merge, *weighed->held};
  const Record* held = weighed->held ? &store_[*weighed->held] : nullptr;
  if (held != nullptr && held->intent() != nullptr && held->attachment &&
      !has_newer_attachment(*held, peer))
    peer.attachment = *held->attachment;
  if (weighed->merge == Merge::renewed) provenance.since = held->provenance.since;
  const Token* node = store_.node_token(peer.node.fingerprint());
  const WallTime node_until =
      weighed->newer_node ? peer.node.token.expires_at() : node->expires_at();
  const WallTime until = std::min(peer.intent.token.expires_at(), node_until);
  const auto stored = store_.put(std::move(peer), provenance, deadline_of(until, now));
  if (!stored) return std::unexpected(stored.error());
  return Merged{weighed->merge, *stored};
}

Result<Coordinator::Merged> Coordinator::merge(const Withdrawal& withdrawal, Provenance provenance,
                                               Instant now) {
  if (!accepts(withdrawal.key.subject)) return std::unexpected(Errc::no_route);
  const auto id = store_.find(withdrawal.key);
  if (id) {
    const Record& held = store_[*id];
    if (held.issued_at() > withdrawal.issued_at) return Merged{Merge::older, *id};
    if (held.issued_at() == withdrawal.issued_at && held.intent() == nullptr)
      return Merged{Merge::same, *id};
  }
  if (const auto valid = overlay::verify(withdrawal, *signatures_, now.wall); !valid) {
    if (valid.error() == Errc::bad_signature) ++counters_.forged;
    return std::unexpected(valid.error());
  }
  TimePoint until = deadline_of(withdrawal.until, now);
  // Nobody has been asked about it: it stays only as long as its intent may still be under way.
  const bool is_orphan = !id || store_[*id].orphan;
  if (is_orphan && provenance.source == 0) until = std::min(until, now.time + config_.orphan_life);
  const auto stored = store_.put(withdrawal, provenance, until);
  if (!stored) return std::unexpected(stored.error());
  return Merged{Merge::added, *stored};
}

Result<void> Coordinator::verify_news(const PeerIntent& peer, const Record* held, Instant now) {
  const auto verify_token = [&](const Token& token, bool known) {
    return known ? verify_dates(token, now.wall) : kith::verify(token, *signatures_, now.wall);
  };
  const Token* node = store_.node_token(peer.node.fingerprint());
  auto valid = verify_token(peer.intent.token, holds(held, peer.intent.token));
  if (valid) valid = verify_token(peer.node.token, node != nullptr && *node == peer.node.token);
  const bool known_attachment = held != nullptr && held->attachment && peer.attachment &&
                                *held->attachment == *peer.attachment;
  if (valid && !known_attachment) valid = verify_attachment(peer, *signatures_, now.wall);
  if (!valid && valid.error() == Errc::bad_signature) ++counters_.forged;
  return valid;
}

void Coordinator::answer_declare(RouteId from, Id id, std::uint64_t known, Instant now) {
  const Record& record = store_[id];
  const IntentToken& intent = *record.intent();
  const std::vector<Fingerprint> holders = closest(record.key->subject, config_.region_size);

  std::vector<IntentView> matches;
  queue_.cancel({id, Direction::to_itself});
  if (known != store_.digest_of_counterparts(id)) {
    IntentStore::Cursor cursor;
    while (matches.size() < kIntentsPerMessageMax) {
      const auto other = store_.next(id, cursor);
      if (!other) break;
      if (may_tell(id, *other)) matches.push_back(store_.view(*other));
    }
    // Whoever answers also tells the rest.
    if (matches.size() == kIntentsPerMessageMax)
      queue_.schedule({id, Direction::to_itself}, {cursor, Pairs::all}, now.time);
  }
  const WallTime until =
      std::min(intent.token.expires_at(), store_.node_token(record.key->node)->expires_at());
  ++counters_.declared;
  answer(from, {DeclareVerdict::held, until, holders, matches});
}

void Coordinator::answer(RouteId from, const DeclaredView& declared) {
  outputs_.emplace_back(Answer{from, encode_declared(declared)});
}

void Coordinator::refuse(RouteId from, Errc why) {
  ++counters_.refused;
  answer(from, {verdict_of(why), {}, {}, {}});
}

void Coordinator::expire_due(Instant now) {
  while (const auto id = store_.pop_due(now.time)) {
    if (store_[*id].intent() != nullptr) {
      store_.expire(*id, now.time, now.time + config_.expired_life);
      schedule_ended(*id, now);
    } else {
      const Fingerprint subject = store_[*id].key->subject;
      queue_.cancel(*id);
      links_.forget(*id);
      store_.erase(*id);
      if (store_.subject(subject) == nullptr) links_.forget_subject(subject);
    }
  }
}

void Coordinator::advance(Instant now) {
  expire_due(now);
  sweep_step(now);
  match_step(now);
  send_parcels(now);
}

}  // namespace kith::overlay
