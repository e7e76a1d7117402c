#include <kith/contacts.hpp>

#include <utility>

#include <kith/node.hpp>

#include "overlay/asio/clock.hpp"
#include "overlay/asio/contacts_state.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {

Result<std::string> Contacts::issue_ticket(const TicketOptions& options, Duration timeout) {
  return overlay::ask<std::string>(
      state_->driver(), timeout,
      [state = state_, options](const State::Slot<std::string>& slot, overlay::Engine& engine,
                                Instant now) { state->issue(options, slot, engine, now); });
}

Result<Uuid> Contacts::redeem(std::string_view text, const RedeemOptions& options,
                              Duration timeout) {
  const auto driver = state_->driver();
  // To look up a name takes its time, too.
  if (!driver) return std::unexpected(Errc::shutting_down);
  if (driver->is_in_turn()) return std::unexpected(Errc::would_block);
  auto ticket = parse_ticket_uri(text);
  if (!ticket) return std::unexpected(ticket.error());
  const DialedAddress& dialed = ticket->dialed();
  const TimePoint deadline = overlay::deadline_after(timeout);
  const auto endpoints = driver->resolver().endpoints_of(
      {.node = {}, .host = dialed.host, .port = dialed.port}, deadline);
  if (!endpoints) return std::unexpected(endpoints.error());
  overlay::RedeemOrder order{.ticket = std::move(*ticket),
                             .endpoints = *endpoints,
                             .partner = options.partner,
                             .certificate = options.certificate,
                             .certificate_early = options.certificate_early,
                             .life = options.life};
  return overlay::ask<Uuid>(
      driver, deadline - overlay::read_clocks().time,
      [state = state_, order = std::move(order)](const State::Slot<Uuid>& slot,
                                                 overlay::Engine& engine, Instant now) mutable {
        state->redeem(std::move(order), slot, engine, now);
      });
}

Result<std::vector<TicketStatus>> Contacts::tickets(Duration timeout) {
  return overlay::ask<std::vector<TicketStatus>>(
      state_->driver(), timeout,
      [state = state_](const State::Slot<std::vector<TicketStatus>>& slot, overlay::Engine&,
                       Instant) { state->list(slot); });
}

Result<void> Contacts::revoke_ticket(const Fingerprint& hash, Duration timeout) {
  return overlay::ask<void>(
      state_->driver(), timeout,
      [state = state_, hash](const State::Slot<void>& slot, overlay::Engine&, Instant now) {
        state->revoke(hash, slot, now.wall);
      });
}

Result<std::vector<Contact>> Contacts::list(Duration timeout) {
  return overlay::ask<std::vector<Contact>>(
      state_->driver(), timeout,
      [state = state_](const State::Slot<std::vector<Contact>>& slot, overlay::Engine&, Instant) {
        state->list(slot);
      });
}

Result<void> Contacts::end(const Uuid& contact, Duration timeout) {
  return overlay::ask<void>(
      state_->driver(), timeout,
      [state = state_, contact](const State::Slot<void>& slot, overlay::Engine& engine,
                                Instant now) { state->end(contact, slot, engine, now); });
}

Result<void> Contacts::connect(const Uuid& contact, Duration timeout) {
  return overlay::ask<void>(
      state_->driver(), timeout,
      [state = state_, contact](const State::Slot<void>& slot, overlay::Engine& engine,
                                Instant now) { state->connect(contact, slot, engine, now); });
}

Result<void> Contacts::send(const Uuid& contact, ByteView payload, Duration timeout) {
  return overlay::ask<void>(
      state_->driver(), timeout,
      [state = state_, contact, payload = Bytes(payload.begin(), payload.end())](
          const State::Slot<void>& slot, overlay::Engine& engine, Instant now) {
        state->send(contact, payload, slot, engine, now);
      });
}

void Contacts::on_message(std::function<void(const ContactMessage&)> callback) {
  const auto driver = state_->driver();
  if (!driver) return;
  driver->submit([state = state_, callback = std::move(callback)](
                     overlay::Engine&, Instant) mutable { state->listen(std::move(callback)); });
}

}  // namespace kith
