#pragma once

#include <cstddef>

#include <boost/container/static_vector.hpp>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"

namespace kith {

inline constexpr std::size_t kTokenEndpointsMax = 4;
using TokenEndpoints = boost::container::static_vector<Endpoint, kTokenEndpointsMax>;

/// Where a node listens and with which key.  It may travel in clear (R38): every
/// extension a node token can hold is public by nature, and all others are refused.
struct NodeToken {
  Token token;
  TokenEndpoints endpoints;  ///< At least one if `reachability` is direct.
  crypto::DhPublicKey static_key{};
  Reachability reachability = Reachability::direct;

  [[nodiscard]] const Fingerprint& fingerprint() const { return token.fingerprint(); }
};

/// `Errc::wrong_kind` for a token of another kind.
[[nodiscard]] Result<NodeToken> decode_node_token(ByteView bytes);

}  // namespace kith
