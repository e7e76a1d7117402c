#include <kith/asio.hpp>

#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <kith/subject.hpp>

#include "overlay/asio/runtime.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
using overlay::Done;

/// Calls `handler` on its own executor, which has work until then, and outside of the node's turn.
template <class T>
Done<T> completion(ResultHandler<T> handler, asio::any_io_executor node) {
  auto work = asio::prefer(asio::get_associated_executor(handler, node),
                           asio::execution::outstanding_work.tracked);
  return [handler = std::move(handler), work = std::move(work),
          node = std::move(node)](Result<T> result) mutable {
    // It may be a ticket, and `node` may never run again.
    auto call = [handler = std::move(handler),
                 answer = overlay::make_slot<T>(std::move(result))]() mutable {
      std::move(handler)(std::move(**answer));
    };
    asio::post(node, [work = std::move(work), call = std::move(call)]() mutable {
      asio::dispatch(work, std::move(call));
    });
  };
}

}  // namespace

Node AsyncStart::node(const asio::any_io_executor& executor, NodeConfig config) {
  return Node(Node::Runtime::start(std::move(config), executor));
}

Node make_node(const asio::any_io_executor& executor, NodeConfig config) {
  return AsyncStart::node(executor, std::move(config));
}

void AsyncStart::publish(Publisher& publisher, ByteView payload, ResultHandler<void> handler) {
  const auto& state = publisher.state_;
  state->publish_later(payload, state, completion(std::move(handler), state->executor()));
}

void AsyncStart::drain(Publisher& publisher, Duration timeout, ResultHandler<void> handler) {
  const auto& state = publisher.state_;
  state->drain(state, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::wait_for_subscriber(Publisher& publisher, Duration timeout,
                                     ResultHandler<void> handler) {
  const auto& state = publisher.state_;
  state->wait_for_match(state, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::wait_for_publisher(Subscription& subscription, Duration timeout,
                                    ResultHandler<void> handler) {
  const auto& state = subscription.state_;
  Subscription::State::wait_for_match(state, timeout,
                                      completion(std::move(handler), state->driver.executor()));
}

void AsyncStart::wait_until_ready(Node& node, Duration timeout, ResultHandler<void> handler) {
  const auto& runtime = node.runtime_;
  runtime->wait_until_ready(timeout, completion(std::move(handler), runtime->driver().executor()));
}

void AsyncStart::trace(Node& node, std::string_view subject, Duration timeout,
                       ResultHandler<NodeTrace> handler) {
  const auto& runtime = node.runtime_;
  auto done = completion(std::move(handler), runtime->driver().executor());
  const auto key = subject_id(runtime->realm(), subject);
  if (!key) return done(std::unexpected(key.error()));
  runtime->trace(*key, timeout, std::move(done));
}

void AsyncStart::query(Node& node, std::string_view address, std::string_view topic,
                       ByteView question, Duration timeout, ResultHandler<Bytes> handler) {
  const auto& runtime = node.runtime_;
  runtime->query(address, topic, question, timeout,
                 completion(std::move(handler), runtime->driver().executor()));
}

void AsyncStart::block(const BlockList& blocks, const Fingerprint& who, Duration life,
                       Duration timeout, ResultHandler<void> handler) {
  const auto& state = blocks.state_;
  state->add(who, life, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::unblock(const BlockList& blocks, const Fingerprint& who, Duration timeout,
                         ResultHandler<void> handler) {
  const auto& state = blocks.state_;
  state->remove(who, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::list_blocked(const BlockList& blocks, Duration timeout,
                              ResultHandler<std::vector<Blocked>> handler) {
  const auto& state = blocks.state_;
  state->list(timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::issue_ticket(const Contacts& contacts, const TicketOptions& options,
                              Duration timeout, ResultHandler<std::string> handler) {
  const auto& state = contacts.state_;
  state->issue_ticket(options, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::redeem(const Contacts& contacts, std::string_view ticket,
                        const RedeemOptions& options, Duration timeout,
                        ResultHandler<Uuid> handler) {
  const auto& state = contacts.state_;
  state->redeem(ticket, options, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::tickets(const Contacts& contacts, Duration timeout,
                         ResultHandler<std::vector<TicketStatus>> handler) {
  const auto& state = contacts.state_;
  state->tickets(timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::revoke_ticket(const Contacts& contacts, const Fingerprint& hash, Duration timeout,
                               ResultHandler<void> handler) {
  const auto& state = contacts.state_;
  state->revoke_ticket(hash, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::list_contacts(const Contacts& contacts, Duration timeout,
                               ResultHandler<std::vector<Contact>> handler) {
  const auto& state = contacts.state_;
  state->list(timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::end(const Contacts& contacts, const Uuid& contact, Duration timeout,
                     ResultHandler<void> handler) {
  const auto& state = contacts.state_;
  state->end(contact, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::connect(const Contacts& contacts, const Uuid& contact, Duration timeout,
                         ResultHandler<void> handler) {
  const auto& state = contacts.state_;
  state->connect(contact, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::send(const Contacts& contacts, const Uuid& contact, ByteView payload,
                      Duration timeout, ResultHandler<void> handler) {
  const auto& state = contacts.state_;
  state->send(contact, payload, timeout, completion(std::move(handler), state->executor()));
}

void AsyncStart::stop(Node& node, ResultHandler<void> handler) {
  const auto& runtime = node.runtime_;
  runtime->stopped().when_set(completion(std::move(handler), runtime->driver().executor()));
  runtime->begin_stop();
}

}  // namespace kith
