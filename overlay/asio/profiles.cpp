#include "overlay/asio/profiles.hpp"

#include <utility>

namespace kith::overlay {
namespace {

ListenerProfile profile_of(Profile profile) {
  switch (profile) {
    case Profile::everybody:
      return kPublicListener;
    case Profile::member:
      return kMemberListener;
    case Profile::acquainted:
      return kPrivateListener;
    case Profile::stealth:
      return kStealthListener;
  }
  std::unreachable();
}

FlowSet flows_of(std::string_view letters) {
  FlowSet flows;
  for (const char letter : letters) {
    const FlowRule* rule = find_flow(static_cast<Byte>(letter));
    if (rule == nullptr)
      throw StartError("accept: '" + std::string(letters.substr(0, 16)) +
                       "' is no list of flows; name some of H, S, O, C, I and N (or K)");
    flows.add(rule->flow);
  }
  return flows;
}

}  // namespace

ListenerProfile listener_profile(const NodeConfig& config) {
  ListenerProfile listener = profile_of(config.profile);
  if (!config.accept.empty()) listener.accepted_flows = flows_of(config.accept);
  // Whoever answers strangers by another flow need not hide from them in this one.
  if (listener.accepted_flows.contains(Flow::hidden) ||
      listener.accepted_flows.contains(Flow::open))
    listener.only_known = false;
  return listener;
}

Flow flow_of(EntranceFlow flow) {
  switch (flow) {
    case EntranceFlow::hidden:
      return Flow::hidden;
    case EntranceFlow::sealed:
      return Flow::sealed;
    case EntranceFlow::open:
      return Flow::open;
    case EntranceFlow::connection:
      return Flow::connection;
  }
  std::unreachable();
}

}  // namespace kith::overlay
