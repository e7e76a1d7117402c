#include "overlay/coordinator/declarations.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/earliest.hpp"
#include "core/take_front.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

/// So many thousandths of its life must be left of an intent that is declared.
constexpr int kLifeLeftPerMille = 250;
constexpr std::uint32_t kRetrySpreadPerMille = 250;
/// Whatever a coordinator says, no intent is renewed more often than that.
constexpr Duration kHeldMin{2'000'000};

/// What is said of a removed declaration, except that it is withdrawn.
bool speaks_of(const Declarations::Output& output, Declarations::Id id) {
  return std::visit(
      [id](const auto& it) {
        if constexpr (requires { it.declaration; })
          return it.declaration == id;
        else
          return false;
      },
      output);
}

/// What a verdict other than held says.
Errc error_of(DeclareVerdict verdict) {
  if (verdict == DeclareVerdict::full) return Errc::limit_reached;
  if (verdict == DeclareVerdict::not_authorized) return Errc::not_authorized;
  return Errc::refused;
}

bool is_worn(const Token& token, WallTime now) {
  const Duration life = token.expires_at() - token.issued_at();
  return token.expires_at() - life * kLifeLeftPerMille / 1000 < now;
}

}  // namespace

Declarations::Declarations(const DeclarationsConfig& config, const crypto::SigningKeyPair& node_key,
                           const crypto::Signatures& signatures, Random& random)
    : config_(config), node_key_(&node_key), signatures_(&signatures), random_(&random) {
  KITH_ASSERT(config.declares_per_step > 0 && config.matches_max > 0 &&
              config.matches_in_all_max > 0);
}

Result<Declarations::Id> Declarations::add(IntentToken intent,
                                           const crypto::SigningKeyPair& identity, Instant now) {
  if (own_.size() >= config_.declarations_max) return std::unexpected(Errc::limit_reached);
  const Id id{next_id_++};
  const bool is_new = by_key_.emplace(key_of(intent), id).second;
  KITH_ASSERT(is_new);
  const auto added =
      own_.emplace(id, Own{.intent = std::move(intent), .identity = &identity}).first;
  declare(id, added->second, now);
  return id;
}

void Declarations::remove(Id id, Instant now) {
  const auto found = own_.find(id);
  if (found == own_.end()) return;
  Own& own = found->second;
  for (const auto& [peer, match] : own.matches) {
    match_deadlines_.cancel({id, peer});
    if (!match.over) forget_match_with(peer.node);
  }
  rank(id, own.matches.size(), 0);
  std::erase_if(outputs_, [id](const Output& output) { return speaks_of(output, id); });
  requests_.erase(own.request);
  deadlines_.cancel(id);
  by_key_.erase(key_of(own.intent));
  if (own.was_sent && own.intent.token.expires_at() + kClockSkewMax > now.wall) {
    Leaving& leaving =
        leaving_.emplace(id, Leaving{sign_withdrawal(own.intent, *own.identity, *signatures_)})
            .first->second;
    withdraw(id, leaving, now);
  }
  own_.erase(found);
}

void Declarations::set_node(const NodeToken& token, std::span<const Fingerprint> relays,
                            Instant now) {
  KITH_ASSERT(relays.size() <= kRelaysMax);
  if (node_ && node_->token == token.token && std::ranges::equal(relays_, relays)) return;
  node_ = token;
  relays_.assign(relays.begin(), relays.end());
  // The newest counts, even if our clock was set back; but by more than clocks may differ nobody
  // would believe the date.
  const WallTime newer = attached_at_ + Duration(1);
  attached_at_ = newer > now.wall && newer <= now.wall + kClockSkewMax ? newer : now.wall;
  attachments_.clear();

  std::size_t waiting = 0;
  for (auto& [id, own] : own_) {
    if (own.stage == Stage::renewing) continue;
    requests_.erase(own.request);
    own.stage = Stage::pausing;
    const auto step = static_cast<Duration::rep>(waiting++ / config_.declares_per_step);
    deadlines_.set(id, now.time + step * config_.step_pause);
  }
  on_deadline(now);
}

void Declarations::renew(Id id, IntentToken intent, Instant now) {
  const auto found = own_.find(id);
  if (found == own_.end()) return;
  Own& own = found->second;
  KITH_ASSERT(key_of(intent) == key_of(own.intent));
  own.intent = std::move(intent);
  requests_.erase(own.request);
  declare(id, own, now);
}

