#include <kith/policy.hpp>

#include <utility>

#include "tokens/verify.hpp"

namespace kith {
namespace {

Verdict verdict(bool yes) { return yes ? Verdict::yes : Verdict::no; }

/// Whoever asks for a relationship has shown a ticket of ours: we have said yes before.
bool is_invited(const Request& request) { return std::holds_alternative<RelateRequest>(request); }

class OpenPolicy final : public Policy {
 public:
  void authenticate(const Token&, Answer answer) override { answer(Verdict::yes); }
  void authorize(const Token&, const Request&, Answer answer) override { answer(Verdict::yes); }
  void account(const Exchanged&) override {}
};

class KnownKeysPolicy final : public Policy {
 public:
  explicit KnownKeysPolicy(std::set<Fingerprint> known) : known_(std::move(known)) {}

  void authenticate(const Token& token, Answer answer) override { answer(judge(token)); }
  void authorize(const Token& peer, const Request& request, Answer answer) override {
    answer(is_invited(request) ? Verdict::yes : judge(peer));
  }
  void account(const Exchanged&) override {}

 private:
  [[nodiscard]] Verdict judge(const Token& token) const {
    return verdict(known_.contains(token.fingerprint()));
  }

  std::set<Fingerprint> known_;
};

class RealmPolicy final : public Policy {
 public:
  explicit RealmPolicy(const std::array<Byte, 32>& leader_key)
      : leader_key_(leader_key), realm_(realm_of(leader_key)) {}

  void authenticate(const Token& token, Answer answer) override { answer(verdict(belongs(token))); }

  void authorize(const Token& peer, const Request& request, Answer answer) override {
    const bool joins = std::holds_alternative<JoinRequest>(request);
    const bool answerable =
        peer.kind() == TokenKind::identity || (peer.kind() == TokenKind::intent && !joins);
    answer(verdict(is_invited(request) || (answerable && belongs(peer))));
  }

  void account(const Exchanged&) override {}

  [[nodiscard]] std::optional<std::array<Byte, 32>> trusted_key(
      const Fingerprint& issuer) const override {
    if (issuer != realm_) return std::nullopt;
    return leader_key_;
  }

 private:
  /// The leader is the issuer of its own identity, too.
  [[nodiscard]] bool belongs(const Token& token) const {
    if (token.realm() != realm_) return false;
    return token.kind() != TokenKind::identity || token.issuer() == realm_;
  }

  std::array<Byte, 32> leader_key_;
  Fingerprint realm_;
};

}  // namespace

std::optional<std::array<Byte, 32>> Policy::trusted_key(const Fingerprint&) const {
  return std::nullopt;
}

std::unique_ptr<Policy> open_policy() { return std::make_unique<OpenPolicy>(); }

std::unique_ptr<Policy> known_keys_policy(std::set<Fingerprint> known) {
  return std::make_unique<KnownKeysPolicy>(std::move(known));
}

std::unique_ptr<Policy> realm_policy(const std::array<Byte, 32>& leader_key) {
  return std::make_unique<RealmPolicy>(leader_key);
}

Fingerprint realm_of(const std::array<Byte, 32>& leader_key) {
  return identity_fingerprint(leader_key);
}

}  // namespace kith
