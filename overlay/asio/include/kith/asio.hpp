#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <kith/block_list.hpp>
#include <kith/contacts.hpp>
#include <kith/node.hpp>

namespace kith {

/// A node on your own executor: every callback runs there, one at a time.  Throws `StartError`.
///
/// It lives as long as `executor` runs.  Let `async_stop` complete before the end of its last
/// `Node`; otherwise the node leaves behind its back, as far as the executor still runs.  What
/// waits (`stop`, `publish`, `wait_for_match`, `query`, …, and whatever of `Contacts` and
/// `BlockList` takes a timeout) must not be called on the only thread of the executor; the
/// functions of this header take its place.
///
/// Whatever it hands out keeps a copy of `executor`, for handlers that are called when the node is
/// gone.  If it is a strand, that must not outlive what the strand runs on.
[[nodiscard]] Node make_node(const boost::asio::any_io_executor& executor, NodeConfig config = {});

/// What takes a result, of whatever kind it is.
template <class T>
using ResultHandler = boost::asio::any_completion_handler<void(Result<T>)>;

/// Begins what the functions below promise.  `handler` is called on its own executor, or on the
/// node's if it has none, never before these return.  Of a node that is gone that is the executor
/// it was made with; if it had a thread of its own there is none left, and Asio's
/// `system_executor`, with threads of its own, takes its place.
struct AsyncStart {
  static Node node(const boost::asio::any_io_executor& executor, NodeConfig config);
  static void publish(Publisher& publisher, ByteView payload, ResultHandler<void> handler);
  static void drain(Publisher& publisher, Duration timeout, ResultHandler<void> handler);
  static void wait_for_subscriber(Publisher& publisher, Duration timeout,
                                  ResultHandler<void> handler);
  static void wait_for_publisher(Subscription& subscription, Duration timeout,
                                 ResultHandler<void> handler);
  static void wait_until_ready(Node& node, Duration timeout, ResultHandler<void> handler);
  static void trace(Node& node, std::string_view subject, Duration timeout,
                    ResultHandler<NodeTrace> handler);
  static void query(Node& node, std::string_view address, std::string_view topic, ByteView question,
                    Duration timeout, ResultHandler<Bytes> handler);
  static void stop(Node& node, ResultHandler<void> handler);

  static void block(const BlockList& blocks, const Fingerprint& who, Duration life,
                    Duration timeout, ResultHandler<void> handler);
  static void unblock(const BlockList& blocks, const Fingerprint& who, Duration timeout,
                      ResultHandler<void> handler);
  static void list_blocked(const BlockList& blocks, Duration timeout,
                           ResultHandler<std::vector<Blocked>> handler);

  static void issue_ticket(const Contacts& contacts, const TicketOptions& options, Duration timeout,
                           ResultHandler<std::string> handler);
  static void redeem(const Contacts& contacts, std::string_view ticket,
                     const RedeemOptions& options, Duration timeout, ResultHandler<Uuid> handler);
  static void tickets(const Contacts& contacts, Duration timeout,
                      ResultHandler<std::vector<TicketStatus>> handler);
  static void revoke_ticket(const Contacts& contacts, const Fingerprint& hash, Duration timeout,
                            ResultHandler<void> handler);
  static void list_contacts(const Contacts& contacts, Duration timeout,
                            ResultHandler<std::vector<Contact>> handler);
  static void end(const Contacts& contacts, const Uuid& contact, Duration timeout,
                  ResultHandler<void> handler);
  static void connect(const Contacts& contacts, const Uuid& contact, Duration timeout,
                      ResultHandler<void> handler);
  static void send(const Contacts& contacts, const Uuid& contact, ByteView payload,
                   Duration timeout, ResultHandler<void> handler);

  /// Calls `start(arguments..., handler)` once `token` wants it begun, which may be when this has
  /// long returned: `arguments` are copied or moved, and `std::ref` says what must live as long.
  template <class T, class Token, class Start, class... Arguments>
  static auto initiate(Token&& token, Start start, Arguments&&... arguments) {
    return boost::asio::async_initiate<Token, void(Result<T>)>(
        [start](auto handler, const auto&... kept) { start(kept..., std::move(handler)); }, token,
        std::forward<Arguments>(arguments)...);
  }
};

// With so much under way, `Errc::limit_reached` is more likely here than where threads wait: see
// `Node`, `Node::query` and `Contacts::redeem`.

/// As `Publisher::publish`; `payload` must stay valid until the operation begins, and is copied
/// then.  Completes when the message is accepted, in the order of the calls.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_publish(Publisher& publisher, ByteView payload, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::publish,
                                    std::ref(publisher), payload);
}

/// As `Publisher::drain`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_drain(Publisher& publisher, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::drain,
                                    std::ref(publisher), timeout);
}

