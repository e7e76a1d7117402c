#pragma once

#include <array>
#include <chrono>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

namespace kith {

/// The secret seeds of a node's keys, 32 bytes each.  Whoever holds them is the node.  Each copy is
/// wiped at its end.
struct NodeKeys {
  std::array<Byte, 32> node_seed{};    ///< Ed25519: who the node is.
  std::array<Byte, 32> static_seed{};  ///< X25519: what sessions are opened with.

  NodeKeys() = default;
  NodeKeys(const NodeKeys&) = default;
  NodeKeys& operator=(const NodeKeys&) = default;
  ~NodeKeys();

  /// New ones, from the system's entropy.
  [[nodiscard]] static NodeKeys generate();
  /// The node that these keys belong to.
  [[nodiscard]] Fingerprint node() const;
  /// The identity that the node key stands for.
  [[nodiscard]] Fingerprint identity() const;
};

/// The identity that this Ed25519 seed belongs to.
[[nodiscard]] Fingerprint identity_of(const std::array<Byte, 32>& seed);

/// What the leader of a realm says of an identity.
struct Vouching {
  /// Ed25519 public key of the identity; that of a node, where the node key is its own identity.
  std::array<Byte, 32> public_key{};
  /// The node where the identity is used.
  Fingerprint node{};
  /// From now on; at most a year.
  Duration life = std::chrono::hours(24 * 30);
};

/// An identity token, signed by the leader with this Ed25519 seed, for
/// `NodeConfig::identity_token`. Throws `StartError` if the life is too long.
[[nodiscard]] Bytes vouch(const std::array<Byte, 32>& leader_seed, const Vouching& what);

}  // namespace kith
