#include "overlay/session/handshake.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/assert.hpp"
#include "core/crypto/secret.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

namespace {

constexpr std::string_view kProtocol = "kith/1";
constexpr std::string_view kSessionIdDomain = "kith/1 session id";

/// Binds the handshake to version, flow and network, so that frames of one mean nothing in another.
Bytes prologue(Byte letter, const Fingerprint& network) {
  Bytes bytes;
  append(bytes, as_bytes(kProtocol));
  bytes.push_back(letter);
  append(bytes, network.view());
  return bytes;
}

bool needs_static_key_beforehand(const noise::Pattern& pattern) {
  return !pattern.responder_before.empty();
}

}  // namespace

bool rides_in_handshake(const DialTarget& target) {
  const auto& messages = flow_rule(target.flow).messages;
  const bool has_place = std::ranges::any_of(messages, [](const FlowMessage& message) {
    return message.schema.optional.contains(PayloadKey::join);
  });
  return has_place && !target.first_message.empty() &&
         target.first_message.size() <= kJoinBytesMost;
}

Handshake::Handshake(const LocalNode& local, const SessionConfig& config, Random& random,
                     DialTarget target)
    : local_(&local), config_(&config), random_(&random), target_(std::move(target)) {
  const FlowRule& rule = flow_rule(target_->flow);
  KITH_ASSERT(rule.is_spoken());
  start(rule);
}

Handshake::Handshake(const LocalNode& local, const SessionConfig& config, Random& random)
    : local_(&local), config_(&config), random_(&random) {}

void Handshake::start(const FlowRule& rule) {
  rule_ = &rule;
  const noise::Pattern* pattern = noise::find_pattern(rule.pattern);
  KITH_ASSERT(pattern != nullptr);
  noise::HandshakeState::Config noise_config{
      .pattern = pattern,
      .role = target_ ? noise::Role::initiator : noise::Role::responder,
      .prologue = prologue(rule.messages.front().letter, local_->network),
      .static_key = local_->static_key,
      .remote_static = std::nullopt,
      .psks = {},
  };
  if (target_ && needs_static_key_beforehand(*pattern)) {
    KITH_ASSERT(target_->static_key && target_->node);
    noise_config.remote_static = target_->static_key;
  }
  noise_.emplace(*local_->primitives, std::move(noise_config));
}

Result<void> Handshake::check_header(const FrameHeader& header) {
  // What has a length that no handshake frame has names no flow, whatever its letter is.
  if (header.length < kHandshakeLengthLeast) return std::unexpected(Errc::truncated);
  if (header.length > kHandshakeLengthMost) return std::unexpected(Errc::too_long);
  if (!header.letter) return {};
  if (!noise_) {
    if (const auto started = start_by(*header.letter); !started) return started;
  }
  if (*header.letter != message().letter) return std::unexpected(Errc::protocol_error);
  const std::size_t least = frame_length_least();
  if (header.length < least) return std::unexpected(Errc::truncated);
  if (header.length > message().frame_length_most) return std::unexpected(Errc::too_long);
  const bool may_be_longer = message().form == PayloadForm::padded_map;
  const std::size_t excess = header.length - least;
  if (may_be_longer ? excess % kPayloadBlock != 0 : excess != 0) {
    return std::unexpected(Errc::bad_padding);
  }
  return {};
}

/// A responder's start: the dialer has chosen the flow.
Result<void> Handshake::start_by(Byte letter) {
  rule_ = find_flow(letter);
  if (rule_ == nullptr) return std::unexpected(Errc::unknown_kind);
  const bool opens = static_cast<Byte>(rule_->letters.front()) == letter;
  if (!opens || !rule_->is_spoken() || !config_->accepted_flows.contains(rule_->flow)) {
    return std::unexpected(Errc::refused);
  }
  start(*rule_);
  return {};
}

/// The least length that the peer's next frame can have.
std::size_t Handshake::frame_length_least() const {
  return 1 + noise_->message_bytes(message().form == PayloadForm::empty ? 0 : kPayloadBlock);
}

Result<void> Handshake::read_frame(ByteView body, WallTime wall) {
  auto payload = noise_->read_message(body);
  if (!payload) return std::unexpected(payload.error());
  const auto read =
      message().form == PayloadForm::empty ? Result<void>() : read_payload(*payload, wall);
  crypto::wipe(*payload);
  ++messages_done_;
  return read;
}

