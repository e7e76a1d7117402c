#pragma once

#include <kith/node.hpp>

#include "overlay/engine_config.hpp"

namespace kith {

/// What `config` says of sessions and of who opens them.  Throws `StartError` if a node could not
/// live with it.
void set_sessions(const NodeConfig& config, overlay::EngineConfig& engine);

}  // namespace kith
