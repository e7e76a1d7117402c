#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "core/noise/handshake_state.hpp"
#include "tests/core/noise/scripted_random.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::noise {
namespace {

using boost::json::value;
using test::bytes_at;
using test::ScriptedRandom;

/// `Noise_IK_25519_ChaChaPoly_BLAKE2b` in its three parts.
struct ProtocolName {
  explicit ProtocolName(std::string_view whole) {
    const std::size_t pattern_end = whole.find('_', 6);
    pattern = whole.substr(6, pattern_end - 6);
    suite = whole.substr(pattern_end + 1);
  }

  std::string pattern;
  std::string suite;
};

crypto::Primitives primitives_of(std::string_view suite) {
  const bool aes = suite.find("AESGCM") != suite.npos;
  const bool sha = suite.find("SHA256") != suite.npos;
  return {.dh = &crypto::x25519(),
          .cipher = aes ? &crypto::aes256_gcm() : &crypto::chacha20_poly1305(),
          .hash = sha ? &crypto::sha256() : &crypto::blake2b(),
          .signatures = nullptr,
          .suite_name = suite};
}

template <class Array>
Array to_array(ByteView bytes) {
  Array array{};
  EXPECT_EQ(bytes.size(), array.size());
  std::ranges::copy(bytes, array.begin());
  return array;
}

/// One side of a vector, as far as the vector describes it.
class Side {
 public:
  Side(const value& vector, Role role) : role_(role) {
    const std::string prefix = role == Role::initiator ? "init_" : "resp_";
    random_.script(bytes_at(vector, prefix + "ephemeral"));
    const ProtocolName name(test::text_at(vector, "protocol_name"));
    HandshakeState::Config config;
    config.pattern = find_pattern(name.pattern);
    config.role = role;
    config.prologue = bytes_at(vector, prefix + "prologue");
    if (const Bytes secret = bytes_at(vector, prefix + "static"); !secret.empty()) {
      std::ranges::copy(secret, static_key_.secret.mutable_view().begin());
      static_key_.public_key = crypto::x25519().public_key(static_key_.secret);
      config.static_key = &static_key_;
    }
    if (const Bytes remote = bytes_at(vector, prefix + "remote_static"); !remote.empty()) {
      config.remote_static = to_array<crypto::DhPublicKey>(remote);
    }
    if (const value* psks = vector.as_object().if_contains(prefix + "psks")) {
      for (const value& psk : psks->as_array()) {
        const Bytes bytes = from_hex(psk.as_string().c_str()).value();
        std::ranges::copy(bytes, config.psks.emplace_back().mutable_view().begin());
      }
    }
    const std::string suite = name.suite;
    handshake_.emplace(primitives_of(suite), std::move(config));
  }

  HandshakeState& handshake() { return *handshake_; }

  Bytes write(ByteView payload) {
    Bytes message = {0xAA};
    if (!handshake_->is_finished()) {
      const std::size_t expected = handshake_->message_bytes(payload.size());
      EXPECT_TRUE(handshake_->write_message(payload, random_, message).has_value());
      EXPECT_EQ(message.size(), 1 + expected);
    } else {
      message.resize(1 + payload.size() + crypto::Cipher::kTagBytes);
      EXPECT_TRUE(sender().encrypt({}, payload, MutableByteView(message).subspan(1)).has_value());
    }
    return {message.begin() + 1, message.end()};
  }

  Bytes read(ByteView message) {
    if (!handshake_->is_finished()) {
      auto payload = handshake_->read_message(message);
      EXPECT_TRUE(payload.has_value());
      return payload.value_or(Bytes{});
    }
    Bytes payload(message.size() - crypto::Cipher::kTagBytes);
    EXPECT_TRUE(receiver().decrypt({}, message, payload).has_value());
    return payload;
  }

 private:
  CipherState& direction(Role from) {
    if (!transport_) transport_.emplace(handshake_->split());
    return from == Role::initiator ? transport_->initiator_to_responder
                                   : transport_->responder_to_initiator.value();
  }
  CipherState& sender() { return direction(role_); }
  CipherState& receiver() {
    return direction(role_ == Role::initiator ? Role::responder : Role::initiator);
  }

  Role role_;
  ScriptedRandom random_;
  crypto::DhKeyPair static_key_;
  std::optional<HandshakeState> handshake_;
  std::optional<Transport> transport_;
};

void expect_reproduced(const value& vector) {
  SCOPED_TRACE(test::text_at(vector, "protocol_name"));
  Side initiator(vector, Role::initiator);
  Side responder(vector, Role::responder);
  const bool one_way = ProtocolName(test::text_at(vector, "protocol_name")).pattern == "N";
  bool from_initiator = true;
  for (const value& message : vector.at("messages").as_array()) {
    Side& writer = from_initiator ? initiator : responder;
    Side& reader = from_initiator ? responder : initiator;
    const Bytes payload = bytes_at(message, "payload");
    const Bytes ciphertext = bytes_at(message, "ciphertext");
    ASSERT_EQ(writer.write(payload), ciphertext);
    ASSERT_EQ(reader.read(ciphertext), payload);
    from_initiator = one_way || !from_initiator;
  }
  ASSERT_TRUE(initiator.handshake().is_finished());
  const std::string h = to_hex(initiator.handshake().handshake_hash());
  EXPECT_EQ(to_hex(responder.handshake().handshake_hash()), h);
  if (vector.as_object().contains("handshake_hash")) {
    EXPECT_EQ(h, test::text_at(vector, "handshake_hash"));
  }
}

/// Runs every vector whose name holds `cipher`, and says how many there were.
std::size_t expect_all_reproduced(std::string_view cipher) {
  std::size_t count = 0;
  const value file = test::read_vectors("noise.json");
  for (const value& vector : file.at("vectors").as_array()) {
    if (test::text_at(vector, "protocol_name").find(cipher) == std::string_view::npos) continue;
    expect_reproduced(vector);
    ++count;
  }
  return count;
}

TEST(NoiseVectors, AreReproducedInBothRolesWithChaChaPoly) {
  EXPECT_EQ(expect_all_reproduced("ChaChaPoly"), 50U);
}

TEST(NoiseVectors, AreReproducedInBothRolesWithAesGcm) {
  ASSERT_TRUE(crypto::aes256_gcm_available())
      << "libsodium has AES-GCM in hardware only: test on a processor with AES instructions";
  EXPECT_EQ(expect_all_reproduced("AESGCM"), 36U);
}

TEST(NoiseVectors, CoverEveryPatternOfTheEngine) {
  std::set<std::string, std::less<>> covered;
  const value file = test::read_vectors("noise.json");
  for (const value& vector : file.at("vectors").as_array()) {
    covered.insert(ProtocolName(test::text_at(vector, "protocol_name")).pattern);
  }
  for (const Pattern& pattern : patterns()) EXPECT_TRUE(covered.contains(pattern.name));
  EXPECT_EQ(covered.size(), patterns().size());
}

}  // namespace
}  // namespace kith::noise
