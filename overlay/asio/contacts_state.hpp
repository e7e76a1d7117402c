#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <kith/contacts.hpp>

#include "core/crypto/secret.hpp"
#include "overlay/asio/driver_link.hpp"
#include "overlay/asio/keeper.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {

/// The tickets and contacts of a node: hands what the engine asks of them to the store, and what
/// comes of a command to whoever gave it.  In turns of the node alone, but for what says otherwise.
class Contacts::State : public std::enable_shared_from_this<Contacts::State> {
 public:
  template <class T = void>
  using Done = overlay::Done<T>;
  template <class T>
  using Slot = overlay::Slot<T>;
  /// Runs what the application gave us, if it still wants that: what it throws goes no further.
  /// Whether it came to its end.
  using Call = std::function<bool(const std::function<void()>&)>;

  /// `keeper` is nothing for a node without a store; ours is the last word on when it goes.  `call`
  /// is used for what the engine tells.
  State(std::shared_ptr<overlay::Keeper> keeper, const Fingerprint& self, Call call);

  /// At the start, before any turn.
  void attach(overlay::DriverLink driver, overlay::Keeper::Log log);

  // From any thread; `done` is answered in a turn, or at once.

  [[nodiscard]] std::shared_ptr<overlay::Driver> driver() const { return driver_.lock(); }
  [[nodiscard]] boost::asio::any_io_executor executor() const { return driver_.executor(); }
  void issue_ticket(const TicketOptions& options, Duration timeout, Done<std::string> done);
  void redeem(std::string_view ticket, const RedeemOptions& options, Duration timeout,
              Done<Uuid> done);
  void tickets(Duration timeout, Done<std::vector<TicketStatus>> done);
  void revoke_ticket(const Fingerprint& hash, Duration timeout, Done<> done);
  void list(Duration timeout, Done<std::vector<Contact>> done);
  void end(const Uuid& contact, Duration timeout, Done<> done);
  void connect(const Uuid& contact, Duration timeout, Done<> done);
  void send(const Uuid& contact, ByteView payload, Duration timeout, Done<> done);
  void listen(std::function<void(const ContactMessage&)> callback);

  /// Gives a new engine what was kept.
  void restore(overlay::Engine& engine);

  // What the engine tells.

  void on(const overlay::RelationOutput& output, overlay::Engine& engine, Instant now);
  void on(const overlay::EntranceLearned& learned, Instant now);
  void on(const overlay::DialTimeUsed& used);
  void on(const overlay::DialTimeSeen& seen);
  void on(const overlay::PeerJoined& joined, Instant now);
  void on_left();

 private:
  /// A ticket that is not kept yet, and who waits for it.
  struct Issuing {
    Issuing(std::string ticket, Slot<std::string> waiter)
        : uri(std::move(ticket)), slot(std::move(waiter)) {}
    Issuing(const Issuing&) = delete;
    Issuing& operator=(const Issuing&) = delete;
    ~Issuing() { const crypto::WipeAtEnd wipe(uri); }

    std::string uri;  ///< Holds the secret.
    Slot<std::string> slot;
  };

  void redeem_by(overlay::RedeemOrder order, TimePoint deadline, Done<Uuid> done);

  // Commands.
  void issue(const TicketOptions& options, const Slot<std::string>& slot, overlay::Engine& engine,
             Instant now);
  void redeem(overlay::RedeemOrder order, const Slot<Uuid>& slot, overlay::Engine& engine,
              Instant now);
  void revoke(const Fingerprint& hash, const Slot<void>& slot, WallTime now);
  void list(const Slot<std::vector<TicketStatus>>& slot);
  void list(const Slot<std::vector<Contact>>& slot, const overlay::Engine& engine);
  void end(const Uuid& contact, const Slot<void>& slot, overlay::Engine& engine, Instant now);
  void connect(const Uuid& contact, const Slot<void>& slot, overlay::Engine& engine, Instant now);
  void send(const Uuid& contact, ByteView payload, const Slot<void>& slot, overlay::Engine& engine,
            Instant now);

  // What the engine tells.
  void on(const overlay::StoreTicket& ticket, Instant now);
  void on(const overlay::RelationshipEnded& ended);
  void on(const overlay::RelationMessageArrived& message, overlay::Engine& engine);
  void save_soon();
  void settle(const Uuid& contact, std::uint64_t number, Result<void> result);

  std::shared_ptr<overlay::Keeper> keeper_;
  const Fingerprint self_;
  const Call call_;
  overlay::DriverLink driver_;
  std::function<void(const ContactMessage&)> on_message_;
  /// What waits to be kept, by its hash.
  std::map<Fingerprint, Issuing> issuing_;
  std::map<overlay::RedeemId, Slot<Uuid>> redeeming_;
  bool is_saving_ = false;  ///< A `save_soon` is under way.
  std::multimap<Uuid, Slot<void>> connecting_;
  std::multimap<Uuid, Slot<void>> ending_;
  std::map<std::pair<Uuid, std::uint64_t>, Slot<void>> sending_;
};

}  // namespace kith
