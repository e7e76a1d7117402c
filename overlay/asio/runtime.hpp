#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <kith/node.hpp>

#include "overlay/asio/block_list_state.hpp"
#include "overlay/asio/contacts_state.hpp"
#include "overlay/asio/driver.hpp"
#include "overlay/asio/driver_link.hpp"
#include "overlay/asio/outcome.hpp"
#include "overlay/asio/own_thread.hpp"
#include "overlay/asio/publisher_state.hpp"
#include "overlay/asio/questions.hpp"
#include "overlay/asio/registry.hpp"
#include "overlay/asio/subscription_state.hpp"
#include "overlay/asio/threadsafe_policy.hpp"
#include "overlay/asio/turned_away_log.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {

/// The application's side of a node: hands what the engine tells to whoever asked for it, and what
/// is asked for to the engine.
class Node::Runtime {
 public:
  /// On an own thread without `executor`.  Throws `StartError`.
  [[nodiscard]] static std::shared_ptr<Runtime> start(
      NodeConfig&& config, const std::optional<boost::asio::any_io_executor>& executor);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  // From any thread.

  [[nodiscard]] std::shared_ptr<Subscription::State> subscribe(
      std::string_view subject, std::function<void(const Message&)> on_message,
      SubscriptionOptions options);
  [[nodiscard]] std::shared_ptr<Publisher::State> publisher(std::string_view subject,
                                                            PublisherOptions options);
  /// Afterwards none of its callbacks runs or will run, but for one that this is called from.
  void end(const std::shared_ptr<Subscription::State>& subscription);
  void end(const std::shared_ptr<Publisher::State>& publisher);

  [[nodiscard]] const std::shared_ptr<Contacts::State>& contacts() const { return contacts_; }
  [[nodiscard]] const std::shared_ptr<BlockList::State>& block_list() const { return block_list_; }
  void wait_until_ready(Duration timeout, overlay::Done<> done);
  void trace(const Fingerprint& key, Duration timeout, overlay::Done<NodeTrace> done);
  void query(std::string_view address, std::string_view topic, ByteView question, Duration timeout,
             overlay::Done<Bytes> done);
  [[nodiscard]] NodeStatus status() const;

  /// Begins to leave; `stopped` tells the end.
  void begin_stop();
  /// The same, and waits where that can be.
  void stop();
  /// Nobody is called any more.
  void mute();
  [[nodiscard]] overlay::Outcome& stopped() { return *stopped_; }

  [[nodiscard]] overlay::Driver& driver() const { return *driver_; }
  [[nodiscard]] const std::shared_ptr<overlay::Driver>& shared_driver() const { return driver_; }
  [[nodiscard]] bool owns_thread() const { return thread_ != nullptr; }
  [[nodiscard]] const Fingerprint& realm() const { return realm_; }

 private:
  using Publishers = std::map<overlay::PublisherId, std::shared_ptr<Publisher::State>>;
  using Subscriptions = std::map<overlay::SubscriptionId, std::shared_ptr<Subscription::State>>;

  Runtime(NodeConfig& config, const std::optional<boost::asio::any_io_executor>& executor,
          std::vector<Address>& entrances);

  // What the engine tells.
  void on_output(overlay::Output& output, overlay::Engine& engine, Instant now);
  void on(const overlay::Delivered& message, overlay::Engine& engine, Instant now);
  void on(const overlay::SubscriptionMatched& matched);
  void on(const overlay::SubscriptionUnmatched& unmatched);
  void on(const overlay::PublisherMatched& matched);
  void on(const overlay::PublisherUnmatched& unmatched);
  void on(const overlay::PublisherWritable& writable);
  void on(const overlay::MessagesExpired& expired);
  void on(const overlay::Declared& declared);
  void on(const overlay::DeclareRefused& refused);
  void on(const overlay::TraceDone& done);
  void on(const overlay::AskPolicy& ask);
  void on(const overlay::RelationOutput& told, overlay::Engine& engine, Instant now);
  void on(const overlay::Accounted& accounted);
  void on(const overlay::ReadyChanged& changed);
  void on(const overlay::JoinFailed& failed);
  void on(const overlay::EntranceLearned& learned, Instant now);
  void on(const overlay::TurnedAway& turned, Instant now);
  void on(const overlay::PeerJoined& joined, Instant now);
  void on(const overlay::PeerLost& lost);
  void on(const overlay::Left&);

  /// Calls the application, unless it wants to hear nothing any more.  What it throws ends here.
  /// Whether it was called and came to its end.
  template <class Callback, class... Arguments>
  bool call(const Callback& callback, const Arguments&... arguments);
  bool run(const std::function<void()>& what);
  void with_options_of(const std::variant<overlay::SubscriptionId, overlay::PublisherId>& intent,
                       const auto& use);
  void log(LogLevel level, std::string_view line);
  void forget_all();
  [[nodiscard]] overlay::Registry::Wish wish_for(std::string_view subject,
                                                 const std::optional<Fingerprint>& identity) const;

  const Fingerprint realm_;
  const std::vector<Fingerprint> identities_;
  const std::function<void(LogLevel, std::string_view)> log_;
  std::weak_ptr<Runtime> self_;
  const overlay::Flow entrance_flow_;
  const std::shared_ptr<overlay::Questions> questions_;
  overlay::Registry registry_;
  const std::shared_ptr<overlay::Outcome> stopped_;
  overlay::Application application_;
  std::shared_ptr<Contacts::State> contacts_;
  std::shared_ptr<overlay::Driver> driver_;
  overlay::DriverLink link_;  ///< For what may outlive it.
  std::shared_ptr<BlockList::State> block_list_;
  std::optional<overlay::ThreadsafePolicy> policy_;
  std::atomic<bool> muted_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> callback_failures_ = 0;

  // All there are, so that whoever waits in them is freed at once.
  std::mutex states_mutex_;
  std::vector<std::weak_ptr<Publisher::State>> all_publishers_;

  // In turns, or between them.
  std::optional<overlay::JoinFailed> join_failure_;

  // In turns alone.
  Publishers publishers_;
  Subscriptions subscriptions_;
  std::map<overlay::TraceId, overlay::Slot<NodeTrace>> traces_;
  overlay::TurnedAwayLog turned_away_;

  /// First to go: nothing is called while the rest goes.
  std::unique_ptr<overlay::OwnThread> thread_;
};

}  // namespace kith
