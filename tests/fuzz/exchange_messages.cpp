#include <cstddef>
#include <cstdint>
#include <variant>

#include "core/assert.hpp"
#include "overlay/exchange/messages.hpp"
#include "overlay/exchange/payloads.hpp"

namespace {

using namespace kith;
using namespace kith::overlay;

Bytes encode_again(const OpenMessage& message) { return encode(message); }
Bytes encode_again(const AcceptMessage& message) { return encode(message); }
Bytes encode_again(const RefuseMessage& message) { return encode(message); }
Bytes encode_again(const CloseMessage& message) { return encode(message); }

Bytes encode_again(const CreditMessage& message) {
  Bytes out;
  encode(message, out);
  return out;
}

Bytes encode_again(const ExpiredMessage& message) {
  Bytes out;
  encode(message, out);
  return out;
}

Bytes encode_again(const DataMessage& message) {
  Bytes out;
  encode_header(message, out);
  const auto count = count_payloads(message.payloads);
  if (!count) {
    append(out, message.payloads);
    return out;
  }
  PayloadCursor cursor(message.payloads);
  for (std::uint64_t i = 0; i < *count; ++i) {
    const ByteView payload = cursor.next();
    Bytes framed(framed_bytes(payload.size()));
    put_payload(payload, framed.data());
    append(out, framed);
  }
  KITH_ASSERT(cursor.at_end());
  return out;
}

}  // namespace

/// Whatever is taken for a message of the exchange is the one encoding of that message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto message = decode_exchange_message(bytes);
  if (!message) return 0;
  const Bytes again = std::visit([](const auto& what) { return encode_again(what); }, *message);
  KITH_ASSERT(again == Bytes(bytes.begin(), bytes.end()));
  return 0;
}
