#pragma once

#include "core/crypto/primitives.hpp"
#include "overlay/coordinator/coordinator.hpp"
#include "overlay/coordinator/declarations.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/exchange/exchange_config.hpp"
#include "overlay/identities.hpp"
#include "overlay/membership/liveness.hpp"
#include "overlay/membership/membership.hpp"
#include "overlay/membership/realm_judgements.hpp"
#include "overlay/relations/first_contact.hpp"
#include "overlay/relations/queries.hpp"
#include "overlay/relations/relations.hpp"
#include "overlay/router/router.hpp"
#include "overlay/session/session_config.hpp"
#include "routing/config.hpp"

namespace kith::overlay {

// What each machine of an engine is told, of what the engine was.

[[nodiscard]] routing::Config table_config(const EngineConfig& config);
[[nodiscard]] SessionConfig session_config(const EngineConfig& config);
[[nodiscard]] MembershipConfig membership_config(const EngineConfig& config,
                                                 const crypto::Signatures& signatures);
[[nodiscard]] RealmJudgementsConfig judgements_config(const EngineConfig& config,
                                                      const crypto::Signatures& signatures,
                                                      bool is_leader);
[[nodiscard]] LivenessConfig liveness_config(const EngineConfig& config);
[[nodiscard]] RouterConfig router_config(const EngineConfig& config);
[[nodiscard]] QueriesConfig queries_config(const EngineConfig& config);
[[nodiscard]] FirstContactConfig first_contact_config(const EngineConfig& config,
                                                      const Identities& identities,
                                                      const crypto::Signatures& signatures);
[[nodiscard]] RelationsConfig relations_config(const EngineConfig& config,
                                               const Identities& identities,
                                               const crypto::Signatures& signatures,
                                               const Blocks& blocks);
[[nodiscard]] CoordinatorConfig coordinator_config(const EngineConfig& config);
[[nodiscard]] DeclarationsConfig declarations_config(const EngineConfig& config);
[[nodiscard]] ExchangeConfig exchange_config(const EngineConfig& config,
                                             const crypto::Signatures& signatures);

}  // namespace kith::overlay