/// As `Publisher::wait_for_match`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_wait_for_match(Publisher& publisher, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::wait_for_subscriber,
                                    std::ref(publisher), timeout);
}

/// As `Subscription::wait_for_match`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_wait_for_match(Subscription& subscription, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::wait_for_publisher,
                                    std::ref(subscription), timeout);
}

/// As `Node::wait_until_ready`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_wait_until_ready(Node& node, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::wait_until_ready,
                                    std::ref(node), timeout);
}

/// As `Node::trace`; `subject` must stay valid until the operation begins.
template <boost::asio::completion_token_for<void(Result<NodeTrace>)> Token>
auto async_trace(Node& node, std::string_view subject, Duration timeout, Token&& token) {
  return AsyncStart::initiate<NodeTrace>(std::forward<Token>(token), &AsyncStart::trace,
                                         std::ref(node), subject, timeout);
}

/// As `Node::query`; `address`, `topic` and `question` must stay valid until the operation begins.
template <boost::asio::completion_token_for<void(Result<Bytes>)> Token>
auto async_query(Node& node, std::string_view address, std::string_view topic, ByteView question,
                 Duration timeout, Token&& token) {
  return AsyncStart::initiate<Bytes>(std::forward<Token>(token), &AsyncStart::query, std::ref(node),
                                     address, topic, question, timeout);
}

/// As `Node::stop`: completes when the node has left the overlay.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_stop(Node& node, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::stop, std::ref(node));
}

/// As `BlockList::add`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_block(BlockList blocks, const Fingerprint& who, Duration life, Duration timeout,
                 Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::block,
                                    std::move(blocks), who, life, timeout);
}

/// As `BlockList::remove`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_unblock(BlockList blocks, const Fingerprint& who, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::unblock,
                                    std::move(blocks), who, timeout);
}

/// As `BlockList::list`.
template <boost::asio::completion_token_for<void(Result<std::vector<Blocked>>)> Token>
auto async_list(BlockList blocks, Duration timeout, Token&& token) {
  return AsyncStart::initiate<std::vector<Blocked>>(
      std::forward<Token>(token), &AsyncStart::list_blocked, std::move(blocks), timeout);
}

/// As `Contacts::issue_ticket`.
template <boost::asio::completion_token_for<void(Result<std::string>)> Token>
auto async_issue_ticket(Contacts contacts, const TicketOptions& options, Duration timeout,
                        Token&& token) {
  return AsyncStart::initiate<std::string>(std::forward<Token>(token), &AsyncStart::issue_ticket,
                                           std::move(contacts), options, timeout);
}

/// As `Contacts::redeem`; `ticket` must stay valid until the operation begins.
template <boost::asio::completion_token_for<void(Result<Uuid>)> Token>
auto async_redeem(Contacts contacts, std::string_view ticket, const RedeemOptions& options,
                  Duration timeout, Token&& token) {
  return AsyncStart::initiate<Uuid>(std::forward<Token>(token), &AsyncStart::redeem,
                                    std::move(contacts), ticket, options, timeout);
}

/// As `Contacts::tickets`.
template <boost::asio::completion_token_for<void(Result<std::vector<TicketStatus>>)> Token>
auto async_tickets(Contacts contacts, Duration timeout, Token&& token) {
  return AsyncStart::initiate<std::vector<TicketStatus>>(
      std::forward<Token>(token), &AsyncStart::tickets, std::move(contacts), timeout);
}

/// As `Contacts::revoke_ticket`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_revoke_ticket(Contacts contacts, const Fingerprint& hash, Duration timeout,
                         Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::revoke_ticket,
                                    std::move(contacts), hash, timeout);
}

/// As `Contacts::list`.
template <boost::asio::completion_token_for<void(Result<std::vector<Contact>>)> Token>
auto async_list(Contacts contacts, Duration timeout, Token&& token) {
  return AsyncStart::initiate<std::vector<Contact>>(
      std::forward<Token>(token), &AsyncStart::list_contacts, std::move(contacts), timeout);
}

/// As `Contacts::end`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_end(Contacts contacts, const Uuid& contact, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::end,
                                    std::move(contacts), contact, timeout);
}

/// As `Contacts::connect`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_connect(Contacts contacts, const Uuid& contact, Duration timeout, Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::connect,
                                    std::move(contacts), contact, timeout);
}

/// As `Contacts::send`; `payload` must stay valid until the operation begins, and is copied then.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_send(Contacts contacts, const Uuid& contact, ByteView payload, Duration timeout,
                Token&& token) {
  return AsyncStart::initiate<void>(std::forward<Token>(token), &AsyncStart::send,
                                    std::move(contacts), contact, payload, timeout);
}

}  // namespace kith
