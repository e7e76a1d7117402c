#include "overlay/machine_configs.hpp"

#include "tokens/verify.hpp"

namespace kith::overlay {

routing::Config table_config(const EngineConfig& config) {
  routing::Config table;
  table.neighbourhood = config.neighbourhood_size;
  table.sessions_max = config.sessions_max;
  for (const Endpoint& network : config.exempt_networks) {
    constexpr int kMappedPrefixBits = 96;
    table.networks_exempt.push_back(
        {network.network(), network.is_v4() ? kMappedPrefixBits + 24 : 56});
  }
  return table;
}

SessionConfig session_config(const EngineConfig& config) {
  SessionConfig session;
  session.accepted_flows = config.listener.accepted_flows;
  session.stealth = config.listener.stealth;
  session.padding = config.padding;
  session.timers = config.session_timers;
  return session;
}

MembershipConfig membership_config(const EngineConfig& config,
                                   const crypto::Signatures& signatures) {
  MembershipConfig membership;
  membership.role = config.role;
  membership.self = node_fingerprint(config.node_key.public_key);
  membership.realm = config.realm;
  membership.signatures = &signatures;
  membership.realm_leader = config.realm_leader;
  membership.peers_wanted_by_client = config.peers_wanted_by_client;
  membership.clients_max = config.clients_max;
  membership.exchange_sessions_max = config.exchange_sessions_max;
  return membership;
}

RealmJudgementsConfig judgements_config(const EngineConfig& config,
                                        const crypto::Signatures& signatures, bool is_leader) {
  RealmJudgementsConfig judgements;
  judgements.realm = config.realm;
  judgements.signatures = &signatures;
  judgements.asks_nobody = is_leader || config.realm == Fingerprint();
  return judgements;
}

LivenessConfig liveness_config(const EngineConfig& config) {
  LivenessConfig liveness;
  liveness.interval = config.ping_interval;
  liveness.timeout_min = config.ping_timeout_min;
  return liveness;
}

RouterConfig router_config(const EngineConfig& config) {
  RouterConfig router;
  router.role = config.role;
  router.attempt_timeout = config.route_timeout;
  router.attempts = config.route_attempts;
  router.hop_limit = config.hop_limit;
  return router;
}

QueriesConfig queries_config(const EngineConfig& config) {
  QueriesConfig queries;
  queries.topics = config.public_topics;
  return queries;
}

FirstContactConfig first_contact_config(const EngineConfig& config, const Identities& identities,
                                        const crypto::Signatures& signatures) {
  FirstContactConfig contact;
  contact.self = node_fingerprint(config.node_key.public_key);
  contact.static_key = config.static_key.public_key;
  contact.realm = config.realm;
  contact.identities = &identities;
  contact.signatures = &signatures;
  return contact;
}

RelationsConfig relations_config(const EngineConfig& config, const Identities& identities,
                                 const crypto::Signatures& signatures, const Blocks& blocks) {
  RelationsConfig relations;
  relations.self = node_fingerprint(config.node_key.public_key);
  relations.realm = config.realm;
  relations.identities = &identities;
  relations.signatures = &signatures;
  relations.blocks = &blocks;
  return relations;
}

CoordinatorConfig coordinator_config(const EngineConfig& config) {
  CoordinatorConfig coordinator;
  coordinator.realm = config.realm;
  coordinator.region_size = config.region_size;
  coordinator.limits.total = config.intents_max;
  return coordinator;
}

DeclarationsConfig declarations_config(const EngineConfig& config) {
  DeclarationsConfig declarations;
  declarations.realm = config.realm;
  // One more for the leader of the realm.
  declarations.declarations_max = config.subscriptions_max + 1;
  return declarations;
}

ExchangeConfig exchange_config(const EngineConfig& config, const crypto::Signatures& signatures) {
  ExchangeConfig exchange;
  exchange.signatures = &signatures;
  exchange.node = node_fingerprint(config.node_key.public_key);
  exchange.realm = config.realm;
  exchange.reachability = Reachability::outbound_only;
  return exchange;
}

}  // namespace kith::overlay
