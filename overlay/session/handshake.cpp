#include "overlay/session/handshake.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/assert.hpp"
#include "overlay/session/proof.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

constexpr std::string_view kProtocol = "kith/1";
constexpr std::string_view kSessionIdDomain = "kith/1 session id";

/// Binds the handshake to version, message and network, so that frames of one mean nothing in
/// another.
Bytes prologue(Byte letter, const Fingerprint& network) {
  Bytes bytes;
  append(bytes, as_bytes(kProtocol));
  bytes.push_back(letter);
  append(bytes, network.view());
  return bytes;
}

}  // namespace

DialTarget copy_of(const DialTarget& target) {
  DialTarget copy{.flow = target.flow,
                  .node = target.node,
                  .static_key = target.static_key,
                  .time = target.time,
                  .about = target.about,
                  .certificate = target.certificate,
                  .site = target.site,
                  .early = target.early,
                  .first_message = target.first_message};
  if (target.ticket) copy.ticket = target.ticket->clone();
  return copy;
}

bool rides_in_handshake(const DialTarget& target) {
  const auto& messages = flow_rule(target.flow).messages;
  const bool has_place = std::ranges::any_of(messages, [](const FlowMessage& message) {
    return message.schema.optional.contains(PayloadKey::join);
  });
  return has_place && !target.first_message.empty() && target.first_message.size() <= kJoinBytesMax;
}

Handshake::Handshake(const LocalNode& local, const SessionConfig& config, Random& random,
                     DialTarget target)
    : local_(&local),
      config_(&config),
      random_(&random),
      target_(std::move(target)),
      rule_(&flow_rule(target_->flow)) {
  start_noise(target_->static_key);
}

Handshake::Handshake(const LocalNode& local, const SessionConfig& config, Random& random)
    : local_(&local), config_(&config), random_(&random) {}

Handshake::~Handshake() {
  if (join_) crypto::wipe(*join_);
  if (!target_) return;
  crypto::wipe(target_->first_message);
  crypto::wipe(target_->early);
  crypto::wipe(target_->certificate);
}

/// Whether the next message is a handshake of its own.
bool Handshake::is_introduction() const {
  return messages_done_ == 0 && !rule_->introduction.empty();
}

/// Starts the Noise handshake that the next message belongs to.
void Handshake::start_noise(const std::optional<crypto::DhPublicKey>& remote_static) {
  const noise::Pattern* pattern =
      noise::find_pattern(is_introduction() ? rule_->introduction : rule_->pattern);
  KITH_ASSERT(pattern != nullptr);
  noise::HandshakeState::Config noise_config{
      .pattern = pattern,
      .role = target_ ? noise::Role::initiator : noise::Role::responder,
      .prologue = prologue(message().letter, local_->network),
      .static_key = local_->static_key,
      .ephemerals = target_ ? nullptr : local_->ephemerals,
  };
  // What follows an introduction fails if that was changed (R73).
  if (noise_) append(noise_config.prologue, noise_->handshake_hash());
  const auto& peer_before = target_ ? pattern->responder_before : pattern->initiator_before;
  if (!peer_before.empty()) {
    KITH_ASSERT(remote_static.has_value());
    noise_config.remote_static = remote_static;
  }
  noise_.emplace(*local_->primitives, std::move(noise_config));
}

bool Handshake::is_our_turn() const {
  return is_started() && !is_finished() && message().from == side();
}

bool Handshake::has_keys() const {
  return is_started() && messages_done_ >= rule_->noise_messages();
}

bool Handshake::is_finished() const {
  return is_started() && messages_done_ == rule_->messages.size();
}

Result<void> Handshake::check_header(const FrameHeader& header) {
  // What has a length that no handshake frame has names no flow, whatever its letter is.
  if (header.length < kHandshakeLengthMin) return std::unexpected(Errc::truncated);
  if (header.length > kHandshakeLengthMax) return std::unexpected(Errc::too_long);
  if (!header.letter) return {};
  if (!is_started()) {
    if (const auto started = start_by(*header.letter); !started) return started;
  }
  if (*header.letter != message().letter) return std::unexpected(Errc::protocol_error);
  const std::size_t least = frame_length_min();
  if (header.length < least) return std::unexpected(Errc::truncated);
  if (header.length > message().frame_length_max) return std::unexpected(Errc::too_long);
  const std::size_t excess = header.length - least;
  const PayloadForm form = message().form;
  if (form == PayloadForm::padded_map ? excess % kPayloadBlock != 0
                                      : form == PayloadForm::empty && excess != 0) {
    return std::unexpected(Errc::bad_padding);
  }
  return {};
}

/// A responder's start: the dialer has chosen the flow.
Result<void> Handshake::start_by(Byte letter) {
  const FlowRule* rule = find_flow(letter);
  if (rule == nullptr) return std::unexpected(Errc::unknown_kind);
  rule_ = rule;
  const bool opens = static_cast<Byte>(rule->letters.front()) == letter;
  if (!opens || !config_->accepted_flows.contains(rule->flow)) {
    return std::unexpected(Errc::unknown_kind);
  }
  start_noise(std::nullopt);
  return {};
}

