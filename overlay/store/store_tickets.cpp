#include <algorithm>

#include "overlay/store/guarded.hpp"
#include "overlay/store/schema.hpp"
#include "overlay/store/store.hpp"

namespace kith::overlay {
namespace {

const TableRules& ticket_rules() { return table_named("tickets"); }
const TableRules& relationship_rules() { return table_named("relationships"); }

StoredTicket read_ticket(const Statement& row) {
  expect_sound(row, 8);
  StoredTicket ticket{.hash = row.fingerprint(0),
                      .purpose = static_cast<TicketPurpose>(row.number(1)),
                      .partner = row.fingerprint(2),
                      .expires_at = row.time(3),
                      .used_at = row.optional_time(4),
                      .revoked_at = row.optional_time(6),
                      .identity = row.fingerprint(7)};
  if (!row.is_null(5)) ticket.used_by = row.fingerprint(5);
  return ticket;
}

/// One behind the other, with spaces between.
std::string to_text(std::span<const Endpoint> endpoints) {
  std::string text;
  for (const Endpoint& endpoint : endpoints) {
    if (!text.empty()) text += ' ';
    text += endpoint.to_string();
  }
  return text;
}

std::vector<Endpoint> read_endpoints(std::string_view text) {
  std::vector<Endpoint> endpoints;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    const auto endpoint = Endpoint::parse(word);
    if (!endpoint) throw DatabaseFailure::damage("an address cannot be read");
    endpoints.push_back(*endpoint);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return endpoints;
}

StoredRelationship read_relationship(const Statement& row) {
  expect_sound(row, 6);
  auto token = RelationshipToken::decode(row.blob(1));
  if (!token) throw DatabaseFailure::damage("a relationship cannot be read");
  StoredRelationship relationship{.token = std::move(*token),
                                  .endpoints = read_endpoints(row.text(2))};
  if (const auto ended_at = row.optional_time(4)) {
    StoredEnd& end = relationship.end.emplace(StoredEnd{.at = *ended_at});
    const ByteView signature = row.blob(5);
    if (signature.size() != end.signature.size())
      throw DatabaseFailure::damage("the end of a relationship cannot be read");
    std::ranges::copy(signature, end.signature.begin());
  }
  return relationship;
}

/// Whether there is a row of that key; a fault if it was changed behind our back.
bool holds(Database& database, const TableRules& table, const std::string& key, ByteView value) {
  Statement row = database.prepare("SELECT seal = " + seal_of(table) + " FROM " +
                                   std::string(table.name) + " WHERE " + key + " = ?");
  row.bind(value);
  if (!row.step()) return false;
  expect_sound(row, 0);
  return true;
}

}  // namespace

Stored<bool> Store::add_ticket(const StoredTicket& ticket, WallTime now) {
  return guarded([&] {
    Transaction transaction(*database_, Transaction::Kind::writing);
    if (holds(*database_, ticket_rules(), "hash", ticket.hash.view())) return false;
    make_room("tickets", 1, now);
    database_->run("INSERT INTO tickets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, " +
                       seal_of(ticket_rules(), "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8") + ")",
                   ticket.hash, static_cast<std::int64_t>(ticket.purpose), ticket.partner,
                   ticket.expires_at, ticket.used_at, ticket.used_by, ticket.revoked_at,
                   ticket.identity);
    transaction.commit();
    return true;
  });
}

Stored<std::optional<StoredTicket>> Store::find_ticket(const Fingerprint& hash) {
  return guarded([&]() -> std::optional<StoredTicket> {
    Statement row = database_->prepare(select_from(ticket_rules()) + "WHERE hash = ?");
    row.bind(hash);
    if (!row.step()) return std::nullopt;
    return read_ticket(row);
  });
}

Stored<std::vector<StoredTicket>> Store::tickets() {
  return guarded([&] {
    std::vector<StoredTicket> tickets;
    Statement row = database_->prepare(select_from(ticket_rules()) + "ORDER BY expires_at, hash");
    while (row.step()) tickets.push_back(read_ticket(row));
    return tickets;
  });
}

Stored<bool> Store::spend(const Fingerprint& hash, const Fingerprint& by, WallTime now) {
  return guarded([&] {
    // One statement, so that of two that come at once the second finds it used.
    const bool is_spent =
        database_->run(
            "UPDATE tickets SET used_at = ?2, used_by = ?3, seal = " +
                seal_of(ticket_rules(),
                        "hash, purpose, partner, expires_at, ?2, ?3, revoked_at, identity") +
                " WHERE hash = ?1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?2"
                " AND seal = " +
                seal_of(ticket_rules()),
            hash, now, by) == 1;
    if (!is_spent) holds(*database_, ticket_rules(), "hash", hash.view());
    return is_spent;
  });
}

Stored<bool> Store::revoke_ticket(const Fingerprint& hash, WallTime now) {
  return guarded([&] {
    const bool is_revoked =
        database_->run(
            "UPDATE tickets SET revoked_at = ?2, seal = " +
                seal_of(ticket_rules(),
                        "hash, purpose, partner, expires_at, used_at, used_by, ?2, identity") +
                " WHERE hash = ?1 AND used_at IS NULL AND revoked_at IS NULL AND seal = " +
                seal_of(ticket_rules()),
            hash, now) == 1;
    if (!is_revoked) holds(*database_, ticket_rules(), "hash", hash.view());
    return is_revoked;
  });
}

Stored<void> Store::add_relationship(const RelationshipToken& token,
                                     std::span<const Endpoint> endpoints, WallTime now) {
  return guarded([&] {
    Transaction transaction(*database_, Transaction::Kind::writing);
    if (holds(*database_, relationship_rules(), "id", token.terms().id)) return;
    make_room("relationships", 1, now);
    database_->run("INSERT INTO relationships VALUES (?1, ?2, ?3, ?4, NULL, NULL, " +
                       seal_of(relationship_rules(), "?1, ?2, ?3, ?4, NULL, NULL") + ")",
                   ByteView(token.terms().id), token.raw(), std::string_view(to_text(endpoints)),
                   token.terms().expires_at);
    transaction.commit();
  });
}

Stored<bool> Store::end_relationship(const Uuid& id, const StoredEnd& end) {
  return guarded([&] {
    const bool is_ended =
        database_->run(
            "UPDATE relationships SET ended_at = ?2, end_signature = ?3, seal = " +
                seal_of(relationship_rules(), "id, token, endpoints, expires_at, ?2, ?3") +
                " WHERE id = ?1 AND ended_at IS NULL AND seal = " + seal_of(relationship_rules()),
            ByteView(id), end.at, ByteView(end.signature)) == 1;
    if (!is_ended) holds(*database_, relationship_rules(), "id", id);
    return is_ended;
  });
}

Stored<std::vector<StoredRelationship>> Store::relationships() {
  return guarded([&] {
    std::vector<StoredRelationship> relationships;
    Statement row = database_->prepare(select_from(relationship_rules()) + "ORDER BY id");
    while (row.step()) relationships.push_back(read_relationship(row));
    return relationships;
  });
}

}  // namespace kith::overlay
