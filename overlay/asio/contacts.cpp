// What the application asks for of its contacts, from any thread.

#include <kith/contacts.hpp>

#include <utility>

#include <kith/address.hpp>

#include "overlay/asio/clock.hpp"
#include "overlay/asio/contacts_state.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {
namespace {

using overlay::Done;

}  // namespace

void Contacts::State::issue_ticket(const TicketOptions& options, Duration timeout,
                                   Done<std::string> done) {
  auto command = [self = shared_from_this(), options](const Slot<std::string>& slot,
                                                      overlay::Engine& engine, Instant now) {
    self->issue(options, slot, engine, now);
  };
  overlay::ask(driver(), timeout, std::move(command), std::move(done));
}

void Contacts::State::redeem(std::string_view text, const RedeemOptions& options, Duration timeout,
                             Done<Uuid> done) {
  const auto node = driver();
  if (!node) return done(std::unexpected(Errc::shutting_down));
  auto ticket = parse_ticket_uri(text);
  if (!ticket) return done(std::unexpected(ticket.error()));
  const DialedAddress& dialed = ticket->dialed();
  const Address address{.node = {}, .host = dialed.host, .port = dialed.port};
  const TimePoint deadline = overlay::deadline_after(timeout);
  overlay::RedeemOrder order{.ticket = std::move(*ticket),
                             .endpoints = {},
                             .identity = options.identity,
                             .partner = options.partner,
                             .certificate = options.certificate,
                             .certificate_early = options.certificate_early,
                             .life = options.life};
  node->resolve(address, deadline,
                [self = shared_from_this(), order = std::move(order), deadline,
                 done = std::move(done)](Result<std::vector<Endpoint>> found) mutable {
                  if (!found) return done(std::unexpected(found.error()));
                  order.endpoints = std::move(*found);
                  self->redeem_by(std::move(order), deadline, std::move(done));
                });
}

void Contacts::State::redeem_by(overlay::RedeemOrder order, TimePoint deadline, Done<Uuid> done) {
  auto command = [self = shared_from_this(), order = std::move(order)](
                     const Slot<Uuid>& slot, overlay::Engine& engine, Instant now) mutable {
    self->redeem(std::move(order), slot, engine, now);
  };
  overlay::ask(driver(), deadline - overlay::read_clocks().time, std::move(command),
               std::move(done));
}

void Contacts::State::tickets(Duration timeout, Done<std::vector<TicketStatus>> done) {
  const auto command = [self = shared_from_this()](const Slot<std::vector<TicketStatus>>& slot,
                                                   overlay::Engine&, Instant) { self->list(slot); };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void Contacts::State::revoke_ticket(const Fingerprint& hash, Duration timeout, Done<> done) {
  const auto command = [self = shared_from_this(), hash](const Slot<void>& slot, overlay::Engine&,
                                                         Instant now) {
    self->revoke(hash, slot, now.wall);
  };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void Contacts::State::list(Duration timeout, Done<std::vector<Contact>> done) {
  const auto command = [self = shared_from_this()](const Slot<std::vector<Contact>>& slot,
                                                   overlay::Engine& engine,
                                                   Instant) { self->list(slot, engine); };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void Contacts::State::end(const Uuid& contact, Duration timeout, Done<> done) {
  const auto command = [self = shared_from_this(), contact](const Slot<void>& slot,
                                                            overlay::Engine& engine, Instant now) {
    self->end(contact, slot, engine, now);
  };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void Contacts::State::connect(const Uuid& contact, Duration timeout, Done<> done) {
  const auto command = [self = shared_from_this(), contact](const Slot<void>& slot,
                                                            overlay::Engine& engine, Instant now) {
    self->connect(contact, slot, engine, now);
  };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void Contacts::State::send(const Uuid& contact, ByteView payload, Duration timeout, Done<> done) {
  auto command = [self = shared_from_this(), contact,
                  payload = Bytes(payload.begin(), payload.end())](
                     const Slot<void>& slot, overlay::Engine& engine, Instant now) {
    self->send(contact, payload, slot, engine, now);
  };
  overlay::ask(driver(), timeout, std::move(command), std::move(done));
}

void Contacts::State::listen(std::function<void(const ContactMessage&)> callback) {
  const auto node = driver();
  if (!node) return;
  node->submit([self = shared_from_this(), callback = std::move(callback)](
                   overlay::Engine&, Instant) mutable { self->on_message_ = std::move(callback); });
}

Result<std::string> Contacts::issue_ticket(const TicketOptions& options, Duration timeout) {
  return overlay::wait<std::string>(state_->driver(), timeout, [&](Done<std::string> done) {
    state_->issue_ticket(options, timeout, std::move(done));
  });
}

Result<Uuid> Contacts::redeem(std::string_view ticket, const RedeemOptions& options,
                              Duration timeout) {
  return overlay::wait<Uuid>(state_->driver(), timeout, [&](Done<Uuid> done) {
    state_->redeem(ticket, options, timeout, std::move(done));
  });
}

Result<std::vector<TicketStatus>> Contacts::tickets(Duration timeout) {
  using List = std::vector<TicketStatus>;
  return overlay::wait<List>(state_->driver(), timeout,
                             [&](Done<List> done) { state_->tickets(timeout, std::move(done)); });
}

Result<void> Contacts::revoke_ticket(const Fingerprint& hash, Duration timeout) {
  return overlay::wait(state_->driver(), timeout,
                       [&](Done<> done) { state_->revoke_ticket(hash, timeout, std::move(done)); });
}

Result<std::vector<Contact>> Contacts::list(Duration timeout) {
  using List = std::vector<Contact>;
  return overlay::wait<List>(state_->driver(), timeout,
                             [&](Done<List> done) { state_->list(timeout, std::move(done)); });
}

Result<void> Contacts::end(const Uuid& contact, Duration timeout) {
  return overlay::wait(state_->driver(), timeout,
                       [&](Done<> done) { state_->end(contact, timeout, std::move(done)); });
}

Result<void> Contacts::connect(const Uuid& contact, Duration timeout) {
  return overlay::wait(state_->driver(), timeout,
                       [&](Done<> done) { state_->connect(contact, timeout, std::move(done)); });
}

Result<void> Contacts::send(const Uuid& contact, ByteView payload, Duration timeout) {
  return overlay::wait(state_->driver(), timeout, [&](Done<> done) {
    state_->send(contact, payload, timeout, std::move(done));
  });
}

void Contacts::on_message(std::function<void(const ContactMessage&)> callback) {
  state_->listen(std::move(callback));
}

}  // namespace kith
