#include "core/noise/handshake_state.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/assert.hpp"

namespace kith::noise {
namespace {

using crypto::DhPublicKey;

constexpr std::size_t kKeyBytes = std::tuple_size_v<DhPublicKey>;

std::string protocol_name(const Pattern& pattern, std::string_view suite) {
  return std::string("Noise_").append(pattern.name).append("_").append(suite);
}

bool contains(std::span<const PatternToken> tokens, PatternToken token) {
  return std::ranges::find(tokens, token) != tokens.end();
}

/// Whether the messages of `role` carry its static key.
bool sends_static(const Pattern& pattern, Role role) {
  for (std::size_t i = role == Role::initiator ? 0 : 1; i < pattern.messages.size(); i += 2) {
    if (contains(pattern.messages[i], PatternToken::s)) return true;
  }
  return false;
}

bool knows_static_before(const Pattern& pattern, Role role) {
  return contains(role == Role::initiator ? pattern.initiator_before : pattern.responder_before,
                  PatternToken::s);
}

std::size_t psk_count(const Pattern& pattern) {
  std::size_t count = 0;
  for (const auto& message : pattern.messages) {
    count += static_cast<std::size_t>(std::ranges::count(message, PatternToken::psk));
  }
  return count;
}

Role other(Role role) { return role == Role::initiator ? Role::responder : Role::initiator; }

}  // namespace

HandshakeState::HandshakeState(const crypto::Primitives& primitives, Config config)
    : pattern_(config.pattern),
      dh_(primitives.dh),
      static_key_(config.static_key),
      ephemerals_(config.ephemerals),
      remote_static_(config.remote_static),
      psks_(std::move(config.psks)),
      symmetric_(*primitives.cipher, *primitives.hash,
                 protocol_name(*config.pattern, primitives.suite_name)),
      role_(config.role) {
  const bool needs_static = knows_static_before(*pattern_, role_) || sends_static(*pattern_, role_);
  KITH_ASSERT(static_key_ != nullptr || !needs_static);
  KITH_ASSERT(remote_static_.has_value() == knows_static_before(*pattern_, other(role_)));
  KITH_ASSERT(psks_.size() == psk_count(*pattern_));
  symmetric_.mix_hash(config.prologue);
  mix_pre_messages();
}

Result<void> HandshakeState::write_message(ByteView payload, Random& random, Bytes& out) {
  if (!is_our_turn()) return fail(Errc::protocol_error);
  const std::size_t start = out.size();
  const std::size_t length = message_bytes(payload.size());
  if (length > kMaxMessageBytes) return fail(Errc::too_long);
  out.resize(start + length);
  const MutableByteView rest = MutableByteView(out).subspan(start);
  if (auto written = write_tokens(payload, random, rest); !written) {
    out.resize(start);
    return fail(written.error());
  }
  advance();
  return {};
}

Result<Bytes> HandshakeState::read_message(ByteView message) {
  if (phase_ != Phase::running || is_our_turn()) return fail(Errc::protocol_error);
  if (message.size() > kMaxMessageBytes) return fail(Errc::too_long);
  if (message.size() < message_bytes(0)) return fail(Errc::truncated);
  ByteView rest = message;
  for (PatternToken token : current_message()) {
    if (auto read = read_token(token, rest); !read) return fail(read.error());
  }
  Bytes payload(rest.size() - symmetric_.tag_bytes());
  if (auto opened = symmetric_.decrypt_and_hash(rest, payload); !opened) {
    return fail(opened.error());
  }
  advance();
  return payload;
}

std::size_t HandshakeState::message_bytes(std::size_t payload_bytes) const {
  KITH_ASSERT(phase_ == Phase::running);
  std::size_t length = payload_bytes;
  std::size_t tag_bytes = symmetric_.tag_bytes();
  for (PatternToken token : current_message()) {
    if (token == PatternToken::e) length += kKeyBytes;
    if (token == PatternToken::s) length += kKeyBytes + tag_bytes;
    const bool mixes_key = token == PatternToken::e ? !psks_.empty() : token != PatternToken::s;
    if (mixes_key) tag_bytes = crypto::Cipher::kTagBytes;
  }
  return length + tag_bytes;
}

bool HandshakeState::is_our_turn() const {
  const Role writer = messages_done_ % 2 == 0 ? Role::initiator : Role::responder;
  return phase_ == Phase::running && writer == role_;
}

bool HandshakeState::is_finished() const {
  return phase_ == Phase::finished || phase_ == Phase::spent;
}

bool HandshakeState::is_dead() const { return phase_ == Phase::dead; }

const std::optional<DhPublicKey>& HandshakeState::remote_static() const { return remote_static_; }

ByteView HandshakeState::handshake_hash() const { return symmetric_.hash(); }

Transport HandshakeState::split() {
  KITH_ASSERT(phase_ == Phase::finished);
  auto [forward, backward] = symmetric_.split();
  Transport transport{std::move(forward), std::nullopt};
  if (!pattern_->is_one_way()) transport.responder_to_initiator = std::move(backward);
  symmetric_.wipe_keys();
  phase_ = Phase::spent;
  return transport;
}

void HandshakeState::mix_pre_messages() {
  // Noise §5.3: the initiator's keys first, whoever we are.
  for (Role owner : {Role::initiator, Role::responder}) {
    if (!knows_static_before(*pattern_, owner)) continue;
    symmetric_.mix_hash(owner == role_ ? static_key_->public_key : *remote_static_);
  }
}

std::span<const PatternToken> HandshakeState::current_message() const {
  return pattern_->messages[messages_done_];
}

Result<void> HandshakeState::write_tokens(ByteView payload, Random& random, MutableByteView rest) {
  for (PatternToken token : current_message()) {
    if (auto written = write_token(token, random, rest); !written) return written;
  }
  return symmetric_.encrypt_and_hash(payload, rest);
}

Result<void> HandshakeState::write_token(PatternToken token, Random& random,
                                         MutableByteView& rest) {
  switch (token) {
    case PatternToken::e: {
      ephemeral_ = ephemerals_ != nullptr ? ephemerals_->take(*dh_, random) : dh_->generate(random);
      std::ranges::copy(ephemeral_.public_key, rest.begin());
      rest = rest.subspan(kKeyBytes);
      mix_ephemeral(ephemeral_.public_key);
      return {};
    }
    case PatternToken::s: {
      const std::size_t length = kKeyBytes + symmetric_.tag_bytes();
      auto sealed = symmetric_.encrypt_and_hash(static_key_->public_key, rest.first(length));
      rest = rest.subspan(length);
      return sealed;
    }
    case PatternToken::ee:
    case PatternToken::es:
    case PatternToken::se:
    case PatternToken::ss:
      return mix_dh(token);
    case PatternToken::psk:
      mix_next_psk();
      return {};
  }
  std::unreachable();
}

Result<void> HandshakeState::read_token(PatternToken token, ByteView& rest) {
  switch (token) {
    case PatternToken::e: {
      std::ranges::copy(rest.first(kKeyBytes), remote_ephemeral_.begin());
      rest = rest.subspan(kKeyBytes);
      mix_ephemeral(remote_ephemeral_);
      return {};
    }
    case PatternToken::s: {
      const std::size_t length = kKeyBytes + symmetric_.tag_bytes();
      auto opened = symmetric_.decrypt_and_hash(rest.first(length), remote_static_.emplace());
      rest = rest.subspan(length);
      return opened;
    }
    case PatternToken::ee:
    case PatternToken::es:
    case PatternToken::se:
    case PatternToken::ss:
      return mix_dh(token);
    case PatternToken::psk:
      mix_next_psk();
      return {};
  }
  std::unreachable();
}

Result<void> HandshakeState::mix_dh(PatternToken token) {
  // The first letter is the initiator's key, the second the responder's.
  const bool initiator = role_ == Role::initiator;
  const bool initiator_static = token == PatternToken::se || token == PatternToken::ss;
  const bool responder_static = token == PatternToken::es || token == PatternToken::ss;
  const bool our_static = initiator ? initiator_static : responder_static;
  const bool their_static = initiator ? responder_static : initiator_static;
  auto shared = dh_->agree(our_static ? static_key_->secret : ephemeral_.secret,
                           their_static ? *remote_static_ : remote_ephemeral_);
  if (!shared) return std::unexpected(shared.error());
  symmetric_.mix_key(shared->view());
  return {};
}

void HandshakeState::mix_ephemeral(const DhPublicKey& key) {
  symmetric_.mix_hash(key);
  // Noise §9.2: without this a psk alone would key the first cipher, the same one each time.
  if (!psks_.empty()) symmetric_.mix_key(key);
}

void HandshakeState::mix_next_psk() { symmetric_.mix_key_and_hash(psks_[psks_used_++].view()); }

void HandshakeState::advance() {
  if (++messages_done_ < pattern_->messages.size()) return;
  phase_ = Phase::finished;
  wipe_inputs();
}

void HandshakeState::wipe_inputs() {
  ephemeral_ = {};
  psks_.clear();
  static_key_ = nullptr;
}

std::unexpected<Errc> HandshakeState::fail(Errc error) {
  phase_ = Phase::dead;
  wipe_inputs();
  symmetric_.wipe();
  remote_ephemeral_ = {};
  remote_static_.reset();
  return std::unexpected(error);
}

}  // namespace kith::noise
