#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace kith {

/// Why something asked by a peer, by foreign bytes or by the world could not be done.  One closed
/// set for the whole library, so that a cause keeps its name from the parser to the log line.
enum class Errc : std::uint8_t {
  // Foreign bytes and text.
  bad_text,        ///< Text is not of the form that was asked for.
  truncated,       ///< The input ends too early.
  trailing_bytes,  ///< The input goes on where it must end.
  wrong_type,      ///< A value of another type stands where one was expected.
  not_canonical,   ///< The value is right, its encoding is not the shortest one.
  duplicate_key,   ///< A map holds a key twice.
  unexpected_key,  ///< A map holds a key that has no place there, or out of order.
  missing_key,     ///< A map lacks a key that it must hold.
  too_long,        ///< A size or count is over its limit.
  too_deep,        ///< Nesting is over its limit.
  out_of_range,    ///< A number or time is outside of what is allowed.
  unknown_kind,    ///< A kind or type that is not known here, or a flow that is not accepted.
  bad_padding,     ///< Padding is absent, malformed or of a wrong length.
  // Tokens.
  bad_signature,   ///< A signature does not verify.
  not_yet_valid,   ///< A token's time has not begun.
  expired,         ///< A token, intent or message is over.
  life_too_long,   ///< A token claims a longer life than its kind may have.
  wrong_kind,      ///< A token of another kind than the place asks for.
  wrong_key,       ///< A key is not the one that was expected.
  changed_node,    ///< Another node answers than the one that was met there first.
  wrong_realm,     ///< Another realm.
  wrong_audience,  ///< The audience does not include us.
  // Sessions.
  bad_key,             ///< A Diffie-Hellman value that must not be accepted (R19).
  decrypt_failed,      ///< An AEAD tag does not verify.
  replayed,            ///< A time or number that was used before.
  protocol_error,      ///< A message that has no place in this state.
  refused,             ///< The peer, or a policy, said no.
  deferred,            ///< The peer cannot judge us yet: try again later.
  timed_out,           ///< The answer did not come in time.
  connection_lost,     ///< The stream ended without a proper close.
  connection_refused,  ///< Nobody listens there.
  unreachable,         ///< The system has no way there.
  closed,              ///< Closed in order.
  exhausted,           ///< A counter came to its end.
  // Commands.
  would_block,     ///< Not now: a queue is full or there is no credit.
  no_route,        ///< No peer to hand the message to.
  limit_reached,   ///< A configured limit stands in the way.
  not_found,       ///< No such thing.
  not_authorized,  ///< A policy does not allow it.
  reserved_name,   ///< A name that the overlay keeps for itself.
  store_failed,    ///< What must survive the node could not be kept.
  shutting_down,   ///< The node is stopping.
};

template <class T>
using Result = std::expected<T, Errc>;

/// The name of `error` in words for a person: "bad signature".
[[nodiscard]] std::string_view describe(Errc error);

/// The name of `error` as scripts and logs read it: "bad_signature".
[[nodiscard]] std::string_view name(Errc error);

}  // namespace kith
