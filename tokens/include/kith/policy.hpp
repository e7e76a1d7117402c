#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <variant>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

namespace kith {

/// What a policy answers.  `defer`: it cannot be judged now, and the next attempt decides; until
/// then it is no.  Whoever wants to join and is deferred is told to come back; meanwhile the leader
/// of the realm is asked, and what it says stands in for `defer` from then on.
enum class Verdict : std::uint8_t { yes, no, defer };

/// Takes the one answer to a question, at once or later, on the thread that asked.  Dropped
/// without a call it means no.
using Answer = std::move_only_function<void(Verdict)>;

/// How a node takes part.
enum class Participation : std::uint8_t {
  member = 0,  ///< Is in the tables of others, forwards, coordinates.
  client = 1,  ///< Joins and routes through its peers, enters nobody's table.
};

/// May the peer join as this?
struct JoinRequest {
  Participation as = Participation::member;
};

/// May the peer, which declared this intent, be sent to or received from?  `role` is the peer's.
struct IntentRequest {
  IntentRole role = IntentRole::both;
  Fingerprint subject;
};

/// May whoever declared this intent use its subject with our help, as its coordinator?  Asked at
/// the coordinator where the intent is declared, and of what a node from afar hands over; what near
/// holders tell each other they have asked about.
struct SubjectRequest {
  Fingerprint subject;
};

/// May this identity, which came with a ticket of ours, be related with us?  The token is that of
/// its node.
struct RelateRequest {
  Fingerprint identity;
  Bytes certificate;         ///< What it shows of itself; not verified.
  Fingerprint own_identity;  ///< Which of our node's identities it asks for.
};

/// May the peer join others in the realm, at `node`?  Asked of the node of the realm's leader, by
/// those whose own policy deferred; the answer is signed by the leader, and holds for a while.
struct JudgeRequest {
  Fingerprint node;
};

/// May the peer, a node that we have nothing to do with so far, find out who we are?  Asked within
/// the handshake, of whoever proves itself to a listener that hides from strangers (flow `S`, and
/// `C` under the profiles *private* and *stealth*), and of who answers by `S` where no fingerprint
/// was named.  A valid token is not enough: the answer is yes for those alone whom we know.
struct MeetRequest {};

using Request = std::variant<JoinRequest, IntentRequest, SubjectRequest, RelateRequest,
                             JudgeRequest, MeetRequest>;

struct AuthenticateQuestion {
  Token token;
};

struct AuthorizeQuestion {
  Token peer;
  Request request;
};

/// A question as a value, so that an engine can ask it and a driver put it to a `Policy`.
using PolicyQuestion = std::variant<AuthenticateQuestion, AuthorizeQuestion>;

/// What went over one channel since the last account of it.
struct Exchanged {
  Fingerprint peer;  ///< The peer's identity.
  Fingerprint subject;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

/// Whom a node deals with, and for what.  The embedder may give its own.  A question that fails,
/// throws or is never answered means no.
///
/// Every token handed in was verified before: dates, and signature by its own key or by that of the
/// realm's leader.
class Policy {
 public:
  virtual ~Policy() = default;

  /// Is the token who it says, for all we know?  `token` is a node, an identity or an intent, and
  /// valid during the call only.
  virtual void authenticate(const Token& token, Answer answer) = 0;

  /// May the peer do this?  `peer` is its identity, its node where it has no other identity, or
  /// its intent.  Valid during the call only.
  virtual void authorize(const Token& peer, const Request& request, Answer answer) = 0;

  /// Tells what was exchanged.
  virtual void account(const Exchanged& exchanged) = 0;

  /// The key of an issuer that may vouch for identities; nothing if we trust no such issuer.  A
  /// node asks once, at its start, for the leader of its realm.
  [[nodiscard]] virtual std::optional<std::array<Byte, 32>> trusted_key(
      const Fingerprint& issuer) const;
};

/// Yes to everybody whose tokens are valid; but it knows nobody, and so says no to a `MeetRequest`.
[[nodiscard]] std::unique_ptr<Policy> open_policy();

/// Yes to these nodes and identities alone.
[[nodiscard]] std::unique_ptr<Policy> known_keys_policy(std::set<Fingerprint> known);

/// What a realm's policy says of a joiner whom the leader has not vouched for.
enum class Unvouched : std::uint8_t {
  refuse,
  ask_leader,  ///< `Verdict::defer`: the leader is asked over the overlay.
};

/// Yes to whoever belongs to the realm of the identity with `leader_key`: the leader itself,
/// identities that it issued, those in `known` (nodes or identities), and intents that name the
/// realm.  A node joins by its identity, so the leader decides who joins; intents without a joined
/// identity behind them come no further than a handshake.  Of nodes it knows those of the realm.
///
/// At the leader's own node it is the other half of `Unvouched::ask_leader`: of those whom others
/// ask it about it says yes to the same, and to nobody else.
[[nodiscard]] std::unique_ptr<Policy> realm_policy(const std::array<Byte, 32>& leader_key,
                                                   Unvouched unvouched = Unvouched::refuse,
                                                   std::set<Fingerprint> known = {});

/// The realm that the identity with `leader_key` leads.
[[nodiscard]] Fingerprint realm_of(const std::array<Byte, 32>& leader_key);

}  // namespace kith
