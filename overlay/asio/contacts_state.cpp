#include "overlay/asio/contacts_state.hpp"

#include <utility>
#include <variant>
#include <vector>

#include "core/overloaded.hpp"
#include "overlay/asio/addresses.hpp"

namespace kith {
namespace {

constexpr Duration kSaveInterval = std::chrono::seconds(1);

template <class T>
void fill(const Contacts::State::Slot<T>& slot, Result<T> result) {
  if (!*slot) *slot = std::move(result);
}

/// Answers all who wait for `key`.
template <class Waiting, class Key>
void fill_all(Waiting& waiting, const Key& key, const Result<void>& result) {
  const auto [first, last] = waiting.equal_range(key);
  for (auto it = first; it != last; ++it) fill(it->second, result);
  waiting.erase(first, last);
}

/// Where a ticket leads to: what is asked for, or the first of our own addresses.
Result<DialedAddress> dialed_address(const std::string& asked, const std::vector<Endpoint>& own) {
  if (asked.empty()) {
    if (own.empty()) return std::unexpected(Errc::no_route);
    const std::string text = "tcp://" + own.front().to_string();
    const auto address = Address::parse(text);
    return DialedAddress{address->host, address->port};
  }
  const auto address =
      Address::parse(asked.find("://") == std::string::npos ? "tcp://" + asked : asked);
  if (!address) return std::unexpected(address.error());
  if (address->port == 0) return std::unexpected(Errc::bad_text);
  return DialedAddress{address->host, address->port};
}

std::optional<ContactDial> last_dial(const overlay::Engine& engine, const Uuid& contact) {
  const auto dial = engine.last_dial(contact);
  if (!dial) return std::nullopt;
  return ContactDial{static_cast<char>(dial->flow), dial->endpoint.to_string(), dial->step};
}

}  // namespace

Contacts::State::State(std::shared_ptr<overlay::Keeper> keeper, const Fingerprint& self, Call call)
    : keeper_(std::move(keeper)), self_(self), call_(std::move(call)) {}

void Contacts::State::attach(overlay::DriverLink driver, overlay::Keeper::Log log) {
  driver_ = std::move(driver);
  if (keeper_) keeper_->log_to(std::move(log));
}

void Contacts::State::restore(overlay::Engine& engine) {
  if (keeper_) keeper_->restore(engine);
}

void Contacts::State::issue(const TicketOptions& options, const Slot<std::string>& slot,
                            overlay::Engine& engine, Instant now) {
  if (!keeper_) return fill<std::string>(slot, std::unexpected(Errc::not_found));
  const auto driver = driver_.lock();
  const auto dialed =
      dialed_address(options.address, driver ? driver->endpoints() : std::vector<Endpoint>());
  if (!dialed) return fill<std::string>(slot, std::unexpected(dialed.error()));
  const auto ticket = engine.issue_ticket({.identity = options.identity,
                                           .partner = options.partner,
                                           .life = options.life,
                                           .dialed = *dialed},
                                          now);
  if (!ticket) return fill<std::string>(slot, std::unexpected(ticket.error()));
  issuing_.try_emplace(ticket_hash(ticket->secret()), to_uri(*ticket), slot);
}

void Contacts::State::redeem(overlay::RedeemOrder order, const Slot<Uuid>& slot,
                             overlay::Engine& engine, Instant now) {
  if (!keeper_) return fill<Uuid>(slot, std::unexpected(Errc::not_found));
  const auto begun = engine.redeem(std::move(order), now);
  if (!begun) return fill<Uuid>(slot, std::unexpected(begun.error()));
  redeeming_.emplace(*begun, slot);
}

void Contacts::State::revoke(const Fingerprint& hash, const Slot<void>& slot, WallTime now) {
  fill<void>(slot, keeper_ ? keeper_->revoke_ticket(hash, now) : std::unexpected(Errc::not_found));
}

void Contacts::State::list(const Slot<std::vector<TicketStatus>>& slot) {
  fill<std::vector<TicketStatus>>(slot,
                                  keeper_ ? keeper_->tickets() : std::unexpected(Errc::not_found));
}

void Contacts::State::list(const Slot<std::vector<Contact>>& slot, const overlay::Engine& engine) {
  if (!keeper_) return fill<std::vector<Contact>>(slot, std::unexpected(Errc::not_found));
  auto contacts = keeper_->contacts(self_);
  if (contacts) {
    for (Contact& contact : *contacts) contact.last_dial = last_dial(engine, contact.id);
  }
  fill(slot, std::move(contacts));
}

void Contacts::State::end(const Uuid& contact, const Slot<void>& slot, overlay::Engine& engine,
                          Instant now) {
  if (auto ended = engine.end(contact, now); !ended)
    return fill<void>(slot, std::unexpected(ended.error()));
  ending_.emplace(contact, slot);
}

void Contacts::State::connect(const Uuid& contact, const Slot<void>& slot, overlay::Engine& engine,
                              Instant now) {
  if (auto begun = engine.connect(contact, now); !begun)
    return fill<void>(slot, std::unexpected(begun.error()));
  connecting_.emplace(contact, slot);
}

void Contacts::State::send(const Uuid& contact, ByteView payload, const Slot<void>& slot,
                           overlay::Engine& engine, Instant now) {
  const auto number = engine.send_to(contact, payload, now);
  if (!number) return fill<void>(slot, std::unexpected(number.error()));
  sending_.emplace(std::pair(contact, *number), slot);
}

void Contacts::State::on(const overlay::RelationOutput& output, overlay::Engine& engine,
                         Instant now) {
  using namespace overlay;
  const auto answer = [&](QuestionId question, bool yes) {
    engine.on_verdict(question, yes ? Verdict::yes : Verdict::no, now);
  };
  std::visit(
      Overloaded{
          [&](const StoreTicket& ticket) { on(ticket, now); },
          [&](const CheckTicket& ticket) {
            engine.on_ticket_checked(ticket.question,
                                     keeper_ ? keeper_->check(ticket.hash, now.wall) : std::nullopt,
                                     now);
          },
          [&](const SpendTicket& ticket) {
            answer(ticket.question, keeper_ && keeper_->spend(ticket, now.wall));
          },
          [&](const KeepRelationship& made) {
            answer(made.question, keeper_ && keeper_->keep(made, now.wall));
          },
          [&](const Redeemed& done) {
            if (auto slot = redeeming_.extract(done.redeem))
              fill<Uuid>(slot.mapped(), done.relationship);
          },
          [&](const RedeemFailed& failed) {
            if (auto slot = redeeming_.extract(failed.redeem))
              fill<Uuid>(slot.mapped(), std::unexpected(failed.why));
          },
          [&](const RelationshipEnded& ended) { on(ended); },
          [&](const RelationReached& reached) { fill_all(connecting_, reached.relationship, {}); },
          [&](const RelationUnreachable& failed) {
            fill_all(connecting_, failed.relationship, std::unexpected(failed.why));
          },
          [&](const RelationMessageArrived& message) { on(message, engine); },
          [&](const RelationMessageTaken& taken) { settle(taken.relationship, taken.number, {}); },
          [&](const RelationMessageLost& lost) {
            settle(lost.relationship, lost.number, std::unexpected(lost.why));
          },
          // `Questions` hears of them.
          [](const QueryAsked&) {}, [](const QueryAnswered&) {}, [](const QueryFailed&) {}},
      output);
}

void Contacts::State::on(const overlay::StoreTicket& ticket, Instant now) {
  auto issued = issuing_.extract(ticket.hash);
  if (!issued) return;
  Issuing& waiting = issued.mapped();
  const bool kept = keeper_ && keeper_->keep(ticket, now.wall);
  fill<std::string>(waiting.slot, kept ? Result<std::string>(std::move(waiting.uri))
                                       : std::unexpected(Errc::store_failed));
}

void Contacts::State::on(const overlay::RelationshipEnded& ended) {
  const bool kept = keeper_ && keeper_->keep(ended);
  fill_all(ending_, ended.statement.relationship,
           kept ? Result<void>() : std::unexpected(Errc::store_failed));
}

void Contacts::State::on(const overlay::RelationMessageArrived& message, overlay::Engine& engine) {
  if (!on_message_) return;
  if (call_([&] { on_message_({message.relationship, message.payload, message.own_identity}); }))
    engine.take(message.relationship, message.number);
}

void Contacts::State::settle(const Uuid& contact, std::uint64_t number, Result<void> result) {
  if (auto slot = sending_.extract({contact, number})) fill<void>(slot.mapped(), result);
}

void Contacts::State::on(const overlay::EntranceLearned& learned, Instant now) {
  if (keeper_) keeper_->keep(learned, now.wall);
}

void Contacts::State::on(const overlay::DialTimeUsed& used) {
  if (!keeper_) return;
  keeper_->note(used);
  save_soon();
}

void Contacts::State::on(const overlay::DialTimeSeen& seen) {
  if (!keeper_) return;
  keeper_->note(seen);
  save_soon();
}

void Contacts::State::on(const overlay::PeerJoined& joined, Instant now) {
  if (!keeper_) return;
  keeper_->note(joined, now.wall);
  save_soon();
}

/// Writes together what comes within an interval: a crash forgets no more than that.
void Contacts::State::save_soon() {
  const auto driver = driver_.lock();
  if (!driver || std::exchange(is_saving_, true)) return;
  driver->wait_for([]() -> std::optional<Result<void>> { return std::nullopt; }, kSaveInterval,
                   [weak = weak_from_this()](const Result<void>&) {
                     const auto self = weak.lock();
                     if (!self) return;
                     self->is_saving_ = false;
                     if (self->keeper_) self->keeper_->flush();
                   });
}

void Contacts::State::on_left() {
  if (keeper_) keeper_->flush();
  // Whoever stops the node may have the file.
  keeper_.reset();
  on_message_ = {};
}

}  // namespace kith
