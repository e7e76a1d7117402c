#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/crypto/primitives.hpp"
#include "core/noise/cipher_state.hpp"
#include "core/noise/ephemeral_pool.hpp"
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

/// One handshake (Noise §5.3), driven message by message.  Writing or reading out of turn, after
/// the end or after a failure is `Errc::protocol_error`.  After any failure the object is dead: all
/// it knew is wiped and every further call fails.
///
///     running ─last message─> finished ─split─> spent
///        └──────any failure──────┴────────────────┴──> dead
class HandshakeState {
 public:
  struct Config {
    const Pattern* pattern = nullptr;
    Role role = Role::initiator;
    Bytes prologue = {};
    /// Our static key, where the pattern has one.  Must outlive the handshake.
    const crypto::DhKeyPair* static_key = nullptr;
    /// The peer's static key, where the pattern knows it beforehand.
    std::optional<crypto::DhPublicKey> remote_static = {};
    /// In the order of the pattern's psk tokens.
    std::vector<Psk> psks = {};
    /// Where our ephemeral key comes from, if not from the randomness alone.
    EphemeralPool* ephemerals = nullptr;
  };

  /// @pre every key that the pattern needs beforehand is there, no `remote_static` that the peer
  /// will send itself, and as many psks as the pattern has psk tokens
  HandshakeState(const crypto::Primitives& primitives, Config config);

  /// Appends the next message, with `payload` in it, to `out`; on failure `out` is as it was.
  /// `Errc::too_long` over 65535 bytes, `Errc::bad_key` if the peer sent a key of low order.
  /// @pre `payload` does not lie in `out`
  [[nodiscard]] Result<void> write_message(ByteView payload, Random& random, Bytes& out);

  /// Reads the next message and yields its payload.  `Errc::truncated`, `Errc::too_long`,
  /// `Errc::bad_key` or `Errc::decrypt_failed` for a message that is not the one expected.
  [[nodiscard]] Result<Bytes> read_message(ByteView message);

  /// How long the next message is with a payload of `payload_bytes`, whoever writes it.
  /// @pre the handshake is running
  [[nodiscard]] std::size_t message_bytes(std::size_t payload_bytes) const;

  [[nodiscard]] bool is_our_turn() const;
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] bool is_dead() const;

  /// The peer's static key as far as it is known by now.
  [[nodiscard]] const std::optional<crypto::DhPublicKey>& remote_static() const;

  /// `h`.  After the last message it names this handshake: channel binding (Noise §11.2).  Stays
  /// after `split`.
  [[nodiscard]] ByteView handshake_hash() const;

  /// The transport keys; the handshake is over and its keys are wiped.
  /// @pre is_finished(), and this is the first call
  [[nodiscard]] Transport split();

 private:
  enum class Phase : std::uint8_t { running, finished, spent, dead };

  void mix_pre_messages();
  [[nodiscard]] std::span<const PatternToken> current_message() const;
  [[nodiscard]] Result<void> write_tokens(ByteView payload, Random& random, MutableByteView rest);
  [[nodiscard]] Result<void> write_token(PatternToken token, Random& random, MutableByteView& rest);
  [[nodiscard]] Result<void> read_token(PatternToken token, ByteView& rest);
  [[nodiscard]] Result<void> mix_dh(PatternToken token);
  void mix_ephemeral(const crypto::DhPublicKey& key);
  void mix_next_psk();
  void advance();
  void wipe_inputs();
  [[nodiscard]] std::unexpected<Errc> fail(Errc error);

  const Pattern* pattern_;
  const crypto::DiffieHellman* dh_;
  const crypto::DhKeyPair* static_key_;
  EphemeralPool* ephemerals_;
  crypto::DhKeyPair ephemeral_;
  crypto::DhPublicKey remote_ephemeral_{};
  std::optional<crypto::DhPublicKey> remote_static_;
  std::vector<Psk> psks_;
  SymmetricState symmetric_;
  Role role_;
  Phase phase_ = Phase::running;
  std::uint8_t messages_done_ = 0;
  std::uint8_t psks_used_ = 0;
};

}  // namespace kith::noise
