#pragma once

#include <string_view>
#include <utility>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <kith/node.hpp>

namespace kith {

/// A node on your own executor: every callback runs there, one at a time.  Throws `StartError`.
///
/// It lives as long as `executor` runs.  Let `async_stop` complete before the end of its last
/// `Node`; otherwise the node leaves behind its back, as far as the executor still runs.  What
/// waits (`stop`, `publish`, `wait_for_match`, …) must not be called on the only thread of the
/// executor; the functions of this header take its place.
[[nodiscard]] Node make_node(const boost::asio::any_io_executor& executor, NodeConfig config = {});

/// What takes a result, of whatever kind it is.
template <class T>
using ResultHandler = boost::asio::any_completion_handler<void(Result<T>)>;

/// Begins what the functions below promise.  `handler` is called on its own executor, or on the
/// node's if it has none, never before these return.
struct AsyncStart {
  static Node node(const boost::asio::any_io_executor& executor, NodeConfig config);
  static void publish(Publisher& publisher, ByteView payload, ResultHandler<void> handler);
  static void drain(Publisher& publisher, Duration timeout, ResultHandler<void> handler);
  static void wait_for_match(Publisher& publisher, Duration timeout, ResultHandler<void> handler);
  static void wait_for_match(Subscription& subscription, Duration timeout,
                             ResultHandler<void> handler);
  static void wait_until_ready(Node& node, Duration timeout, ResultHandler<void> handler);
  static void trace(Node& node, std::string_view subject, Duration timeout,
                    ResultHandler<NodeTrace> handler);
  static void stop(Node& node, ResultHandler<void> handler);
};

/// As `Publisher::publish`; `payload` must stay valid until the operation begins, and is copied
/// then.  Completes when the message is accepted, in the order of the calls.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_publish(Publisher& publisher, ByteView payload, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<void>)>(
      [](auto handler, Publisher* to, ByteView message) {
        AsyncStart::publish(*to, message, std::move(handler));
      },
      token, &publisher, payload);
}

/// As `Publisher::drain`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_drain(Publisher& publisher, Duration timeout, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<void>)>(
      [](auto handler, Publisher* of, Duration time) {
        AsyncStart::drain(*of, time, std::move(handler));
      },
      token, &publisher, timeout);
}

/// As `wait_for_match` of a `Publisher` or a `Subscription`.
template <class Side, boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_wait_for_match(Side& side, Duration timeout, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<void>)>(
      [](auto handler, Side* of, Duration time) {
        AsyncStart::wait_for_match(*of, time, std::move(handler));
      },
      token, &side, timeout);
}

/// As `Node::wait_until_ready`.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_wait_until_ready(Node& node, Duration timeout, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<void>)>(
      [](auto handler, Node* of, Duration time) {
        AsyncStart::wait_until_ready(*of, time, std::move(handler));
      },
      token, &node, timeout);
}

/// As `Node::trace`; `subject` must stay valid until the operation begins.
template <boost::asio::completion_token_for<void(Result<NodeTrace>)> Token>
auto async_trace(Node& node, std::string_view subject, Duration timeout, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<NodeTrace>)>(
      [](auto handler, Node* of, std::string_view name, Duration time) {
        AsyncStart::trace(*of, name, time, std::move(handler));
      },
      token, &node, subject, timeout);
}

/// As `Node::stop`: completes when the node has left the overlay.
template <boost::asio::completion_token_for<void(Result<void>)> Token>
auto async_stop(Node& node, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<void>)>(
      [](auto handler, Node* of) { AsyncStart::stop(*of, std::move(handler)); }, token, &node);
}

}  // namespace kith
