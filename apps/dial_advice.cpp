#include "apps/dial_advice.hpp"

#include <utility>

#include <fmt/format.h>

namespace kith::apps {
namespace {

std::string on_connecting(Errc why) {
  if (why == Errc::connection_refused) return "is the node running, and is that its address?";
  if (why == Errc::unreachable) return "there is no way to that network from here";
  if (why == Errc::timed_out)
    return "nobody answers; is the address right, and does a firewall let the port through?";
  return "the system could not connect";
}

std::string on_handshake(Errc why, EntranceFlow flow) {
  if (why == Errc::wrong_key)
    return "another node than the address names answers there; without --key a node is somebody "
           "new after each start";
  if (why == Errc::timed_out)
    return "it took the connection and said nothing; is that port a node's?";
  const std::string_view known =
      flow == EntranceFlow::sealed
          ? ", or does not know this node (--key), or the address does not name it"
      : flow == EntranceFlow::connection ? ", or its clock and ours differ"
                                         : "";
  if (why == Errc::refused) {
    return fmt::format(
        "it said no before it had proven itself: it does not answer flow {} (its "
        "--profile, --accept){}, or is busy",
        letter_of(flow), known);
  }
  if (why == Errc::connection_lost || why == Errc::closed) {
    return fmt::format(
        "it hung up without a word: a stealth node that does not answer flow {}{}, "
        "or no node at all",
        letter_of(flow), known);
  }
  return "what it says is not what a node of this version says";
}

std::string on_joining(Errc why) {
  if (why == Errc::refused || why == Errc::not_authorized)
    return "its policy does not let this identity in, or it is in another realm; --key, --identity "
           "and --realm-leader say who and where we are";
  if (why == Errc::deferred)
    return "it has asked the leader of the realm about this identity and has no answer yet";
  if (why == Errc::limit_reached) return "it has no room for another client";
  if (why == Errc::timed_out) return "it did not say whether we may join";
  return "the session ended before it said whether we may join";
}

}  // namespace

char letter_of(EntranceFlow flow) {
  switch (flow) {
    case EntranceFlow::hidden:
      return 'H';
    case EntranceFlow::sealed:
      return 'S';
    case EntranceFlow::open:
      return 'O';
    case EntranceFlow::connection:
      return 'C';
  }
  std::unreachable();
}

std::string_view step_before(JoinStep step) {
  switch (step) {
    case JoinStep::connecting:
      return "resolved";
    case JoinStep::handshake:
      return "connected";
    case JoinStep::joining:
      return "proven";
  }
  std::unreachable();
}

std::string advice_on(const DialFailure& failure, EntranceFlow flow) {
  switch (failure.step) {
    case JoinStep::connecting:
      return on_connecting(failure.why);
    case JoinStep::handshake:
      return on_handshake(failure.why, flow);
    case JoinStep::joining:
      return on_joining(failure.why);
  }
  std::unreachable();
}

ExitCode code_of(const DialFailure& failure) {
  if (failure.why == Errc::timed_out) return ExitCode::timed_out;
  const bool is_refusal = failure.why == Errc::refused || failure.why == Errc::deferred ||
                          failure.why == Errc::not_authorized;
  return is_refusal ? ExitCode::not_authorized : ExitCode::no_node;
}

}  // namespace kith::apps
