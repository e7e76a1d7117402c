#include <kith/result.hpp>

#include <array>
#include <cstddef>

#include "core/assert.hpp"

namespace kith {
namespace {

struct Words {
  Errc error;
  std::string_view name;
  std::string_view description;
};

// In the order of the enumeration, so that a cause is found by its number.
constexpr std::array kWords = {
    Words{Errc::bad_text, "bad_text", "malformed text"},
    Words{Errc::truncated, "truncated", "truncated"},
    Words{Errc::trailing_bytes, "trailing_bytes", "trailing bytes"},
    Words{Errc::wrong_type, "wrong_type", "value of a wrong type"},
    Words{Errc::not_canonical, "not_canonical", "encoding is not canonical"},
    Words{Errc::duplicate_key, "duplicate_key", "duplicate key"},
    Words{Errc::unexpected_key, "unexpected_key", "unexpected key"},
    Words{Errc::missing_key, "missing_key", "missing key"},
    Words{Errc::too_long, "too_long", "too long"},
    Words{Errc::too_deep, "too_deep", "nested too deep"},
    Words{Errc::out_of_range, "out_of_range", "out of range"},
    Words{Errc::unknown_kind, "unknown_kind", "unknown kind"},
    Words{Errc::bad_padding, "bad_padding", "bad padding"},
    Words{Errc::bad_signature, "bad_signature", "bad signature"},
    Words{Errc::not_yet_valid, "not_yet_valid", "not yet valid"},
    Words{Errc::expired, "expired", "expired"},
    Words{Errc::life_too_long, "life_too_long", "life too long"},
    Words{Errc::wrong_kind, "wrong_kind", "wrong kind"},
    Words{Errc::wrong_key, "wrong_key", "wrong key"},
    Words{Errc::changed_node, "changed_node", "another node answers there than at first"},
    Words{Errc::wrong_realm, "wrong_realm", "wrong realm"},
    Words{Errc::wrong_audience, "wrong_audience", "not in the audience"},
    Words{Errc::bad_key, "bad_key", "unacceptable key"},
    Words{Errc::decrypt_failed, "decrypt_failed", "does not decrypt"},
    Words{Errc::replayed, "replayed", "replayed"},
    Words{Errc::protocol_error, "protocol_error", "protocol error"},
    Words{Errc::refused, "refused", "refused"},
    Words{Errc::deferred, "deferred", "not judged yet"},
    Words{Errc::timed_out, "timed_out", "timed out"},
    Words{Errc::connection_lost, "connection_lost", "connection lost"},
    Words{Errc::connection_refused, "connection_refused",
          "connection refused: nobody listens there"},
    Words{Errc::unreachable, "unreachable", "this machine finds no way there"},
    Words{Errc::closed, "closed", "closed"},
    Words{Errc::exhausted, "exhausted", "counter exhausted"},
    Words{Errc::would_block, "would_block", "would block"},
    Words{Errc::no_route, "no_route", "no route"},
    Words{Errc::limit_reached, "limit_reached", "limit reached"},
    Words{Errc::not_found, "not_found", "not found"},
    Words{Errc::not_authorized, "not_authorized", "not authorized"},
    Words{Errc::reserved_name, "reserved_name", "a name that the overlay keeps for itself"},
    Words{Errc::store_failed, "store_failed", "the store could not be written or read"},
    Words{Errc::shutting_down, "shutting_down", "shutting down"},
};

const Words& words_of(Errc error) {
  const auto index = static_cast<std::size_t>(error);
  KITH_ASSERT(index < kWords.size() && kWords[index].error == error);
  return kWords[index];
}

}  // namespace

std::string_view describe(Errc error) { return words_of(error).description; }

std::string_view name(Errc error) { return words_of(error).name; }

}  // namespace kith
