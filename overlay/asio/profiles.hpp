#pragma once

#include <kith/node.hpp>

#include "overlay/session/flow.hpp"

namespace kith::overlay {

/// Whom `config` has us answer.  Throws `StartError`.
[[nodiscard]] ListenerProfile listener_profile(const NodeConfig& config);

[[nodiscard]] Flow flow_of(EntranceFlow flow);

}  // namespace kith::overlay
