#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/random.hpp"
#include "overlay/session/frame.hpp"
#include "overlay/session/session.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

/// A moment long after every epoch.
[[nodiscard]] Instant start_time();
[[nodiscard]] const SessionConfig& default_config();
/// Accepts every flow.
[[nodiscard]] const SessionConfig& public_config();
[[nodiscard]] Instant later(Instant now, Duration by);

/// A node with keys and a token that is valid at `start_time`.
struct TestNode {
  explicit TestNode(std::uint64_t seed, const Fingerprint& realm = {});
  /// One that listens at `endpoint`, with these primitives.
  TestNode(std::uint64_t seed, const crypto::Primitives& primitives, const Endpoint& endpoint,
           const Fingerprint& realm = {});
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  /// What its token states at first.
  [[nodiscard]] NodeTokenParams token_params() const;
  /// Gives it another token.
  void issue(const NodeTokenParams& params);

  /// How to dial it by flow `C`.
  [[nodiscard]] DialTarget connection_target() const;
  /// How to dial it by flow `H`, pinned.
  [[nodiscard]] DialTarget pinned_target() const;
  /// How to dial it by this flow, with all that the flow needs or may have.
  [[nodiscard]] DialTarget target(Flow flow) const;

  SeededRandom random;
  crypto::SigningKeyPair node_key;
  crypto::DhKeyPair static_key;
  BufferPool buffers;
  LocalNode local;
};

/// A profile's listener, by itself.
[[nodiscard]] SessionConfig listening_as(const ListenerProfile& profile);

/// One side of a connection: a session, and everything it told.
struct Party {
  explicit Party(Session made) : session(std::move(made)) {}

  /// Hears bytes, and tells all they make it tell.
  void hear(ByteView bytes, Instant now);
  void hear_end(Instant now);
  void pass_deadline(Instant now);
  void poll(Instant now);
  /// What it says now.
  Bytes say(Instant now);
  [[nodiscard]] bool opened() const { return openings > 0; }

  Session session;
  /// What it answers when asked; nothing: it does not yet.
  std::optional<bool> verdict = true;
  /// What it answers when a ticket is to be spent.
  std::optional<bool> spends = true;
  /// The static keys of the nodes that it deals with; whether it answers at all.
  std::map<Fingerprint, crypto::DhPublicKey> known;
  bool finds = true;
  /// Whether it lets the other in as soon as the session is open.
  bool lets_in = true;
  std::vector<SessionAsks> questions;
  std::vector<SessionSeeks> seekings;
  std::vector<TicketSecret> spendings;
  int openings = 0;
  std::vector<Bytes> messages;
  std::vector<std::uint64_t> pongs;
  std::optional<SessionClosed> closed;
  /// Everything it ever said.
  Bytes said;
};

/// Two sides and the wire between them, with somebody on it who may touch what passes.
class Pair {
 public:
  Pair(TestNode& dialing, TestNode& listening, const DialTarget& target,
       const SessionConfig& dialer_config, const SessionConfig& responder_config);
  /// The responder accepts every flow, and deals with the dialer.
  Pair(TestNode& dialing, TestNode& listening, const DialTarget& target);

  /// Carries bytes and ends of streams until both are silent.
  void run();
  /// Carries what the dialer says now, or the responder; whether there was anything.
  bool carry_to_responder();
  bool carry_to_dialer();
  /// Lets time pass; deadlines are met one after the other.
  void pass(Duration by);

  Instant now = start_time();
  Party dialer;
  Party responder;
  /// How many bytes arrive at once; 0: as many as were said.
  std::size_t chunk_bytes = 0;
  /// Sees and may change what passes: (to the responder?, bytes).
  std::function<void(bool, Bytes&)> wire;

 private:
  bool carry(Party& from, Party& to, bool to_responder);
  void end_stream(Party& from, Party& to, bool& ended);

  bool dialer_ended_ = false;
  bool responder_ended_ = false;
};

/// The frames that `stream` consists of, each with its header; what is left over is the last.
[[nodiscard]] std::vector<Bytes> frames_of(ByteView stream);
[[nodiscard]] std::vector<std::size_t> frame_sizes(ByteView stream);

/// What a listener says to whom it will not serve.
inline const Bytes kNopeBytes(std::begin(kNope), std::end(kNope));

[[nodiscard]] bool contains(ByteView haystack, ByteView needle);

}  // namespace kith::overlay::test
