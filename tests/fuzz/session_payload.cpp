#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/session/flow.hpp"
#include "overlay/session/payload.hpp"

namespace kith::overlay {
namespace {

constexpr PayloadSchema kEverything{
    .required = {},
    .optional = {PayloadKey::token, PayloadKey::time, PayloadKey::ticket, PayloadKey::certificate,
                 PayloadKey::about, PayloadKey::early, PayloadKey::join, PayloadKey::site,
                 PayloadKey::node, PayloadKey::signature}};

/// What is read is canonical: written again it is the same.
void check(const PayloadSchema& schema, ByteView padded) {
  const auto payload = decode_payload(schema, padded);
  if (!payload) return;
  KITH_ASSERT(std::ranges::equal(encode_payload(*payload), padded));
  for (std::size_t i = 0; i < kPayloadKeys; ++i) {
    const auto key = static_cast<PayloadKey>(i);
    KITH_ASSERT(payload->has(key) ? schema.allows(key) : !schema.required.contains(key));
  }
}

void check_all(ByteView padded) {
  check(kEverything, padded);
  for (const Flow flow :
       {Flow::sealed, Flow::connection, Flow::open, Flow::hidden, Flow::ticket, Flow::reconnect}) {
    for (const FlowMessage& message : flow_rule(flow).messages) check(message.schema, padded);
  }
}

}  // namespace
}  // namespace kith::overlay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kith::ByteView bytes(data, size);
  kith::overlay::check_all(bytes);
  // Rightly padded, too, or hardly anything would get beyond the padding.
  kith::Bytes padded(bytes.begin(), bytes.end());
  kith::crypto::pad(padded, kith::overlay::kPayloadBlock);
  kith::overlay::check_all(padded);
  return 0;
}
