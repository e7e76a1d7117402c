#include "overlay/session/payload.hpp"

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "core/crypto/sodium.hpp"

namespace kith::overlay {
namespace {

enum class ValueType : std::uint8_t { binary, number, text };

/// What may stand under a key.
struct ValueForm {
  ValueType type;
  std::size_t least;
  std::size_t most;
};

constexpr std::array<ValueForm, kPayloadKeys> kForms{{
    {ValueType::binary, 1, 1024},                  // token
    {ValueType::number, 0, 0},                     // time
    {ValueType::binary, 32, 32},                   // ticket
    {ValueType::binary, 1, kCertificateBytesMax},  // certificate
    {ValueType::binary, 16, 16},                   // about
    {ValueType::binary, 1, kEarlyBytesMax},        // early
    {ValueType::binary, 1, kJoinBytesMax},         // join
    {ValueType::text, 1, kSiteBytesMax},           // site
    {ValueType::binary, 32, 32},                   // node
    {ValueType::binary, 64, 64},                   // signature
}};

PayloadKey key_at(std::size_t index) { return static_cast<PayloadKey>(index); }

void read_value(codec::Reader& reader, PayloadKey key, Payload& payload) {
  const ValueForm& form = kForms[static_cast<std::size_t>(key)];
  switch (form.type) {
    case ValueType::binary:
      payload.set(key, reader.binary(form.least, form.most));
      break;
    case ValueType::number:
      payload.set_time(reader.unsigned_number());
      break;
    case ValueType::text: {
      const std::string_view text = reader.text(form.most);
      if (text.size() < form.least) reader.fail(Errc::out_of_range);
      payload.set(key, as_bytes(text));
      break;
    }
  }
}

void write_value(codec::Writer& writer, PayloadKey key, const Payload& payload) {
  switch (kForms[static_cast<std::size_t>(key)].type) {
    case ValueType::binary:
      writer.binary(payload.get(key));
      break;
    case ValueType::number:
      writer.unsigned_number(*payload.time());
      break;
    case ValueType::text:
      writer.text(as_text(payload.get(key)));
      break;
  }
}

/// Whether every key that `schema` requires is there.
bool is_complete(const PayloadSchema& schema, const Payload& payload) {
  for (std::size_t i = 0; i < kPayloadKeys; ++i) {
    if (schema.required.contains(key_at(i)) && !payload.has(key_at(i))) return false;
  }
  return true;
}

}  // namespace

Bytes encode_map(const Payload& payload) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kPayloadKeys; ++i) count += payload.has(key_at(i)) ? 1U : 0U;

  Bytes encoded;
  codec::Writer writer(encoded);
  writer.map(count);
  for (std::size_t i = 0; i < kPayloadKeys; ++i) {
    if (!payload.has(key_at(i))) continue;
    writer.unsigned_number(i);
    write_value(writer, key_at(i), payload);
  }
  return encoded;
}

Bytes encode_payload(const Payload& payload) {
  Bytes encoded = encode_map(payload);
  crypto::pad(encoded, kPayloadBlock);
  return encoded;
}

Result<Payload> decode_map(const PayloadSchema& schema, ByteView bytes) {
  codec::Reader reader(bytes);
  Payload payload;
  std::optional<std::uint64_t> previous;
  const std::size_t count = reader.map(kPayloadKeys);
  for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
    const std::uint64_t key = reader.key(previous);
    if (reader.failed()) break;
    if (key >= kPayloadKeys || !schema.allows(key_at(key))) {
      reader.fail(Errc::unexpected_key);
    } else {
      read_value(reader, key_at(key), payload);
    }
  }
  if (const auto finished = reader.finish(); !finished) return std::unexpected(finished.error());
  if (!is_complete(schema, payload)) return std::unexpected(Errc::missing_key);
  return payload;
}

Result<Payload> decode_payload(const PayloadSchema& schema, ByteView padded) {
  if (padded.empty() || padded.size() % kPayloadBlock != 0)
    return std::unexpected(Errc::bad_padding);
  const auto bytes = crypto::unpadded_bytes(padded);
  if (!bytes) return std::unexpected(bytes.error());
  if (padded.size() - *bytes > kPayloadBlock) return std::unexpected(Errc::bad_padding);
  return decode_map(schema, padded.first(*bytes));
}

}  // namespace kith::overlay
