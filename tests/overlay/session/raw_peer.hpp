#pragma once

#include <initializer_list>
#include <optional>
#include <utility>

#include "core/noise/handshake_state.hpp"
#include "overlay/session/record.hpp"
#include "tests/overlay/session/party.hpp"

namespace kith::overlay::test {

/// A peer made of Noise and nothing else, that says whatever a test wants: the engine's own
/// handshake, with payloads and records of the test's making.
class RawPeer {
 public:
  /// Dials `listening` by `flow`, whose rule names the pattern: the introduction's, if it has one.
  RawPeer(TestNode& self, const TestNode& listening, Flow flow);
  /// The same, with another letter in the prologue; or a listener, whose other end is `other`.
  RawPeer(TestNode& self, const TestNode& other, Flow flow, Byte prologue_letter,
          noise::Role role = noise::Role::initiator);

  /// Begins the handshake that follows an introduction, in which `letter` comes next.
  void go_on(const TestNode& other, Flow flow, Byte letter);

  /// The next handshake frame, with this letter and payload.
  Bytes frame(Byte letter, ByteView payload);
  /// Reads a handshake frame's payload; nothing if it does not decrypt.
  std::optional<Bytes> read(ByteView frame);

  /// `h`, as far as the handshake has come.
  [[nodiscard]] ByteView handshake_hash() const { return noise_->handshake_hash(); }

  /// A record frame with this plaintext, padded or not by whoever calls.
  Bytes record(ByteView plaintext);
  /// The plaintext of a record frame; nothing if it does not decrypt.
  std::optional<Bytes> open(ByteView frame);

 private:
  void take_keys();

  TestNode* self_;
  noise::Role role_;
  std::optional<noise::HandshakeState> noise_;
  std::optional<noise::CipherState> sending_;
  std::optional<noise::CipherState> receiving_;
};

/// One item, as it stands in a record.
[[nodiscard]] Bytes item(Byte kind, ByteView body);
/// Items, padded as they have to be.
[[nodiscard]] Bytes padded(std::initializer_list<Bytes> items);

/// The payload of a dialer's `C`, with these bytes as token.
[[nodiscard]] Bytes connection_payload(ByteView token, std::uint64_t time);
/// The payload of an `F`, without a join.
[[nodiscard]] Bytes finish_payload(ByteView token);

/// A responder that a raw peer has opened a session of flow `C` with.
struct OpenedByRawPeer {
  OpenedByRawPeer(TestNode& self, TestNode& listening);
  OpenedByRawPeer(TestNode& self, TestNode& listening, const SessionConfig& config);

  /// Lets the responder hear a record with this plaintext.
  void hear_record(ByteView plaintext) { responder.hear(peer.record(plaintext), now); }

  Instant now = start_time();
  RawPeer peer;
  Party responder;
};

}  // namespace kith::overlay::test
