#include "overlay/coordinator/open_questions.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace kith::overlay {

void OpenQuestions::for_each_party(const Question& question, auto&& visit) {
  const IntentToken& intent = question.message.peer.intent;
  visit(Party{Party::As::identity, intent.identity()});
  visit(Party{Party::As::node, intent.node});
  if (question.peer) visit(Party{Party::As::peer, *question.peer});
}

std::tuple<IntentKey, WallTime, OpenQuestions::Id> OpenQuestions::place_of(
    const IntentToken& intent, Id id) {
  return {key_of(intent), intent.token.issued_at(), id};
}

void OpenQuestions::add(Id id, Question question) {
  for_each_party(question, [&](const Party& party) { ++counts_[party]; });
  by_key_.insert(place_of(question.message.peer.intent, id));
  const bool is_new = questions_.emplace(id, std::move(question)).second;
  KITH_ASSERT(is_new);
}

std::optional<OpenQuestions::Question> OpenQuestions::take(Id id) {
  auto node = questions_.extract(id);
  if (node.empty()) return std::nullopt;
  Question& question = node.mapped();
  by_key_.erase(place_of(question.message.peer.intent, id));
  for_each_party(question, [&](const Party& party) {
    const auto count = counts_.find(party);
    if (--count->second == 0) counts_.erase(count);
  });
  return std::move(question);
}

void OpenQuestions::forget_due(TimePoint now) {
  while (!questions_.empty() && questions_.begin()->second.forget_at <= now)
    static_cast<void>(take(questions_.begin()->first));
}

std::optional<OpenQuestions::Id> OpenQuestions::earlier_than(const IntentToken& intent) const {
  const auto oldest = by_key_.lower_bound({key_of(intent), WallTime::min(), Id{}});
  if (oldest == by_key_.end() || *oldest >= place_of(intent, Id{})) return std::nullopt;
  return std::get<Id>(*oldest);
}

std::size_t OpenQuestions::most_of_one(const Question& question) const {
  std::size_t most = 0;
  for_each_party(question, [&](const Party& party) {
    const auto count = counts_.find(party);
    if (count != counts_.end()) most = std::max(most, count->second);
  });
  return most;
}

void OpenQuestions::sanity_check() const {
  KITH_ASSERT(by_key_.size() == questions_.size());
  std::map<Party, std::size_t> counts;
  for (const auto& [id, question] : questions_) {
    KITH_ASSERT(by_key_.contains(place_of(question.message.peer.intent, id)));
    for_each_party(question, [&](const Party& party) { ++counts[party]; });
  }
  KITH_ASSERT(counts == counts_);
}

}  // namespace kith::overlay
