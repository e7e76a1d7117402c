#include <kith/policy.hpp>

#include <utility>

#include "tokens/verify.hpp"

namespace kith {
namespace {

Verdict verdict(bool yes) { return yes ? Verdict::yes : Verdict::no; }

/// Whoever asks for a relationship has shown a ticket of ours: we have said yes before.
bool is_invited(const Request& request) { return std::holds_alternative<RelateRequest>(request); }

/// Whoever lists an identity means the node of the same key as well.
bool is_listed(const std::set<Fingerprint>& known, const Token& token) {
  return known.contains(token.fingerprint()) ||
         known.contains(identity_fingerprint(token.public_key()));
}

class OpenPolicy final : public Policy {
 public:
  void authenticate(const Token&, Answer answer) override { answer(Verdict::yes); }
  void authorize(const Token&, const Request& request, Answer answer) override {
    answer(verdict(!std::holds_alternative<MeetRequest>(request)));
  }
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
    return verdict(is_listed(known_, token));
  }

  std::set<Fingerprint> known_;
};

class RealmPolicy final : public Policy {
 public:
  RealmPolicy(const std::array<Byte, 32>& leader_key, Unvouched unvouched,
              std::set<Fingerprint> known)
      : leader_key_(leader_key),
        realm_(realm_of(leader_key)),
        unvouched_(unvouched),
        known_(std::move(known)) {}

  /// Who may come in is decided afterwards; here, what is of the realm and may be decided about.
  void authenticate(const Token& token, Answer answer) override {
    const bool decided_later =
        token.kind() != TokenKind::identity || unvouched_ == Unvouched::ask_leader;
    answer(verdict(token.realm() == realm_ && (decided_later || is_vouched_for(token))));
  }

  void authorize(const Token& peer, const Request& request, Answer answer) override {
    if (is_invited(request)) return answer(Verdict::yes);
    answer(peer.realm() == realm_ ? judge(peer, request) : Verdict::no);
  }

  void account(const Exchanged&) override {}

  [[nodiscard]] std::optional<std::array<Byte, 32>> trusted_key(
      const Fingerprint& issuer) const override {
    if (issuer != realm_) return std::nullopt;
    return leader_key_;
  }

 private:
  [[nodiscard]] Verdict judge(const Token& peer, const Request& request) const {
    if (std::holds_alternative<MeetRequest>(request)) return Verdict::yes;
    const bool joins = std::holds_alternative<JoinRequest>(request);
    const bool is_judged = std::holds_alternative<JudgeRequest>(request);
    if (!joins && !is_judged && peer.kind() == TokenKind::intent) return Verdict::yes;
    if (peer.kind() != TokenKind::intent && is_vouched_for(peer)) return Verdict::yes;
    return joins && unvouched_ == Unvouched::ask_leader ? Verdict::defer : Verdict::no;
  }

  /// The leader is the issuer of its own identity, too.
  [[nodiscard]] bool is_vouched_for(const Token& token) const {
    if (token.kind() == TokenKind::identity && token.issuer() == realm_) return true;
    return is_listed(known_, token);
  }

  std::array<Byte, 32> leader_key_;
  Fingerprint realm_;
  Unvouched unvouched_;
  std::set<Fingerprint> known_;
};

}  // namespace

std::optional<std::array<Byte, 32>> Policy::trusted_key(const Fingerprint&) const {
  return std::nullopt;
}

std::unique_ptr<Policy> open_policy() { return std::make_unique<OpenPolicy>(); }

std::unique_ptr<Policy> known_keys_policy(std::set<Fingerprint> known) {
  return std::make_unique<KnownKeysPolicy>(std::move(known));
}

std::unique_ptr<Policy> realm_policy(const std::array<Byte, 32>& leader_key, Unvouched unvouched,
                                     std::set<Fingerprint> known) {
  return std::make_unique<RealmPolicy>(leader_key, unvouched, std::move(known));
}

Fingerprint realm_of(const std::array<Byte, 32>& leader_key) {
  return identity_fingerprint(leader_key);
}

}  // namespace kith
