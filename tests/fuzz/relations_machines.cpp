#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/relations/first_contact.hpp"
#include "overlay/relations/queries.hpp"
#include "overlay/relations/relations.hpp"
#include "tests/fuzz/play.hpp"
#include "tests/fuzz/relations_cast.hpp"

/// Reads the input as what other nodes, the application, its store and the world do to the machines
/// of relationships, first contacts and queries of one node: messages that were signed by somebody,
/// whole, torn or changed, in any order; dials that come about or fail; jumps of the clock.
namespace {

using namespace std::chrono_literals;

using namespace kith;
using namespace kith::overlay;
using namespace kith::overlay::test;
using namespace kith::test;

constexpr std::size_t kConnectionsMax = 12;

class Machines {
 public:
  explicit Machines(RelationsCast& cast) : cast_(cast) {
    for (std::size_t i = 0; i + 1 < cast.relationships.size(); ++i)
      KITH_ASSERT(relations_.add(cast.relationships[i], {}).has_value());
  }

  void step(Input& input) {
    switch (input.next() % 12) {
      case 0:
      case 1:
      case 2:
      case 3:
        return hear(input);
      case 4:
        return connect(input);
      case 5:
        return settle_dial(input);
      case 6:
        return on_closed(some_connection(input), Errc::connection_lost);
      case 7:
        return command(input);
      case 8:
        return redeem(input);
      case 9:
        return ask_or_answer(input);
      case 10:
        return decide(input);
      default:
        return wait(input);
    }
  }

  void drain() {
    bool busy = true;
    while (std::exchange(busy, false)) {
      busy = take_all(relations_) || busy;
      busy = take_all(first_contact_) || busy;
      busy = take_all(queries_) || busy;
    }
    relations_.sanity_check();
    message_.clear();
  }

 private:
  using Errand = std::variant<RelationshipId, RedeemId, QueryId>;
  struct Dialing {
    Errand errand;
    Fingerprint node;
  };

  // What the machines want.

  /// Whether there was anything.
  bool take_all(auto& machine) {
    bool any = false;
    while (auto output = machine.poll_output()) {
      any = true;
      handle(*output);
    }
    return any;
  }

  void handle(RelationsOutput& output) {
    std::visit(
        Overloaded{
            [&](const RelationDial& dial) { dials_.push_back({dial.about, *dial.target.node}); },
            [&](const RelationOver& over) { on_closed(over.connection, Errc::closed); },
            [&](const RelationMessageArrived& it) {
              arrived_.push_back({it.relationship, it.number});
            },
            [](const auto&) {}},
        output);
  }

  void handle(FirstContactOutput& output) {
    std::visit(Overloaded{[&](const ContactDial& dial) {
                            dials_.push_back({dial.redeem, *dial.target.node});
                          },
                          [&](const ContactSend& send) { countersign_for_others(send.message); },
                          [&](const ContactOver& over) { on_closed(over.connection, over.why); },
                          [&](const AskToRelate& ask) { asked_.push_back(ask.connection); },
                          [&](const KeepRelation& keep) { on_keep(keep); },
                          [&](RelationMade& made) { on_made(made); },
                          [&](const Redeemed& done) { KITH_ASSERT(redeems_.erase(done.redeem)); },
                          [&](const RedeemFailed& it) { KITH_ASSERT(redeems_.erase(it.redeem)); }},
               output);
  }

  void handle(QueriesOutput& output) {
    std::visit(Overloaded{[&](const QueryDial& dial) {
                            dials_.push_back({dial.query, cast_.others[0].node});
                          },
                          [](const QuerySend&) {},
                          [&](const QueryDone& done) { on_closed(done.connection, Errc::closed); },
                          [&](const QueryArrived& it) {
                            KITH_ASSERT(it.topic == "known");
                            inquiries_.push_back(it.inquiry);
                          },
                          [&](const QueryAnswered& it) { KITH_ASSERT(asking_.erase(it.query)); },
                          [&](const QueryFailed& it) { KITH_ASSERT(asking_.erase(it.query)); }},
               output);
  }

  /// Nothing is kept that not both have signed, and that is not about us.
  void on_keep(const KeepRelation& keep) {
    KITH_ASSERT(keep.relationship.verify(signatures(), now_.wall).has_value());
    KITH_ASSERT(keep.relationship.terms().party(cast_.self.node) != nullptr);
    keeping_.push_back(keep.connection);
  }

