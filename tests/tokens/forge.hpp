#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tokens/token_pieces.hpp"

namespace kith::test {

/// Something that a forger does to a token.
using Forge = std::function<void(TokenPieces&)>;

inline Forge head(std::string_view bytes) {
  return [bytes](TokenPieces& pieces) { pieces.head = hex(bytes); };
}

inline Forge tail(std::size_t count) {
  return [count](TokenPieces& pieces) { pieces.tail.resize(count); };
}

inline Forge field(Field which, const Bytes& encoding) {
  return [=](TokenPieces& pieces) { pieces.fields[which] = encoding; };
}

inline Forge time(Field which, WallTime value) { return field(which, encoded_time(value)); }

inline Forge fingerprint(Field which, const Fingerprint& value) {
  return field(which, encoded_binary(value.view()));
}

inline Forge extensions(const std::string& bytes) { return field(at_extensions, hex(bytes)); }

inline Forge signer(const crypto::SigningKeyPair& key) {
  return [&key](TokenPieces& pieces) { pieces.signer = &key; };
}

inline Forge domain(std::string_view text) {
  return [text](TokenPieces& pieces) { pieces.domain = text; };
}

inline Forge signature(std::string_view its_head, const Bytes& content) {
  return [=](TokenPieces& pieces) {
    pieces.signature_head = hex(its_head);
    pieces.signature = content;
  };
}

inline Forge all(const std::vector<Forge>& forges) {
  return [forges](TokenPieces& pieces) {
    for (const Forge& forge : forges) forge(pieces);
  };
}

}  // namespace kith::test
