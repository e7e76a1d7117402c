#include "overlay/membership/realm_leader.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/take_front.hpp"
#include "tokens/identity_token.hpp"
#include "tokens/node_token.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

RealmLeader::RealmLeader(const RealmLeaderConfig& config, const crypto::SigningKeyPair& leader)
    : config_(config), leader_(&leader) {}

void RealmLeader::on_judge(RouteId route, const std::optional<Fingerprint>& peer, ByteView payload,
                           Instant now) {
  auto asked = read(payload, now.wall);
  if (!asked) {
    outputs_.emplace_back(Answer{route, {}});
    return;
  }
  const Joiner& joiner = asked->first;
  if (const auto given = given_.find(joiner); given != given_.end()) {
    outputs_.emplace_back(Answer{route, encode(given->second)});
    return;
  }
  if (const auto thinking = asked_.find(joiner); thinking != asked_.end()) {
    Question& question = questions_.at(thinking->second);
    question.waiting.push_back(route);
    if (question.waiting.size() > config_.waiting_max) question.waiting.pop_front();
    return;
  }
  if (questions_.size() >= config_.questions_max) give_up_one(peer);
  const QuestionId id{next_question_++};
  questions_.emplace(id, Question{joiner, peer, {route}});
  asked_.emplace(joiner, id);
  outputs_.emplace_back(Ask{id, std::move(asked->second)});
}

std::optional<std::pair<Joiner, PolicyQuestion>> RealmLeader::read(ByteView payload,
                                                                   WallTime now) const {
  const auto message = decode_judge(payload);
  if (!message) return std::nullopt;
  auto node = decode_node_token(message->node);
  if (!node || node->token.realm() != config_.realm ||
      !kith::verify(node->token, *config_.signatures, now))
    return std::nullopt;
  const Fingerprint id = node->fingerprint();
  if (message->identity.empty())
    return std::pair(Joiner{id, id}, AuthorizeQuestion{std::move(node->token), JudgeRequest{id}});
  auto identity = decode_identity_token(message->identity);
  if (!identity || identity->token.realm() != config_.realm || identity->node != id ||
      !kith::verify(identity->token, *config_.signatures, now, &leader_->public_key))
    return std::nullopt;
  const Joiner joiner{identity->fingerprint(), id};
  return std::pair(joiner, AuthorizeQuestion{std::move(identity->token), JudgeRequest{id}});
}

void RealmLeader::give_up_one(const std::optional<Fingerprint>& peer) {
  // Keys cost nothing, so whoever makes up joiners must not push out those of others.
  std::map<std::optional<Fingerprint>, std::size_t> counts{{peer, 1}};
  for (const auto& [id, question] : questions_) ++counts[question.peer];
  const std::size_t most = std::ranges::max(std::views::values(counts));
  const auto oldest = std::ranges::find_if(
      questions_, [&](const auto& entry) { return counts.at(entry.second.peer) == most; });
  for (const RouteId route : oldest->second.waiting) outputs_.emplace_back(Answer{route, {}});
  asked_.erase(oldest->second.joiner);
  questions_.erase(oldest);
}

void RealmLeader::on_verdict(QuestionId id, Verdict verdict, Instant now) {
  const auto extracted = questions_.extract(id);
  if (extracted.empty()) return;
  const Question& question = extracted.mapped();
  asked_.erase(question.joiner);
  Bytes payload;
  if (verdict != Verdict::defer)
    payload = encode(give(question.joiner, verdict == Verdict::yes, now));
  for (const RouteId route : question.waiting) outputs_.emplace_back(Answer{route, payload});
}

const Judgement& RealmLeader::give(const Joiner& joiner, bool admitted, Instant now) {
  if (given_.size() >= config_.given_max)
    if (const auto first = given_ends_.pop_due(TimePoint::max())) given_.erase(*first);
  const Duration life = admitted ? config_.admission_life : config_.refusal_life;
  given_ends_.set(joiner, now.time + life / 2);
  const Judgement judgement{joiner, admitted, now.wall, now.wall + life, {}};
  return given_.insert_or_assign(joiner, sign_judgement(judgement, *leader_, *config_.signatures))
      .first->second;
}

void RealmLeader::on_deadline(TimePoint now) {
  while (const auto joiner = given_ends_.pop_due(now)) given_.erase(*joiner);
}

std::optional<RealmLeader::Output> RealmLeader::poll_output() { return take_front(outputs_); }

}  // namespace kith::overlay
