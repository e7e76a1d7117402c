#include "overlay/session/flow.hpp"

#include <algorithm>
#include <array>

#include "core/assert.hpp"

namespace kith::overlay {
namespace {

using enum PayloadForm;
using enum PayloadKey;
using enum Side;

constexpr std::size_t kFrameLengthMax = 4096;
/// What is readable by anybody is short: one packet (R32).
constexpr std::size_t kOpenFrameLengthMax = 1024;

constexpr PayloadSchema kToken{.required = {token}, .optional = {}};
constexpr PayloadSchema kProof{.required = {token, signature}, .optional = {}};
/// A letter, a key, and one sealed block without a word in it.
constexpr std::size_t kEmptyAnswerLength = 1 + 32 + 256 + 16;
constexpr FlowMessage kEmptyAnswer{responder, 'A', padded_map, {}, kEmptyAnswerLength};
constexpr FlowMessage kTokenAnswer{responder, 'A', padded_map, kToken, kFrameLengthMax};

constexpr std::array kSealedMessages{
    FlowMessage{dialer, 'S', empty, {}, kFrameLengthMax},
    FlowMessage{responder, 'A', empty, {}, kFrameLengthMax},
    FlowMessage{dialer, 'T', proof, kProof, 0},
    FlowMessage{responder, 'T', proof, kProof, 0},
};

constexpr std::array kConnectionMessages{
    FlowMessage{dialer,
                'C',
                padded_map,
                {.required = {token, PayloadKey::time}, .optional = {about}},
                kFrameLengthMax},
    kEmptyAnswer,
};

constexpr std::array kOpenMessages{
    FlowMessage{dialer, 'O', clear_token, kToken, kOpenFrameLengthMax},
    kTokenAnswer,
};

constexpr std::array kHiddenMessages{
    FlowMessage{dialer, 'H', empty, {}, kFrameLengthMax},
    kTokenAnswer,
    FlowMessage{
        dialer, 'F', padded_map, {.required = {token}, .optional = {join}}, kFrameLengthMax},
};

constexpr std::array kTicketMessages{
    FlowMessage{dialer,
                'I',
                padded_map,
                {.required = {token, PayloadKey::time, ticket}, .optional = {certificate}},
                kFrameLengthMax},
    kEmptyAnswer,
};

constexpr std::array kReconnectMessages{
    FlowMessage{
        dialer, 'N', padded_map, {.required = {site, node}, .optional = {}}, kFrameLengthMax},
    FlowMessage{dialer,
                'K',
                padded_map,
                {.required = {PayloadKey::time, about}, .optional = {early}},
                kFrameLengthMax},
    kEmptyAnswer,
};

constexpr auto kLoud = RejectBehaviour::nope;
constexpr auto kSilent = RejectBehaviour::silent;

constexpr std::array kFlows{
    FlowRule{Flow::sealed, "S", kLoud, "NN", {}, kSealedMessages},
    FlowRule{Flow::connection, "C", kLoud, "IK", {}, kConnectionMessages},
    FlowRule{Flow::open, "O", kLoud, "IX", {}, kOpenMessages},
    FlowRule{Flow::hidden, "H", kLoud, "XX", {}, kHiddenMessages},
    FlowRule{Flow::ticket, "I", kSilent, "IK", {}, kTicketMessages},
    FlowRule{Flow::reconnect, "NK", kSilent, "KK", "N", kReconnectMessages},
};

}  // namespace

std::size_t FlowRule::noise_messages() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      messages, [](PayloadForm form) { return form != proof; }, &FlowMessage::form));
}

bool FlowRule::confirms_dialer() const {
  const auto answer = std::ranges::find(messages, responder, &FlowMessage::from);
  return std::find_if(answer, messages.end(), [](const FlowMessage& message) {
           return message.from == dialer;
         }) != messages.end();
}

const FlowRule& flow_rule(Flow flow) {
  const auto* rule = std::ranges::find(kFlows, flow, &FlowRule::flow);
  KITH_ASSERT(rule != kFlows.end());
  return *rule;
}

const FlowRule* find_flow(Byte letter) {
  const auto* rule = std::ranges::find_if(kFlows, [letter](const FlowRule& candidate) {
    return candidate.letters.contains(static_cast<char>(letter));
  });
  return rule == kFlows.end() ? nullptr : rule;
}

bool FlowSet::any_is_loud() const {
  return std::ranges::any_of(kFlows, [this](const FlowRule& rule) {
    return rule.reject == RejectBehaviour::nope && contains(rule.flow);
  });
}

std::optional<DialWay> fallback(DialWay failed) {
  switch (failed.flow) {
    case Flow::reconnect:
      return DialWay{.flow = Flow::connection, .is_pinned = true};
    case Flow::connection:
      return DialWay{.flow = Flow::hidden, .is_pinned = true};
    case Flow::sealed:
    case Flow::open:
    case Flow::hidden:
    case Flow::ticket:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace kith::overlay
