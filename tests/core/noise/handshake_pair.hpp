#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/crypto/sodium.hpp"
#include "core/noise/handshake_state.hpp"

namespace kith::test {

/// What a test wants otherwise than two honest sides would have it.
struct HandshakeChange {
  const crypto::DiffieHellman* initiator_dh = &crypto::x25519();
  const crypto::DiffieHellman* responder_dh = &crypto::x25519();
  Bytes initiator_prologue = {};
  Bytes responder_prologue = {};
  /// What the initiator's static public key is said to be, and the responder's.
  std::optional<crypto::DhPublicKey> initiator_static = {};
  std::optional<crypto::DhPublicKey> responder_static = {};
  bool other_psk = false;
};

/// Both sides of one handshake, with keys from `random`.
class HandshakePair {
 public:
  HandshakePair(const noise::Pattern& pattern, Random& random, const HandshakeChange& change = {})
      : random_(random),
        initiator_static_(crypto::x25519().generate(random)),
        responder_static_(crypto::x25519().generate(random)) {
    if (change.initiator_static) initiator_static_.public_key = *change.initiator_static;
    if (change.responder_static) responder_static_.public_key = *change.responder_static;
    crypto::Primitives primitives = crypto::sodium_primitives();
    primitives.dh = change.initiator_dh;
    initiator_.emplace(primitives, config(pattern, noise::Role::initiator, change));
    primitives.dh = change.responder_dh;
    responder_.emplace(primitives, config(pattern, noise::Role::responder, change));
  }
  HandshakePair(const HandshakePair&) = delete;
  HandshakePair& operator=(const HandshakePair&) = delete;

  noise::HandshakeState& initiator() { return *initiator_; }
  noise::HandshakeState& responder() { return *responder_; }
  noise::HandshakeState& writer() { return initiator_->is_our_turn() ? *initiator_ : *responder_; }
  noise::HandshakeState& reader() { return initiator_->is_our_turn() ? *responder_ : *initiator_; }
  const crypto::DhKeyPair& initiator_static() const { return initiator_static_; }
  const crypto::DhKeyPair& responder_static() const { return responder_static_; }
  Random& random() { return random_; }

  Result<Bytes> write(ByteView payload = {}) {
    Bytes message;
    auto written = writer().write_message(payload, random_, message);
    if (!written) return std::unexpected(written.error());
    return message;
  }

  /// Writes the next message and reads it on the other side.
  Result<Bytes> exchange(ByteView payload = {}) {
    noise::HandshakeState& to = reader();
    auto message = write(payload);
    if (!message) return message;
    return to.read_message(*message);
  }

  /// Exchanges messages until both have finished or one fails.
  Result<void> run() {
    while (!initiator_->is_finished() || !responder_->is_finished()) {
      if (auto exchanged = exchange(); !exchanged) return std::unexpected(exchanged.error());
    }
    return {};
  }

 private:
  noise::HandshakeState::Config config(const noise::Pattern& pattern, noise::Role role,
                                       const HandshakeChange& change) const {
    const bool initiator = role == noise::Role::initiator;
    noise::HandshakeState::Config config;
    config.pattern = &pattern;
    config.role = role;
    config.prologue = initiator ? change.initiator_prologue : change.responder_prologue;
    config.static_key = initiator ? &initiator_static_ : &responder_static_;
    const auto& known = initiator ? pattern.responder_before : pattern.initiator_before;
    if (!known.empty()) {
      config.remote_static =
          initiator ? responder_static_.public_key : initiator_static_.public_key;
    }
    if (pattern.name.find("psk") != pattern.name.npos) {
      config.psks.emplace_back().mutable_view().front() = !initiator && change.other_psk ? 8 : 7;
    }
    return config;
  }

  Random& random_;
  crypto::DhKeyPair initiator_static_;
  crypto::DhKeyPair responder_static_;
  std::optional<noise::HandshakeState> initiator_;
  std::optional<noise::HandshakeState> responder_;
};

}  // namespace kith::test