  void on_made(RelationMade& made) {
    KITH_ASSERT(kept_.contains(made.connection));
    (void)relations_.add(std::move(made.relationship), std::move(made.endpoints));
    const auto it = connections_.find(made.connection);
    if (it != connections_.end()) relations_.on_session({it->first, it->second}, true, now_);
  }

  /// The others have signed what we propose; what they then say comes when the input wants.
  void countersign_for_others(const Bytes& message) {
    const auto relate = decode_relate(message);
    if (!relate) return;
    const auto proposal = RelationshipProposal::decode(relate->proposal);
    KITH_ASSERT(proposal.has_value());
    for (const Actor& other : cast_.others) {
      const auto both = countersign(*proposal, other.identity_key, signatures(), now_.wall);
      if (both) related_.push_back(encode_related(both->raw()));
    }
  }

  // What happens to them.

  void hear(Input& input) {
    const auto connection = some_connection(input);
    const auto it = connections_.find(connection);
    if (it == connections_.end()) return;
    message_ = message(input);
    const auto kind = peek_kind(message_);
    if (!kind) return;
    const auto heard = dispatch(it->first, it->second, *kind);
    if (!heard) on_closed(connection, heard.error());
  }

  Result<void> dispatch(ConnectionId connection, const Fingerprint& node, MessageKind kind) {
    switch (kind) {
      case MessageKind::relate:
      case MessageKind::related:
      case MessageKind::not_related:
        return first_contact_.on_message(connection, kind, message_, now_.wall);
      case MessageKind::query:
        return queries_.on_query(connection, std::to_underlying(connection) % 2 == 0, message_);
      case MessageKind::reply:
        return queries_.on_reply(connection, message_);
      default:
        return relations_.on_message({connection, node}, kind, message_, now_.wall);
    }
  }

  Bytes message(Input& input) {
    const std::size_t which = input.next();
    const bool is_new = !related_.empty() && which >= 224;
    const std::vector<Bytes>& messages = is_new ? related_ : cast_.messages;
    return garbled(messages[which % messages.size()], input);
  }

  /// Somebody dials us: to reconnect, with a ticket, about an end, or for a query.
  void connect(Input& input) {
    const std::uint8_t how = input.next();
    const std::size_t other = how % kOthers;
    const Fingerprint node = cast_.others[other].node;
    const auto connection = open(node);
    if (!connection) return;
    if (how / 2 % 4 == 0)
      relations_.on_session({*connection, node}, false, now_);
    else if (how / 2 % 4 == 1)
      first_contact_.on_guest(*connection, {node, RelationsCast::key_of(other), {}, {}, {}});
    else if (how / 2 % 4 == 2)
      (void)relations_.tell_ends({*connection, node}, relationship(input));
  }

  std::optional<ConnectionId> open(const Fingerprint& node) {
    if (connections_.size() >= kConnectionsMax) return std::nullopt;
    const auto connection = static_cast<ConnectionId>(next_connection_++);
    connections_.emplace(connection, node);
    return connection;
  }

  void settle_dial(Input& input) {
    if (dials_.empty()) return;
    const Dialing dial = dials_.front();
    dials_.pop_front();
    const auto how = input.next();
    const auto connection = how % 4 == 0 ? std::nullopt : open(dial.node);
    const std::vector<Endpoint> met(how / 4 % 6U, Endpoint::v4({10, 0, 0, 1}, 3141));
    std::visit(Overloaded{[&](const RelationshipId& about) {
                            if (!connection)
                              return relations_.on_failed(about, Errc::refused, met, now_.wall);
                            relations_.on_session({*connection, dial.node}, true, now_);
                            relations_.on_opened(about, *connection, now_);
                          },
                          [&](RedeemId redeem) {
                            connection ? first_contact_.on_opened(redeem, *connection)
                                       : first_contact_.on_failed(redeem, Errc::refused);
                          },
                          [&](QueryId query) {
                            connection ? queries_.on_opened(query, *connection)
                                       : queries_.on_failed(query, Errc::refused);
                          }},
               dial.errand);
  }

  void on_closed(ConnectionId connection, Errc why) {
    if (connections_.erase(connection) == 0) return;
    queries_.on_closed(connection, why);
    first_contact_.on_closed(connection, why);
    relations_.on_closed(connection, why);
  }

