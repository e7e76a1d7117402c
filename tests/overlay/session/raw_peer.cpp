#include "tests/overlay/session/raw_peer.hpp"

#include <string_view>
#include <utility>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"

namespace kith::overlay::test {

namespace {

noise::HandshakeState::Config noise_config(TestNode& self, const TestNode& other,
                                           std::string_view pattern, Byte letter,
                                           noise::Role role) {
  noise::HandshakeState::Config config;
  config.pattern = noise::find_pattern(pattern);
  config.role = role;
  append(config.prologue, as_bytes("kith/1"));
  config.prologue.push_back(letter);
  append(config.prologue, self.local.network.view());
  config.static_key = &self.static_key;
  const bool is_dialer = role == noise::Role::initiator;
  if (!(is_dialer ? config.pattern->responder_before : config.pattern->initiator_before).empty())
    config.remote_static = other.static_key.public_key;
  return config;
}

std::string_view first_pattern(const FlowRule& rule) {
  return rule.introduction.empty() ? rule.pattern : rule.introduction;
}

}  // namespace

RawPeer::RawPeer(TestNode& self, const TestNode& listening, Flow flow)
    : RawPeer(self, listening, flow, static_cast<Byte>(flow)) {}

RawPeer::RawPeer(TestNode& self, const TestNode& other, Flow flow, Byte prologue_letter,
                 noise::Role role)
    : self_(&self), role_(role) {
  noise_.emplace(*self.local.primitives,
                 noise_config(self, other, first_pattern(flow_rule(flow)), prologue_letter, role));
}

void RawPeer::go_on(const TestNode& other, Flow flow, Byte letter) {
  auto config = noise_config(*self_, other, flow_rule(flow).pattern, letter, role_);
  append(config.prologue, noise_->handshake_hash());
  noise_.emplace(*self_->local.primitives, std::move(config));
}

Bytes RawPeer::frame(Byte letter, ByteView payload) {
  Bytes frame(kFrameHeaderBytes);
  KITH_ASSERT(noise_->write_message(payload, self_->random, frame).has_value());
  write_frame_header(letter, frame.size() - kFrameHeaderBytes,
                     MutableByteView(frame).first(kFrameHeaderBytes));
  take_keys();
  return frame;
}

std::optional<Bytes> RawPeer::read(ByteView frame) {
  auto payload = noise_->read_message(frame.subspan(kFrameHeaderBytes));
  if (!payload) return std::nullopt;
  take_keys();
  return *std::move(payload);
}

void RawPeer::take_keys() {
  if (!noise_->is_finished()) return;
  noise::Transport keys = noise_->split();
  // An introduction goes one way, and no record follows it.
  if (!keys.responder_to_initiator) return;
  sending_.emplace(std::move(keys.initiator_to_responder));
  receiving_.emplace(std::move(*keys.responder_to_initiator));
  if (role_ == noise::Role::responder) std::swap(sending_, receiving_);
}

Bytes RawPeer::record(ByteView plaintext) {
  Bytes frame(kFrameHeaderBytes + plaintext.size() + crypto::Cipher::kTagBytes);
  const MutableByteView body = MutableByteView(frame).subspan(kFrameHeaderBytes);
  write_frame_header('T', body.size(), MutableByteView(frame).first(kFrameHeaderBytes));
  KITH_ASSERT(sending_->encrypt({}, plaintext, body).has_value());
  if (sending_->nonce() % kRekeyInterval == 0) sending_->rekey();
  return frame;
}

std::optional<Bytes> RawPeer::open(ByteView frame) {
  const ByteView body = frame.subspan(kFrameHeaderBytes);
  Bytes plaintext(body.size() - crypto::Cipher::kTagBytes);
  if (!receiving_->decrypt({}, body, plaintext)) return std::nullopt;
  if (receiving_->nonce() % kRekeyInterval == 0) receiving_->rekey();
  return plaintext;
}

Bytes item(Byte kind, ByteView body) {
  Bytes bytes{kind, static_cast<Byte>(body.size() >> 8U), static_cast<Byte>(body.size())};
  append(bytes, body);
  return bytes;
}

Bytes padded(std::initializer_list<Bytes> items) {
  Bytes plaintext;
  for (const Bytes& one : items) append(plaintext, one);
  crypto::pad(plaintext, kRecordBlock);
  return plaintext;
}

Bytes connection_payload(ByteView token, std::uint64_t time) {
  Payload payload;
  payload.set(PayloadKey::token, token);
  payload.set_time(time);
  return encode_payload(payload);
}

Bytes finish_payload(ByteView token) {
  Payload payload;
  payload.set(PayloadKey::token, token);
  return encode_payload(payload);
}

OpenedByRawPeer::OpenedByRawPeer(TestNode& self, TestNode& listening)
    : OpenedByRawPeer(self, listening, default_config()) {}

OpenedByRawPeer::OpenedByRawPeer(TestNode& self, TestNode& listening, const SessionConfig& config)
    : peer(self, listening, Flow::connection),
      responder(Session::accept(listening.local, config, listening.random, now)) {
  responder.hear(peer.frame('C', connection_payload(self.local.token, 1)), now);
  KITH_ASSERT(peer.read(responder.say(now)).has_value());
  hear_record(padded({item(0, {})}));
  KITH_ASSERT(responder.opened() && !responder.closed);
}

}  // namespace kith::overlay::test
