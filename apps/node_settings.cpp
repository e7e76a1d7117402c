#include "apps/node_settings.hpp"

#include <set>
#include <utility>

#include <kith/policy.hpp>

#include "apps/console/log.hpp"
#include "apps/key_file.hpp"

namespace kith::apps {
namespace {

std::set<Fingerprint> known(const Settings& settings) {
  return {settings.known.begin(), settings.known.end()};
}

std::unique_ptr<Policy> policy_of(const Settings& settings) {
  switch (settings.policy) {
    case PolicyName::open:
      return open_policy();
    case PolicyName::known:
      return known_keys_policy(known(settings));
    case PolicyName::realm:
      return realm_policy(*settings.realm_leader, Unvouched::refuse, known(settings));
    case PolicyName::realm_ask:
      return realm_policy(*settings.realm_leader, Unvouched::ask_leader, known(settings));
  }
  std::unreachable();
}

Fingerprint realm_of(const Settings& settings) {
  if (settings.realm_leader) return kith::realm_of(*settings.realm_leader);
  return settings.realm.value_or(Fingerprint());
}

}  // namespace

NodeConfig node_config(const Settings& settings, Participation participation) {
  // A client that reads the settings of a node must not take its store, nor hide like it.
  const bool is_member = participation == Participation::member;
  NodeConfig config{.join = settings.join,
                    .listen = settings.listen,
                    .advertise = settings.advertise,
                    .participation = participation,
                    .realm = realm_of(settings),
                    .identity_token = settings.identity_token,
                    .realm_leader = settings.realm_leader,
                    .policy = policy_of(settings),
                    .store = is_member ? settings.store : "",
                    .exempt_networks = settings.exempt,
                    .profile = is_member ? settings.profile : Profile::everybody,
                    .accept = is_member ? settings.accept : "",
                    .log = log_to_stderr(settings.log_level)};
  if (!settings.key.empty()) config.keys = read_key_file(settings.key);
  // An identity is what its node key stands for: the file of another node's keys serves.
  if (!settings.identity.empty()) config.identity_seed = read_key_file(settings.identity).node_seed;
  return config;
}

}  // namespace kith::apps
