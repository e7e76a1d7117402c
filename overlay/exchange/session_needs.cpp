#include "overlay/exchange/session_needs.hpp"

#include <utility>

#include "core/assert.hpp"

namespace kith::overlay {

void SessionNeeds::need(const Fingerprint& node, const NodeToken* dial) {
  Uses& uses = uses_[node];
  ++uses.all;
  if (dial == nullptr) {
    if (uses.all == 1) outputs_.emplace_back(NeedSession{node, std::nullopt});
  } else if (++uses.dialed == 1) {
    uses.token_issued_at = dial->token.issued_at();
    outputs_.emplace_back(NeedSession{node, *dial});
  } else {
    renew(*dial);
  }
}

void SessionNeeds::renew(const NodeToken& node) {
  const auto it = uses_.find(node.fingerprint());
  if (it == uses_.end() || it->second.dialed == 0) return;
  if (node.token.issued_at() <= it->second.token_issued_at) return;
  it->second.token_issued_at = node.token.issued_at();
  outputs_.emplace_back(NeedSession{node.fingerprint(), node});
}

void SessionNeeds::release(const Fingerprint& node, bool dialed) {
  const auto it = uses_.find(node);
  KITH_ASSERT(it != uses_.end() && it->second.all > 0 && (!dialed || it->second.dialed > 0));
  --it->second.all;
  if (dialed) --it->second.dialed;
  if (it->second.all > 0) return;
  uses_.erase(it);
  outputs_.emplace_back(SessionNotNeeded{node});
}

std::optional<ExchangeOutput> SessionNeeds::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  ExchangeOutput output =
      std::visit([](auto& what) { return ExchangeOutput(std::move(what)); }, outputs_.front());
  outputs_.pop_front();
  return output;
}

}  // namespace kith::overlay
