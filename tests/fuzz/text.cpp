#include <cstddef>
#include <cstdint>

#include <kith/address.hpp>
#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>

#include "core/assert.hpp"

/// Whatever text is taken for a value, the value's own text reads as the same value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = kith::as_text({data, size});

  if (const auto fingerprint = kith::Fingerprint::parse(text))
    KITH_ASSERT(kith::Fingerprint::parse(fingerprint->to_string()) == *fingerprint);
  if (const auto endpoint = kith::Endpoint::parse(text))
    KITH_ASSERT(kith::Endpoint::parse(endpoint->to_string()) == *endpoint);
  if (const auto address = kith::Address::parse(text))
    KITH_ASSERT(kith::Address::parse(address->to_string()) == *address);
  if (const auto bytes = kith::from_hex(text))
    KITH_ASSERT(kith::from_hex(kith::to_hex(*bytes)) == *bytes);
  if (const auto bytes = kith::from_base32(text))
    KITH_ASSERT(kith::from_base32(kith::to_base32(*bytes)) == *bytes);
  return 0;
}
