// The part of the engine that has to do with the leader of the realm: asking it, and being it.

#include <optional>
#include <utility>

#include <kith/subject.hpp>

#include "core/overloaded.hpp"
#include "overlay/engine_impl.hpp"

namespace kith::overlay {

bool Engine::Impl::step_realm(Instant now) {
  return pass_on(judgements_.poll_output(), now) ||
         (leader_ && pass_on(leader_->poll_output(), now));
}

void Engine::Impl::handle(RealmJudgements::Output output, Instant now) {
  std::visit(
      Overloaded{[&](const RealmJudgements::SeekLeader& order) {
                   if (order.wanted) {
                     seeking_leader_ = declare_to_leader(IntentRole::send, identity_key(), now);
                   } else if (const auto id = std::exchange(seeking_leader_, std::nullopt)) {
                     const auto wish = wishes_.find(*id);
                     if (wish != wishes_.end()) release(wish, now);
                   }
                 },
                 [&](RealmJudgements::AskLeader& order) {
                   const RequestId id =
                       route_to_node(order.node, order.relays, std::move(order.payload), now);
                   askers_.emplace(id, Asker{.of = Asker::Of::realm, .request = order.request});
                 }},
      output);
}

void Engine::Impl::handle(RealmLeader::Output output, Instant now) {
  std::visit(Overloaded{[&](const RealmLeader::Answer& answer) {
                          router_.answer(answer.route, AnswerStatus::final, answer.payload,
                                         now.time);
                        },
                        [&](RealmLeader::Ask& ask) {
                          const QuestionId question = next_question();
                          leader_questions_.emplace(question, ask.question);
                          // Of those that it gives up it does not tell.
                          if (leader_questions_.size() > 2 * RealmLeaderConfig{}.questions_max) {
                            std::erase_if(leader_questions_, [&](const auto& asked) {
                              return !leader_->waits_for(asked.second);
                            });
                          }
                          outputs_.emplace_back(AskPolicy{question, std::move(ask.what)});
                        }},
             output);
}

std::optional<Declarations::Id> Engine::Impl::declare_to_leader(
    IntentRole role, const crypto::SigningKeyPair& identity, Instant now) {
  if (leave_by_) return std::nullopt;
  const auto wish = add_wish({.subject = *subject_id(config_.realm, kRealmLeaderSubject),
                              .audience = {},
                              .role = role,
                              .threshold = 0,
                              .issued_at = now.wall},
                             identity, now);
  // The application may have taken every place that there is.
  if (!wish) return std::nullopt;
  return (*wish)->first;
}

void Engine::Impl::on_judge(const Arrived& arrived, Instant now) {
  if (leader_) {
    const auto peer = arrived.from ? std::optional(book_->id(*arrived.from)) : std::nullopt;
    return leader_->on_judge(arrived.route, peer, arrived.payload, now);
  }
  router_.answer(arrived.route, AnswerStatus::final, {}, now.time);
}

void Engine::Impl::on_realm_answered(const Asker& asker, const Answered& answered, Instant now) {
  if (answered.status == AnswerStatus::unreachable)
    return judgements_.on_no_answer(asker.request, now);
  judgements_.on_answer(asker.request, answered.payload, now);
}

}  // namespace kith::overlay
