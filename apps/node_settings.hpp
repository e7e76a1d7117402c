#pragma once

#include <kith/node.hpp>

#include "apps/config/settings.hpp"

namespace kith::apps {

/// What `settings` say of a node, as the library takes it.  Reads the key files; throws `Failure`.
[[nodiscard]] NodeConfig node_config(const Settings& settings, Participation participation);

}  // namespace kith::apps