void Declarations::on_answer(std::uint64_t request, ByteView payload, Instant now) {
  const auto asked = requests_.find(request);
  if (asked == requests_.end()) return;
  auto message = decode_declared(payload);
  if (!message) {
    ++counters_.malformed;
    return on_no_answer(request, now);
  }
  const Id id = asked->second;
  requests_.erase(asked);
  if (const auto own = own_.find(id); own != own_.end()) {
    on_declared(id, own->second, std::move(*message), now);
  } else if (message->verdict == DeclareVerdict::withdrawn) {
    leaving_.erase(id);
    deadlines_.cancel(id);
  } else {
    ++counters_.refused;
    retry_withdrawal(id, now);
  }
}

void Declarations::on_no_answer(std::uint64_t request, Instant now) {
  const auto asked = requests_.find(request);
  if (asked == requests_.end()) return;
  const Id id = asked->second;
  requests_.erase(asked);
  ++counters_.unanswered;
  if (const auto own = own_.find(id); own != own_.end())
    pause(id, own->second, now);
  else
    retry_withdrawal(id, now);
}

void Declarations::on_deadline(Instant now) {
  expire_matches(now);
  while (const auto id = deadlines_.pop_due(now.time)) {
    const auto own = own_.find(*id);
    const std::uint64_t request =
        own == own_.end() ? leaving_.at(*id).request : own->second.request;
    if (requests_.contains(request))
      on_no_answer(request, now);
    else if (own == own_.end())
      withdraw(*id, leaving_.at(*id), now);
    else if (own->second.stage == Stage::held)
      ask_for_renewal(*id, own->second, own->second.intent.token.issued_at());
    else
      declare(*id, own->second, now);
  }
}

std::optional<Declarations::Output> Declarations::poll_output() { return take_front(outputs_); }

std::optional<TimePoint> Declarations::next_deadline() const {
  return earliest({deadlines_.next(), match_deadlines_.next()});
}

bool Declarations::is_held(Id id) const {
  const auto own = own_.find(id);
  return own != own_.end() && own->second.is_held;
}

const IntentToken* Declarations::intent(Id id) const {
  const auto own = own_.find(id);
  return own == own_.end() ? nullptr : &own->second.intent;
}

std::size_t Declarations::matches(Id id) const {
  const auto own = own_.find(id);
  return own == own_.end() ? 0 : own->second.matched;
}

void Declarations::sanity_check() const {
  KITH_ASSERT(by_key_.size() == own_.size());
  std::size_t matches = 0;
  std::size_t matched_in_all = 0;
  std::size_t with_matches = 0;
  for (const auto& [id, own] : own_) {
    KITH_ASSERT(by_key_.at(key_of(own.intent)) == id && !leaving_.contains(id));
    KITH_ASSERT((own.stage == Stage::asking) == requests_.contains(own.request));
    const bool waits = own.stage == Stage::held || own.stage == Stage::asking ||
                       (own.stage == Stage::pausing && node_);
    KITH_ASSERT(deadlines_.deadline_of(id).has_value() == waits);
    std::size_t matched = 0;
    std::uint64_t known = 0;
    for (const auto& [peer, match] : own.matches) {
      KITH_ASSERT(match_deadlines_.deadline_of({id, peer}).has_value());
      KITH_ASSERT(*match.place == &peer);
      if (match.over) continue;
      ++matched;
      known += digest_of(peer);
    }
    KITH_ASSERT(matched == own.matched && known == own.known);
    KITH_ASSERT(own.matches.size() <= config_.matches_max);
    KITH_ASSERT(by_matches_.contains({own.matches.size(), id}) == !own.matches.empty());
    if (!own.matches.empty()) ++with_matches;
    KITH_ASSERT(own.newcomers.size() + own.proven.size() == own.matches.size());
    matches += own.matches.size();
    matched_in_all += matched;
  }
  for (const auto& [node, count] : matched_nodes_) matched_in_all -= count;
  KITH_ASSERT(matched_in_all == 0);
  KITH_ASSERT(matches == match_deadlines_.size() && matches <= config_.matches_in_all_max);
  KITH_ASSERT(with_matches == by_matches_.size());
  for (const auto& [id, leaving] : leaving_) KITH_ASSERT(deadlines_.deadline_of(id).has_value());
}

