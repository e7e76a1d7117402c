#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/crypto/primitives.hpp"
#include "core/noise/cipher_state.hpp"
#include "core/noise/pattern.hpp"
#include "core/noise/symmetric_state.hpp"
#include "core/random.hpp"

namespace kith::noise {

enum class Role : std::uint8_t { initiator, responder };

using Psk = crypto::Secret<32>;

/// What Split yields.  In one-way patterns the responder's direction does not exist.
struct Transport {
  CipherState initiator_to_responder;
  std::optional<CipherState> responder_to_initiator;
};

/// One handshake (Noise §5.3), driven message by message.  Writing out of turn, after the end or
/// after a failure is `Errc::protocol_error`.  After any failure the object is dead: its secrets
/// are wiped and every further call fails.
class HandshakeState {
 public:
  struct Config {
    const Pattern* pattern = nullptr;
    Role role = Role::initiator;
    Bytes prologue;
    /// Our static key, where the pattern has one.  Must outlive the handshake.
    const crypto::DhKeyPair* static_key = nullptr;
    /// The peer's static key, where the pattern knows it beforehand.
    std::optional<crypto::DhPublicKey> remote_static;
    std::vector<Psk> psks;
  };

  /// @pre every key that the pattern needs beforehand is there
  HandshakeState(const crypto::Primitives& primitives, Config config);

  /// Appends the next message, with `payload` in it, to `out`.
  [[nodiscard]] Result<void> write_message(ByteView payload, Random& random, Bytes& out);

  /// Reads the next message and yields its payload.
  [[nodiscard]] Result<Bytes> read_message(ByteView message);

  /// How long the next message is with a payload of `payload_bytes`, whoever writes it.
  [[nodiscard]] std::size_t message_bytes(std::size_t payload_bytes) const;

  [[nodiscard]] bool is_our_turn() const;
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] bool is_dead() const;

  /// The peer's static key as far as it is known by now.
  [[nodiscard]] const std::optional<crypto::DhPublicKey>& remote_static() const;

  /// `h`.  After the last message it names this handshake: channel binding (Noise §11.2).
  [[nodiscard]] ByteView handshake_hash() const;

  /// The transport keys; the handshake is over and wiped.  @pre is_finished()
  [[nodiscard]] Transport split();

 private:
  // The author of handshake_state.cpp completes this part.
};

}  // namespace kith::noise