/// The least length that the peer's next frame can have.
std::size_t Handshake::frame_length_min() const {
  switch (message().form) {
    case PayloadForm::empty:
    case PayloadForm::proof:
      return 1 + noise_->message_bytes(0);
    case PayloadForm::clear_token:
      return 1 + noise_->message_bytes(1);
    case PayloadForm::padded_map:
      return 1 + noise_->message_bytes(kPayloadBlock);
  }
  std::unreachable();
}

Result<void> Handshake::read_frame(ByteView body, WallTime wall) {
  auto payload = noise_->read_message(body);
  if (!payload) return std::unexpected(payload.error());
  const auto read = read_payload(*payload, wall);
  crypto::wipe(*payload);
  ++messages_done_;
  return read;
}

Result<void> Handshake::read_payload(ByteView bytes, WallTime wall) {
  switch (message().form) {
    case PayloadForm::empty:
    case PayloadForm::proof:
      return {};
    case PayloadForm::clear_token:
      return read_token(bytes, wall);
    case PayloadForm::padded_map: {
      const auto payload = decode_payload(message().schema, bytes);
      if (!payload) return std::unexpected(payload.error());
      return read_map(*payload, wall);
    }
  }
  std::unreachable();
}

Result<void> Handshake::read_map(const Payload& payload, WallTime wall) {
  if (payload.has(PayloadKey::node)) {
    peer_ = Fingerprint::from_bytes(payload.get(PayloadKey::node)).value();
    seeking_ =
        SessionSeeks{.node = *peer_, .site = std::string(as_text(payload.get(PayloadKey::site)))};
    return {};
  }
  if (payload.has(PayloadKey::token)) {
    const auto read = read_token(payload.get(PayloadKey::token), wall);
    if (!read) return read;
  }
  if (const auto time = payload.time()) {
    if (!std::in_range<Duration::rep>(*time)) return std::unexpected(Errc::out_of_range);
    question().time = WallTime(Duration(static_cast<Duration::rep>(*time)));
  }
  if (payload.has(PayloadKey::about)) {
    std::ranges::copy(payload.get(PayloadKey::about), question().about.emplace().begin());
  }
  if (payload.has(PayloadKey::ticket)) {
    std::ranges::copy(payload.get(PayloadKey::ticket),
                      question().ticket.emplace().mutable_view().begin());
    ticket_ = question().ticket->clone();
  }
  const auto copy = [&payload](PayloadKey key) {
    const ByteView bytes = payload.has(key) ? payload.get(key) : ByteView();
    return Bytes(bytes.begin(), bytes.end());
  };
  if (payload.has(PayloadKey::certificate)) question().certificate = copy(PayloadKey::certificate);
  if (payload.has(PayloadKey::early)) question().early = copy(PayloadKey::early);
  if (payload.has(PayloadKey::join)) join_ = copy(PayloadKey::join);
  return {};
}

/// What we have to ask about the peer, of which the handshake knows who it is by now.
SessionAsks& Handshake::question() {
  if (!question_) question_ = SessionAsks{.flow = rule_->flow, .node = *peer_};
  return *question_;
}

/// Takes the peer's token, if it speaks for the key that the handshake was made with.
Result<void> Handshake::read_token(ByteView token, WallTime wall) {
  auto peer = check_peer(token, wall);
  if (!peer) return std::unexpected(peer.error());
  const auto& static_key = noise_->remote_static();
  if (!static_key || !crypto::equal_constant_time(peer->static_key, *static_key)) {
    return std::unexpected(Errc::wrong_key);
  }
  peer_ = peer->fingerprint();
  question().peer = *std::move(peer);
  return {};
}