Result<void> Handshake::read_payload(ByteView padded, WallTime wall) {
  const auto payload = decode_payload(message().schema, padded);
  if (!payload) return std::unexpected(payload.error());
  if (!payload->has(PayloadKey::token)) return {};

  auto peer = check_peer(payload->get(PayloadKey::token), wall);
  if (!peer) return std::unexpected(peer.error());
  SessionAsks question{
      .peer = *std::move(peer), .flow = rule_->flow, .time = std::nullopt, .about = std::nullopt};
  if (const auto time = payload->time()) {
    if (!std::in_range<Duration::rep>(*time)) return std::unexpected(Errc::out_of_range);
    question.time = WallTime(Duration(static_cast<Duration::rep>(*time)));
  }
  if (payload->has(PayloadKey::about)) {
    std::ranges::copy(payload->get(PayloadKey::about), question.about.emplace().begin());
  }
  if (payload->has(PayloadKey::join)) {
    const ByteView join = payload->get(PayloadKey::join);
    join_.emplace(join.begin(), join.end());
  }
  question_ = std::move(question);
  return {};
}

/// The peer's token, if it is one and speaks for the key that the handshake was made with.
Result<NodeToken> Handshake::check_peer(ByteView bytes, WallTime wall) const {
  auto peer = decode_node_token(bytes);
  if (!peer) return peer;
  const auto verified = verify(peer->token, *local_->primitives->signatures, wall);
  if (!verified) return std::unexpected(verified.error());
  const auto& static_key = noise_->remote_static();
  if (!static_key || !crypto::equal_constant_time(peer->static_key, *static_key)) {
    return std::unexpected(Errc::wrong_key);
  }
  const ByteView id = peer->fingerprint().view();
  if (target_ && target_->node && !crypto::equal_constant_time(id, target_->node->view())) {
    return std::unexpected(Errc::wrong_key);
  }
  // Whoever shows us ourselves is a mirror.
  if (crypto::equal_constant_time(id, local_->id.view())) return std::unexpected(Errc::wrong_key);
  if (peer->token.realm() != local_->network) return std::unexpected(Errc::wrong_realm);
  if (!in_audience(peer->token, local_->id, local_->network))
    return std::unexpected(Errc::wrong_audience);
  return peer;
}

Result<void> Handshake::write_frame(Bytes& out) {
  const FlowMessage& next = message();
  Bytes payload;
  if (next.form == PayloadForm::padded_map) payload = encode_payload(our_payload());
  const std::size_t body_bytes = noise_->message_bytes(payload.size());
  KITH_ASSERT(body_bytes + 1 <= next.frame_length_most);

  const std::size_t at = out.size();
  out.resize(at + kFrameHeaderBytes);
  write_frame_header(next.letter, body_bytes, MutableByteView(out).subspan(at, kFrameHeaderBytes));
  const auto written = noise_->write_message(payload, *random_, out);
  crypto::wipe(payload);
  if (!written) {
    out.resize(at);
    return written;
  }
  ++messages_done_;
  return {};
}

/// What we have to say under the keys that the next message must or may hold.
Payload Handshake::our_payload() const {
  const PayloadSchema& schema = message().schema;
  Payload payload;
  if (schema.allows(PayloadKey::token)) payload.set(PayloadKey::token, local_->token);
  if (schema.allows(PayloadKey::time)) {
    const Duration since_1970 = target_->time.time_since_epoch();
    KITH_ASSERT(since_1970 >= Duration::zero());
    payload.set_time(static_cast<std::uint64_t>(since_1970.count()));
  }
  if (schema.allows(PayloadKey::join) && rides_in_handshake(*target_)) {
    payload.set(PayloadKey::join, target_->first_message);
  }
  return payload;
}

std::optional<SessionAsks> Handshake::take_question() {
  return std::exchange(question_, std::nullopt);
}

std::optional<Bytes> Handshake::take_join() { return std::exchange(join_, std::nullopt); }

Fingerprint Handshake::session_id() const {
  return crypto::blake2b_256({as_bytes(kSessionIdDomain), noise_->handshake_hash()});
}

RejectBehaviour Handshake::reject_behaviour() const {
  const bool listens = !target_;
  if (listens && config_->stealth) return RejectBehaviour::silent;
  if (rule_ != nullptr) return rule_->reject;
  return config_->accepted_flows.any_is_loud() ? RejectBehaviour::nope : RejectBehaviour::silent;
}

}  // namespace kith::overlay