std::uint64_t Declarations::ask(Id id, const Fingerprint& subject, Bytes payload) {
  const std::uint64_t request = next_request_++;
  requests_.emplace(request, id);
  outputs_.emplace_back(RouteToSubject{request, subject, std::move(payload)});
  return request;
}

void Declarations::declare(Id id, Own& own, Instant now) {
  own.stage = Stage::pausing;
  deadlines_.cancel(id);
  if (!node_) return;
  const Token& token = own.intent.token;
  // Dates far ahead come of a clock that has been put right since.
  if (token.not_before() - kClockSkewMax > now.wall) return ask_for_renewal(id, own, {});
  if (is_worn(token, now.wall) || token.issued_at() <= own.issued_after)
    return ask_for_renewal(id, own, std::max(token.issued_at(), own.issued_after));
  const IntentView view{token.raw(), node_->token.raw(), attachment_of(*own.identity)};
  own.stage = Stage::asking;
  own.was_sent = true;
  own.request = ask(id, token.subject(), encode_declare(view, own.known));
  deadlines_.set(id, now.time + config_.answer_timeout);
}

void Declarations::withdraw(Id id, Leaving& leaving, Instant now) {
  ++leaving.attempts;
  leaving.request = ask(id, leaving.withdrawal.key.subject, encode_withdraw(leaving.withdrawal));
  deadlines_.set(id, now.time + config_.answer_timeout);
}

void Declarations::retry_withdrawal(Id id, Instant now) {
  const Leaving& leaving = leaving_.at(id);
  if (leaving.attempts < config_.withdraw_attempts) {
    deadlines_.set(id, now.time + pause_after(leaving.attempts - 1));
  } else {
    leaving_.erase(id);
    deadlines_.cancel(id);
  }
}

void Declarations::ask_for_renewal(Id id, Own& own, WallTime issued_after) {
  own.stage = Stage::renewing;
  own.issued_after = {};
  outputs_.emplace_back(NeedsRenewal{id, issued_after});
}

void Declarations::on_declared(Id id, Own& own, DeclaredMessage message, Instant now) {
  if (message.verdict == DeclareVerdict::superseded && own.attempts == 0) {
    // What supersedes it may be our own, from before our clock was set back; or a lie.
    own.issued_after = std::min(message.until, now.wall + kClockSkewMax);
    ++own.attempts;
    return declare(id, own, now);
  }
  if (message.verdict != DeclareVerdict::held) {
    ++counters_.refused;
    own.is_held = false;
    // Who is closer will be found by the next attempt.
    if (message.verdict != DeclareVerdict::elsewhere)
      outputs_.emplace_back(Refused{id, error_of(message.verdict)});
    return pause(id, own, now);
  }
  const WallTime until = std::min(message.until, own.intent.token.expires_at());
  const Duration held = std::max(until - now.wall, kHeldMin);
  own.stage = Stage::held;
  own.is_held = true;
  own.attempts = 0;
  deadlines_.set(id, now.time + random_->jittered(held * config_.renew_per_mille / 1000,
                                                  config_.renew_spread_per_mille));
  outputs_.emplace_back(Held{id, std::move(message.holders), until});
  for (PeerIntent& peer : message.matches) on_match(std::move(peer), now);
}

void Declarations::pause(Id id, Own& own, Instant now) {
  own.stage = Stage::pausing;
  deadlines_.set(id, now.time + pause_after(own.attempts++));
}

Duration Declarations::pause_after(unsigned attempts) {
  Duration pause = config_.retry_first;
  for (unsigned i = 0; i < attempts && pause < config_.retry_max; ++i) pause *= 2;
  return random_->jittered(std::min(pause, config_.retry_max), kRetrySpreadPerMille);
}

/// Nothing where the node key says it all.
const Attachment* Declarations::attachment_of(const crypto::SigningKeyPair& identity) {
  if (relays_.empty() && identity.public_key == node_key_->public_key) return nullptr;
  const Fingerprint id = identity_fingerprint(identity.public_key);
  const auto known = attachments_.find(id);
  if (known != attachments_.end()) return &known->second;
  const auto attachment = sign_attachment(id, attached_at_, relays_, *node_key_, *signatures_);
  return &attachments_.emplace(id, attachment).first->second;
}

}  // namespace kith::overlay
