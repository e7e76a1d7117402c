#include "tokens/relationship_policy.hpp"

#include <optional>
#include <set>
#include <utility>

#include "tokens/identity_token.hpp"
#include "tokens/intent_token.hpp"

namespace kith {
namespace {

/// The node at which a token says its identity is; nothing if it is bound to none.
std::optional<Fingerprint> node_in_use(const Token& token) {
  if (token.kind() == TokenKind::intent) {
    if (const auto intent = decode_intent_token(token.raw())) return intent->node;
  }
  if (token.kind() == TokenKind::identity) {
    if (const auto identity = decode_identity_token(token.raw())) return identity->node;
  }
  return std::nullopt;
}

class RelationshipPolicy final : public Policy {
 public:
  explicit RelationshipPolicy(std::span<const RelationshipToken> relationships) {
    for (const RelationshipToken& relationship : relationships) {
      for (const RelationshipParty& party :
           {relationship.terms().proposer, relationship.terms().partner}) {
        nodes_.insert(party.node);
        identities_.emplace(party.identity, party.node);
      }
    }
  }

  void authenticate(const Token& token, Answer answer) override { answer(judge(token)); }
  void authorize(const Token& peer, const Request& request, Answer answer) override {
    // Whoever asks to be named has shown a ticket of ours.
    const bool is_invited = std::holds_alternative<RelateRequest>(request);
    answer(is_invited ? Verdict::yes : judge(peer));
  }
  void account(const Exchanged&) override {}

 private:
  /// An identity that does not say where it is could be anywhere, and is not let in.
  [[nodiscard]] Verdict judge(const Token& token) const {
    if (token.kind() == TokenKind::node)
      return nodes_.contains(token.fingerprint()) ? Verdict::yes : Verdict::no;
    const auto node = node_in_use(token);
    const bool named = node && identities_.contains({token.fingerprint(), *node});
    return named ? Verdict::yes : Verdict::no;
  }

  std::set<Fingerprint> nodes_;
  std::set<std::pair<Fingerprint, Fingerprint>> identities_;  // Each with a node of its.
};

}  // namespace

std::unique_ptr<Policy> relationship_policy(std::span<const RelationshipToken> relationships) {
  return std::make_unique<RelationshipPolicy>(relationships);
}

}  // namespace kith
