#include "overlay/asio/questions.hpp"

#include <stdexcept>
#include <utility>

#include "overlay/relations/messages.hpp"

namespace kith::overlay {
namespace {

/// What is wrong with a topic, and with what answers it.
void check(const std::string& topic, const PublicAnswer& answer) {
  const auto fail = [&topic](const std::string& why) {
    throw StartError("answers to '" + topic.substr(0, kTopicBytesMax) + "': " + why);
  };
  // What a reader would refuse nobody can ask.
  const auto legible = decode_query(encode(QueryMessage{.number = 1, .topic = topic}));
  if (!legible)
    fail(std::string(describe(legible.error())) + "; a topic is at most 64 bytes of UTF-8");
  if (!answer) fail("there is no function that answers");
}

Result<Bytes> result_of(const QueryAnswered& answered) {
  switch (answered.status) {
    case QueryStatus::answered:
      return Bytes(answered.payload.begin(), answered.payload.end());
    case QueryStatus::unknown_topic:
      return std::unexpected(Errc::not_found);
    case QueryStatus::refused:
      return std::unexpected(Errc::refused);
  }
  std::unreachable();
}

}  // namespace

Questions::Questions(Answers answers, Call call)
    : answers_(std::move(answers)), call_(std::move(call)) {
  for (const auto& [topic, answer] : answers_) check(topic, answer);
}

std::set<std::string, std::less<>> Questions::topics() const {
  std::set<std::string, std::less<>> topics;
  for (const auto& [topic, answer] : answers_) topics.insert(topic);
  return topics;
}

void Questions::ask(const JoinTarget& target, std::string_view topic, ByteView question,
                    const Slot<Bytes>& slot, Engine& engine) {
  if (const auto begun = engine.query(target, topic, question))
    asking_.emplace(*begun, slot);
  else
    *slot = std::unexpected(begun.error());
}

void Questions::on(const QueryAsked& asked, Engine& engine) {
  std::optional<Bytes> answer;
  call_([&] {
    auto given = answers_.at(asked.topic)(asked.payload);
    if (given && given->size() > kReplyPayloadBytesMax)
      throw std::length_error("the answer to '" + asked.topic + "' is longer than 4096 bytes");
    answer = std::move(given);
  });
  const auto status = answer ? QueryStatus::answered : QueryStatus::refused;
  static_cast<void>(
      engine.answer_query(asked.question, status, answer ? ByteView(*answer) : ByteView()));
}

void Questions::on(const QueryAnswered& answered) {
  if (const auto asked = asking_.extract(answered.query)) *asked.mapped() = result_of(answered);
}

void Questions::on(const QueryFailed& failed) {
  if (const auto asked = asking_.extract(failed.query))
    *asked.mapped() = std::unexpected(failed.why);
}

}  // namespace kith::overlay