/// The peer's token, if it is one, is valid and is meant for us.
Result<NodeToken> Handshake::check_peer(ByteView bytes, WallTime wall) const {
  auto peer = decode_node_token(bytes);
  if (!peer) return peer;
  const auto verified = verify(peer->token, *local_->primitives->signatures, wall);
  if (!verified) return std::unexpected(verified.error());
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

Result<void> Handshake::read_proof(ByteView body, WallTime wall) {
  const auto proof = decode_map(message().schema, body);
  const Side prover = message().from;
  ++messages_done_;
  if (!proof) return std::unexpected(proof.error());
  auto peer = check_peer(proof->get(PayloadKey::token), wall);
  if (!peer) return std::unexpected(peer.error());
  crypto::Signature signature{};
  std::ranges::copy(proof->get(PayloadKey::signature), signature.begin());
  const ProofStatement statement{.side = prover,
                                 .handshake_hash = noise_->handshake_hash(),
                                 .prover = peer->fingerprint(),
                                 .reader = prover == Side::responder ? local_->id : Fingerprint()};
  if (!verify_proof(statement, peer->token.public_key(), signature,
                    *local_->primitives->signatures)) {
    return std::unexpected(Errc::bad_signature);
  }
  peer_ = peer->fingerprint();
  question().peer = *std::move(peer);
  return {};
}

Bytes Handshake::write_proof() {
  KITH_ASSERT(local_->node_key != nullptr && has_keys());
  // The dialer proves itself before it knows to whom.
  const ProofStatement statement{.side = side(),
                                 .handshake_hash = noise_->handshake_hash(),
                                 .prover = local_->id,
                                 .reader = target_ ? Fingerprint() : peer_.value_or(Fingerprint())};
  const crypto::Signature signature =
      sign_proof(statement, *local_->node_key, *local_->primitives->signatures);
  Payload payload;
  payload.set(PayloadKey::token, local_->token);
  payload.set(PayloadKey::signature, signature);
  ++messages_done_;
  return encode_map(payload);
}

Result<void> Handshake::write_frame(Bytes& out) {
  const FlowMessage& next = message();
  auto payload = encoded_payload();
  if (!payload) return std::unexpected(payload.error());
  const std::size_t body_bytes = noise_->message_bytes(payload->size());
  KITH_ASSERT(body_bytes + 1 <= next.frame_length_max);

  const std::size_t at = out.size();
  out.resize(at + kFrameHeaderBytes);
  write_frame_header(next.letter, body_bytes, MutableByteView(out).subspan(at, kFrameHeaderBytes));
  const auto written = noise_->write_message(*payload, *random_, out);
  crypto::wipe(*payload);
  if (!written) {
    out.resize(at);
    return written;
  }
  const bool was_introduction = is_introduction();
  ++messages_done_;
  if (was_introduction) start_noise(target_->static_key);
  return {};
}

/// The payload of our next frame.
Result<Bytes> Handshake::encoded_payload() const {
  switch (message().form) {
    case PayloadForm::empty:
    case PayloadForm::proof:
      return Bytes();
    case PayloadForm::clear_token: {
      // Everybody can read it: it must be what a node token may be, and nothing else (R38).
      const auto token = decode_node_token(local_->token);
      if (!token) return std::unexpected(token.error());
      return local_->token;
    }
    case PayloadForm::padded_map:
      return encode_payload(our_payload());
  }
  std::unreachable();
}

/// What we have to say under the keys that the next message must or may hold.
Payload Handshake::our_payload() const {
  const PayloadSchema& schema = message().schema;
  Payload payload;
  if (schema.allows(PayloadKey::token)) payload.set(PayloadKey::token, local_->token);
  if (schema.allows(PayloadKey::node)) payload.set(PayloadKey::node, local_->id.view());
  if (!target_) return payload;

  const auto set_if = [&](PayloadKey key, bool is_there, ByteView value) {
    KITH_ASSERT(is_there || !schema.required.contains(key));
    if (is_there && schema.allows(key)) payload.set(key, value);
  };
  if (schema.allows(PayloadKey::time)) {
    const Duration since_1970 = target_->time.time_since_epoch();
    KITH_ASSERT(since_1970 >= Duration::zero());
    payload.set_time(static_cast<std::uint64_t>(since_1970.count()));
  }
  set_if(PayloadKey::about, target_->about.has_value(),
         target_->about ? ByteView(*target_->about) : ByteView());
  set_if(PayloadKey::ticket, target_->ticket.has_value(),
         target_->ticket ? target_->ticket->view() : ByteView());
  set_if(PayloadKey::certificate, !target_->certificate.empty(), target_->certificate);
  set_if(PayloadKey::site, !target_->site.empty(), as_bytes(target_->site));
  set_if(PayloadKey::early, !target_->early.empty(), target_->early);
  set_if(PayloadKey::join, rides_in_handshake(*target_), target_->first_message);
  return payload;
}

std::optional<SessionAsks> Handshake::take_question() {
  return std::exchange(question_, std::nullopt);
}

std::optional<SessionSeeks> Handshake::take_seeking() {
  return std::exchange(seeking_, std::nullopt);
}

std::optional<Bytes> Handshake::take_join() { return std::exchange(join_, std::nullopt); }

std::optional<TicketSecret> Handshake::take_ticket() {
  return std::exchange(ticket_, std::nullopt);
}

void Handshake::on_static_key(const std::optional<crypto::DhPublicKey>& key) {
  // Whoever is not known meets the same steps, at the same cost, with a key that is nobody's; and
  // so does our own name, which only a mirror would say.
  crypto::DhPublicKey nobodys{};
  random_->fill(nobodys);
  start_noise(key && *peer_ != local_->id ? *key : nobodys);
}

Fingerprint Handshake::session_id() const {
  return crypto::blake2b_256({as_bytes(kSessionIdDomain), noise_->handshake_hash()});
}

RejectBehaviour Handshake::reject_behaviour() const {
  const bool listens = !target_;
  if (listens && config_->stealth) return RejectBehaviour::silent;
  if (is_started()) return rule_->reject;
  return config_->accepted_flows.any_is_loud() ? RejectBehaviour::nope : RejectBehaviour::silent;
}

}  // namespace kith::overlay
