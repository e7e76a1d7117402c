#include "overlay/session/flow.hpp"

#include <algorithm>
#include <array>

#include "core/assert.hpp"

namespace kith::overlay {

namespace {

constexpr std::size_t kFrameLengthMost = 4096;

constexpr std::array kConnectionMessages{
    FlowMessage{
        'C',
        PayloadForm::padded_map,
        {.required = {PayloadKey::token, PayloadKey::time}, .optional = {PayloadKey::about}},
        kFrameLengthMost},
    FlowMessage{'A', PayloadForm::padded_map, {}, kFrameLengthMost},
};

constexpr std::array kHiddenMessages{
    FlowMessage{'H', PayloadForm::empty, {}, kFrameLengthMost},
    FlowMessage{'A',
                PayloadForm::padded_map,
                {.required = {PayloadKey::token}, .optional = {}},
                kFrameLengthMost},
    FlowMessage{'F',
                PayloadForm::padded_map,
                {.required = {PayloadKey::token}, .optional = {PayloadKey::join}},
                kFrameLengthMost},
};

constexpr std::array kFlows{
    FlowRule{Flow::sealed, "S", RejectBehaviour::nope, "NN", {}},
    FlowRule{Flow::connection, "C", RejectBehaviour::nope, "IK", kConnectionMessages},
    FlowRule{Flow::open, "O", RejectBehaviour::nope, "IX", {}},
    FlowRule{Flow::hidden, "H", RejectBehaviour::nope, "XX", kHiddenMessages},
    FlowRule{Flow::ticket, "I", RejectBehaviour::silent, "IK", {}},
    FlowRule{Flow::reconnect, "NK", RejectBehaviour::silent, "KK", {}},
};

/// Where `flow` stands in the table.
std::size_t index_of(Flow flow) {
  const auto* rule = std::ranges::find(kFlows, flow, &FlowRule::flow);
  KITH_ASSERT(rule != kFlows.end());
  return static_cast<std::size_t>(rule - kFlows.begin());
}

}  // namespace

const FlowRule& flow_rule(Flow flow) { return kFlows[index_of(flow)]; }

const FlowRule* find_flow(Byte letter) {
  const auto* rule = std::ranges::find_if(kFlows, [letter](const FlowRule& candidate) {
    return candidate.letters.contains(static_cast<char>(letter));
  });
  return rule == kFlows.end() ? nullptr : rule;
}

FlowSet::FlowSet(std::initializer_list<Flow> flows) {
  for (Flow flow : flows) bits_ = static_cast<std::uint8_t>(bits_ | 1U << index_of(flow));
}

bool FlowSet::contains(Flow flow) const { return (bits_ >> index_of(flow) & 1U) != 0; }

bool FlowSet::any_is_loud() const {
  return std::ranges::any_of(kFlows, [this](const FlowRule& rule) {
    return rule.reject == RejectBehaviour::nope && contains(rule.flow);
  });
}

}  // namespace kith::overlay