  [[nodiscard]] ConnectionId some_connection(Input& input) const {
    if (connections_.empty()) return ConnectionId{0};
    const auto steps = static_cast<std::ptrdiff_t>(input.next() % connections_.size());
    return std::next(connections_.begin(), steps)->first;
  }

  // What the application does.

  RelationshipId relationship(Input& input) {
    return cast_.relationships[input.next() % cast_.relationships.size()].terms().id;
  }

  void command(Input& input) {
    const std::uint8_t what = input.next();
    const RelationshipId id = relationship(input);
    if (what % 8 < 3) {
      (void)relations_.send(id, Bytes(what), now_.wall);
    } else if (what % 8 == 3) {
      (void)relations_.connect(id, now_.wall);
    } else if (what % 8 < 6 && !arrived_.empty()) {
      relations_.take(arrived_.front().first, arrived_.front().second);
      arrived_.pop_front();
    } else if (what % 8 == 6) {
      (void)relations_.end(id, now_.wall);
    } else if (what % 8 == 7) {
      const Fingerprint& node = cast_.others[what / 8 % kOthers].node;
      what > 127 ? (void)blocks_.add({node, now_.wall + 30s}, now_.wall)
                 : (void)blocks_.remove(node);
    }
  }

  void redeem(Input& input) {
    const std::uint8_t how = input.next();
    RedeemOrder order{.ticket = TicketToken::decode(cast_.tickets[how % kOthers]).value(),
                      .endpoints = {Endpoint::v4({10, 0, 0, 1}, 3141)},
                      .certificate = Bytes(how / 8U, 1),
                      .certificate_early = (how & 4) != 0};
    if (const auto id = first_contact_.redeem(std::move(order), now_.wall)) redeems_.insert(*id);
  }

  void ask_or_answer(Input& input) {
    const std::uint8_t how = input.next();
    if (how % 2 == 0) {
      const auto id = queries_.ask({}, how % 4 == 0 ? "known" : "other", Bytes(how));
      if (id) asking_.insert(*id);
    } else if (!inquiries_.empty()) {
      (void)queries_.answer(inquiries_.front(), static_cast<QueryStatus>(how / 2 % 3), Bytes(how));
      inquiries_.pop_front();
    }
  }

  /// The policy, or the store.
  void decide(Input& input) {
    const std::uint8_t how = input.next();
    std::deque<ConnectionId>& waiting = how % 2 == 0 ? asked_ : keeping_;
    if (waiting.empty()) return;
    const ConnectionId connection = waiting.front();
    waiting.pop_front();
    const bool yes = how % 8 > 1;
    if (how % 2 == 0) return first_contact_.on_verdict(connection, yes, now_.wall);
    if (yes) kept_.insert(connection);
    first_contact_.on_kept(connection, yes, now_.wall);
  }

  /// Up to half an hour, or days.
  void wait(Input& input) {
    pass_time(now_, 28ms, input);
    relations_.on_deadline(now_);
  }

  RelationsCast& cast_;
  Instant now_ = kStart;
  SeededRandom random_{2};
  Blocks blocks_;
  Identities identities_{cast_.self.identity_key};
  Relations relations_{{.self = cast_.self.node,
                        .realm = {},
                        .identities = &identities_,
                        .signatures = &signatures(),
                        .blocks = &blocks_,
                        .relationships_max = 8,
                        .under_way_max = 3,
                        .strikes_max = 3,
                        .sessions_per_node_max = 2}};
  FirstContact first_contact_{{.self = cast_.self.node,
                               .static_key = kOurKey,
                               .realm = {},
                               .identities = &identities_,
                               .signatures = &signatures(),
                               .redeems_max = 3},
                              random_};
  Queries queries_{
      {.topics = {"known"}, .inquiries_of_session_max = 2, .inquiries_max = 3, .queries_max = 3}};
  std::map<ConnectionId, Fingerprint> connections_;
  std::uint32_t next_connection_ = 1;
  std::deque<Dialing> dials_;
  Bytes message_;  ///< What is heard, until the outputs are drained.
  std::vector<Bytes> related_;
  std::deque<std::pair<RelationshipId, std::uint64_t>> arrived_;
  std::deque<ConnectionId> asked_;
  std::deque<ConnectionId> keeping_;
  std::set<ConnectionId> kept_;
  std::deque<Inquiry> inquiries_;
  /// Those that have not come to an end, of which there is one each.
  std::set<RedeemId> redeems_;
  std::set<QueryId> asking_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return play<RelationsCast, Machines>(data, size);
}
